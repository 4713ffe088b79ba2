// Second pass of conv_winograd: per frequency a matrix product over the input channels. An invocation
// holds OUT_PLANES planes of 4 output channels x TILES tiles; the lanes of a subgroup fetch
// different words of the filters and spread them with shuffles from constant lanes. Few fetches and
// long runs of products between them: see conv_shuffle.comp. Needs a workgroup of exactly one
// subgroup.
// Grid: flat x and z: groups of LANES * TILES tiles; y: frequencies x blocks of OUT_PLANES planes.
// variants: texel storage
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#include "shaders/abi.h"
#include "shaders/lib/push.glsl"
#include "shaders/lib/tensor.glsl"

layout(local_size_x_id = 0) in;
WINOGRAD_MULTIPLY_CONSTANTS(CONSTANT)

#include "shaders/lib/grid.glsl"
#include "shaders/lib/winograd.glsl"
TABLE_IN(0, inputs)   // [input frequency][in plane][tile]
TABLE_IN(1, filters)  // [frequency][block][in plane][out plane of the block][in lane] vec4 of out lanes
TABLE_OUT(2, products)  // [frequency][out plane][tile]
PUSH(WinogradMultiplyPush)

const int WORDS = OUT_PLANES * 4;
const int FETCHES = (WORDS + LANES - 1) / LANES;

vec4 sums[OUT_PLANES * TILES];

void main() {
  read_push();
  const int lane = int(gl_SubgroupInvocationID);
  const int first_tile = flat_group() * LANES * TILES + lane;
  if (first_tile - lane >= push.tile_pitch) return;
  const int blocks = (push.out_planes + OUT_PLANES - 1) / OUT_PLANES;
  const int frequency = int(gl_WorkGroupID.y) / blocks;
  const int block = int(gl_WorkGroupID.y) - frequency * blocks;
  const int frequency_y = frequency / PRODUCTS;
  const int input_frequency =
      input_of(frequency_y) * INPUTS + input_of(frequency - frequency_y * PRODUCTS);

  [[unroll]] for (int i = 0; i < OUT_PLANES * TILES; ++i) sums[i] = vec4(0.0);
  int texel = input_frequency * push.in_planes * push.tile_pitch + first_tile;
  int word = int(gl_WorkGroupID.y) * push.in_planes * WORDS;
  // do-while: lavapipe runs the body of other loops once more, masked.
  int plane = 0;
  do {
    vec4 values[TILES];
    [[unroll]] for (int t = 0; t < TILES; ++t) values[t] = table4(inputs, texel + t * LANES);
    // Four products first, then their sum to the others: sums of few products round less.
    vec4 own[FETCHES];
    [[unroll]] for (int fetch = 0; fetch < FETCHES; ++fetch) {
      own[fetch] = table4(filters, word + min(fetch * LANES + lane, WORDS - 1));
    }
    [[unroll]] for (int o = 0; o < OUT_PLANES; ++o) {
      vec4 weights[4];
      [[unroll]] for (int i = 0; i < 4; ++i) {
        const int index = o * 4 + i;
        weights[i] = subgroupShuffle(own[index / LANES], uint(index % LANES));
      }
      [[unroll]] for (int t = 0; t < TILES; ++t) {
        sums[o * TILES + t] += weights[0] * values[t].x + weights[1] * values[t].y +
                               weights[2] * values[t].z + weights[3] * values[t].w;
      }
    }
    texel += push.tile_pitch;
    word += WORDS;
  } while (++plane < push.in_planes);
  [[unroll]] for (int o = 0; o < OUT_PLANES; ++o) {
    const int plane = block * OUT_PLANES + o;
    if (plane < push.out_planes) {
      const int base = (frequency * push.out_planes + plane) * push.tile_pitch + first_tile;
      [[unroll]] for (int t = 0; t < TILES; ++t) {
        products.data[base + t * LANES] = sums[o * TILES + t];
      }
    }
  }
}
