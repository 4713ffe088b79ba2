// First of three passes of a 3x3, stride 1 convolution by lib/winograd.glsl: tiles of the view, which
// overlap by two rows and columns, become sums that only need one product per frequency and pair
// of channels.
// Tile: TILE_SIDE + 2 pixels high and wide of one plane per invocation.
// Grid: flat x and z: tiles of the run; y: planes.
// variants: texel texel_half storage storage_half
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "shaders/abi.h"
#include "shaders/lib/push.glsl"
#include "shaders/lib/tensor.glsl"

layout(local_size_x_id = 0) in;
WINOGRAD_INPUT_CONSTANTS(CONSTANT)

#include "shaders/lib/grid.glsl"
#include "shaders/lib/source.glsl"
#include "shaders/lib/winograd.glsl"
WIDE_TABLE_OUT(2, sums)  // [frequency y][frequency x][plane][tile]
PUSH(WinogradInputPush)

// View coordinate, before the border, of input `i` of the tile that begins at `first`.
int input_coordinate(int first, int i) {
  return first + (DOUBLED != 0 ? max(2 * i - 1, 0) : i);
}

vec4 values[MOST * MOST];

void main() {
  read_push();
  const int local_tile = flat_invocation();
  if (local_tile >= push.tile_pitch) return;
  const int tile = min(push.first_tile + local_tile, push.last_tile);
  const int plane = int(gl_WorkGroupID.y);
  const int tile_y = quotient(tile, push.tiles_x);
  const int first_y = tile_y * TILE_SIDE - push.view.offset_y;
  const int first_x = (tile - tile_y * push.tiles_x) * TILE_SIDE - push.view.offset_x;
  const SourceNorm norm = source_norm(plane);

  int columns[MOST];
  bool columns_inside[MOST];
  [[unroll]] for (int i = 0; i < INPUTS; ++i) {
    columns[i] = view_coordinate(PAD, UPSAMPLE, input_coordinate(first_x, i), push.view.width,
                                 columns_inside[i]);
  }
  [[unroll]] for (int j = 0; j < INPUTS; ++j) {
    bool inside;
    const int row =
        view_coordinate(PAD, UPSAMPLE, input_coordinate(first_y, j), push.view.height, inside);
    const int base = plane * push.view.plane_stride + row * push.view.row_stride;
    vec4 line[MOST];
    [[unroll]] for (int i = 0; i < INPUTS; ++i) {
      line[i] = source_texel(push.view, norm, base + columns[i], inside && columns_inside[i]);
    }
    transform_input(line);
    [[unroll]] for (int i = 0; i < INPUTS; ++i) values[j * INPUTS + i] = line[i];
  }
  const int frequency_stride = push.in_planes * push.tile_pitch;
  const int base = plane * push.tile_pitch + local_tile;
  [[unroll]] for (int i = 0; i < INPUTS; ++i) {
    vec4 line[MOST];
    [[unroll]] for (int j = 0; j < INPUTS; ++j) line[j] = values[j * INPUTS + i];
    transform_input(line);
    [[unroll]] for (int j = 0; j < INPUTS; ++j) {
      store_wide(sums, base + (j * INPUTS + i) * frequency_stride, line[j]);
    }
  }
}
