// The maximum of every channel of a view, as a tensor of one pixel.
// Tile: one plane per workgroup; each lane a comb of its pixels, then the lanes by number.
// Grid: x: planes.
// variants: texel texel_half storage storage_half storage_widen storage_narrow
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/abi.h"
#include "shaders/lib/tensor.glsl"

layout(local_size_x_id = 0) in;
GLOBAL_MAX_CONSTANTS(CONSTANT)

#include "shaders/lib/source.glsl"
TENSOR_OUT(2, result)
layout(push_constant) uniform Push { GlobalMaxPush push; };

shared vec4 maxima[gl_WorkGroupSize.x];

void main() {
  const int plane = int(gl_WorkGroupID.x);
  const int lane = int(gl_LocalInvocationID.x);
  const SourceNorm norm = source_norm(plane);
  vec4 maximum = source_value(push.view, norm, plane, 0, 0);
  for (int i = lane; i < push.height * push.width; i += int(gl_WorkGroupSize.x)) {
    int y = i / push.width;
    maximum = max(maximum, source_value(push.view, norm, plane, y, i - y * push.width));
  }
  maxima[lane] = maximum;
  barrier();
  if (lane > 0) return;
  for (int i = 1; i < int(gl_WorkGroupSize.x); ++i) maximum = max(maximum, maxima[i]);
  store4(result, plane, maximum);
}
