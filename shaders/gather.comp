// Moves values without computing: slices, concatenation (one pass per input, into its part of the
// result), depth to space and space to depth. A lane's source channel follows from its output
// channel alone, so no channel count needs to be a multiple of 4 and every texel is written once.
// Tile: one pixel x 4 channels per invocation.
// Grid: flat x and z: pixels of the part; y: output planes from first_plane.
// variants: texel texel_half storage storage_half storage_widen storage_narrow
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "shaders/abi.h"
#include "shaders/lib/push.glsl"
#include "shaders/lib/tensor.glsl"

layout(local_size_x_id = 0) in;
GATHER_CONSTANTS(CONSTANT)

#include "shaders/lib/grid.glsl"
#include "shaders/lib/source.glsl"
TENSOR_OUT(2, result)
PUSH(GatherPush)

vec4 texel_of(int plane, int y, int x) {
  return source_value(push.view, source_norm(plane), plane, y, x);
}

float element(int channel, int y, int x) {
  return texel_of(channel / 4, y, x)[channel % 4];
}

// Channels `from` of one pixel: often of one plane, which is then read once.
vec4 affine(ivec4 from, int y, int x) {
  vec4 value;
  int plane = -1;
  vec4 texel = vec4(0.0);
  for (int lane = 0; lane < 4; ++lane) {
    if (from[lane] / 4 != plane) {
      plane = from[lane] / 4;
      texel = texel_of(plane, y, x);
    }
    value[lane] = texel[from[lane] % 4];
  }
  return value;
}

void main() {
  read_push();
  const int index = flat_invocation();
  const int y = quotient(index, push.width);
  const int x = index - y * push.width;
  if (y >= push.height) return;
  const int local_plane = int(gl_WorkGroupID.y);
  const int plane = PLANE >= 0 ? PLANE : push.first_plane + local_plane;
  const ivec4 channel = plane * 4 + ivec4(0, 1, 2, 3);

  vec4 value;
  if (MODE == GATHER_AFFINE) {
    // Lanes past the result's last channel read something finite.
    const ivec4 from =
        clamp(push.channel_begin + channel * push.channel_step, 0, IN_CHANNELS - 1);
    value = affine(from, push.begin_y + y * push.step_y, push.begin_x + x * push.step_x);
  } else {
    const int cells = BLOCK * BLOCK;
    const int cell = y % BLOCK * BLOCK + x % BLOCK;  // depth to space: of this pixel
    [[unroll]] for (int lane = 0; lane < 4; ++lane) {
      // Past the last channel something finite is read.
      if (MODE == GATHER_SPACE_TO_DEPTH) {
        const int from = min(channel[lane], cells * IN_CHANNELS - 1);
        const int part = from / IN_CHANNELS;
        value[lane] = element(from - part * IN_CHANNELS, y * BLOCK + part / BLOCK,
                              x * BLOCK + part % BLOCK);
      } else if (MODE == GATHER_DEPTH_TO_SPACE) {
        const int count = IN_CHANNELS / cells;
        value[lane] = element(min(channel[lane], count - 1) + cell * count, y / BLOCK, x / BLOCK);
      } else if (cells % 4 == 0) {
        // The plane follows from the channel alone where a pixel's cells fill planes.
        const int from_plane = min(channel[lane], IN_CHANNELS / cells - 1) * (cells / 4);
        const int plane_of_cell = cells == 4 ? from_plane : from_plane + cell / 4;
        value[lane] = texel_of(plane_of_cell, y / BLOCK, x / BLOCK)[cell % 4];
      } else {
        const int from = min(channel[lane], IN_CHANNELS / cells - 1) * cells + cell;
        value[lane] = element(from, y / BLOCK, x / BLOCK);
      }
    }
  }
  store4(result,
         push.out_lead + local_plane * push.out_plane_stride + (y + push.out_offset_y) * push.out_row_stride +
             x + push.out_offset_x,
         value);
}
