// Moves values without computing: slices, concatenation (one pass per input, into its part of the
// result), depth to space and space to depth. A lane's source channel follows from its output
// channel alone, so no channel count needs to be a multiple of 4 and every texel is written once.
// Tile: one pixel x 4 channels per invocation.
// Grid: flat x and z: pixels of the part; y: output planes from first_plane.
// variants: texel texel_half storage storage_half
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/abi.h"
#include "shaders/lib/tensor.glsl"

layout(local_size_x_id = 0) in;
GATHER_CONSTANTS(CONSTANT)

#include "shaders/lib/grid.glsl"
#include "shaders/lib/source.glsl"
TENSOR_OUT(2, result)
layout(push_constant) uniform Push { GatherPush push; };

void main() {
  const int index = flat_invocation();
  const int y = index / push.width;
  const int x = index - y * push.width;
  if (y >= push.height) return;
  const int local_plane = int(gl_WorkGroupID.y);
  const ivec4 channel = (push.first_plane + local_plane) * 4 + ivec4(0, 1, 2, 3);

  ivec4 from;
  ivec4 from_y = ivec4(y);
  ivec4 from_x = ivec4(x);
  if (MODE == GATHER_AFFINE) {
    from = push.channel_begin + channel * push.channel_step;
    from_y = ivec4(push.begin_y + y * push.step_y);
    from_x = ivec4(push.begin_x + x * push.step_x);
  } else if (MODE == GATHER_SPACE_TO_DEPTH) {
    ivec4 cell = channel / push.in_channels;
    from = channel - cell * push.in_channels;
    from_y = y * push.block + cell / push.block;
    from_x = x * push.block + cell % push.block;
  } else {
    int cell = y % push.block * push.block + x % push.block;
    int cells = push.block * push.block;
    from = MODE == GATHER_DEPTH_TO_SPACE_CRD ? channel * cells + cell
                                             : channel + cell * (push.in_channels / cells);
    from_y = ivec4(y / push.block);
    from_x = ivec4(x / push.block);
  }
  // Lanes past the result's last channel read something finite.
  from = clamp(from, 0, push.in_channels - 1);

  vec4 value;
  int plane = -1;
  vec4 texel = vec4(0.0);
  for (int lane = 0; lane < 4; ++lane) {
    bool moved = lane > 0 && (from_y[lane] != from_y[lane - 1] || from_x[lane] != from_x[lane - 1]);
    if (from[lane] / 4 != plane || moved) {
      plane = from[lane] / 4;
      texel = source_value(push.view, source_norm(plane), plane, from_y[lane], from_x[lane]);
    }
    value[lane] = texel[from[lane] % 4];
  }
  store4(result,
         push.out_lead + local_plane * push.out_plane_stride + (y + push.out_offset_y) * push.out_row_stride +
             x + push.out_offset_x,
         value);
}
