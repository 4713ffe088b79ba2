// The means of a norm table as a tensor of one pixel: the last step of a global average.
// Tile: one plane per invocation. Grid: x: planes.
// variants: texel texel_half storage storage_half
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/abi.h"
#include "shaders/lib/tensor.glsl"

layout(local_size_x_id = 0) in;

TABLE_IN(0, table)
TENSOR_OUT(1, result)
layout(push_constant) uniform Push { TableMeanPush push; };

void main() {
  const int plane = int(gl_GlobalInvocationID.x);
  if (plane >= push.planes) return;
  store4(result, plane,
         table4(table, plane * NORM_TABLE_WORDS) + table4(table, plane * NORM_TABLE_WORDS + 1));
}
