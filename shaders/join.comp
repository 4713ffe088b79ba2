// One output plane whose four lanes are channels of several tensors, for concatenations of channel
// counts that are no multiples of 4: lane i is a channel of binding i. The tensors are plain and of
// one size.
// Tile: one pixel per invocation. Grid: flat x and z: pixels.
// variants: texel texel_half storage storage_half storage_widen storage_narrow
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/abi.h"
#include "shaders/lib/grid.glsl"
#include "shaders/lib/tensor.glsl"

layout(local_size_x_id = 0) in;

TENSOR_IN(0, source_0)
TENSOR_IN(1, source_1)
TENSOR_IN(2, source_2)
TENSOR_IN(3, source_3)
TENSOR_OUT(4, result)
layout(push_constant) uniform Push { JoinPush push; };

void main() {
  const int texel = flat_invocation();
  if (texel >= push.texels) return;
  vec4 value;
  value.x = load4(source_0, push.channel_0 / 4 * push.texels + texel)[push.channel_0 % 4];
  value.y = load4(source_1, push.channel_1 / 4 * push.texels + texel)[push.channel_1 % 4];
  value.z = load4(source_2, push.channel_2 / 4 * push.texels + texel)[push.channel_2 % 4];
  value.w = load4(source_3, push.channel_3 / 4 * push.texels + texel)[push.channel_3 % 4];
  store4(result, push.out_lead + texel, value);
}
