// Depthwise 2-D convolution (every channel has its own kernel); any kernel, stride and dilation.
// Tile: 2 rows x 4 columns x 4 channels per invocation; every input row is fetched once into a
// register window and serves both output rows.
// Grid: flat x and z: tiles of the output grid; y: output planes from first_plane.
// variants: texel texel_half storage storage_half storage_widen storage_narrow
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "shaders/abi.h"
#include "shaders/lib/push.glsl"
#include "shaders/lib/tensor.glsl"

layout(local_size_x_id = 0) in;
CONV_CONSTANTS(CONSTANT)

#include "shaders/lib/grid.glsl"
#include "shaders/lib/source.glsl"
TABLE_IN(2, weights)  // [plane][ky][kx] vec4 of channels
TABLE_IN(3, bias)
TENSOR_OUT(4, result)
PUSH(ConvPush)

const int TILE_X = 4;
const int TILE_Y = 2;
const int WINDOW_X = (TILE_X - 1) * STRIDE_X + (KERNEL_X - 1) * DILATION_X + 1;
const int WINDOW_Y = (TILE_Y - 1) * STRIDE_Y + (KERNEL_Y - 1) * DILATION_Y + 1;

int columns[WINDOW_X];
bool columns_inside[WINDOW_X];
vec4 sums[TILE_Y * TILE_X];

// The tap by which output row `tile_row` reads window row j; -1: by none.
int tap_of(int j, int tile_row) {
  int distance = j - tile_row * STRIDE_Y;
  bool used = distance >= 0 && distance % DILATION_Y == 0 && distance / DILATION_Y < KERNEL_Y;
  return used ? distance / DILATION_Y : -1;
}

void add_row(SourceNorm norm, int plane, int first_y, int j) {
  if (tap_of(j, 0) < 0 && tap_of(j, 1) < 0) return;
  bool inside_y;
  int row = view_coordinate(PAD, UPSAMPLE, first_y * STRIDE_Y + j - push.view.offset_y,
                            push.view.height, inside_y);
  int base = plane * push.view.plane_stride + row * push.view.row_stride;
  vec4 window[WINDOW_X];
  [[unroll]] for (int i = 0; i < WINDOW_X; ++i) {
    window[i] = source_texel(push.view, norm, base + columns[i], inside_y && columns_inside[i]);
  }
  [[unroll]] for (int tile_row = 0; tile_row < TILE_Y; ++tile_row) {
    int tap_y = tap_of(j, tile_row);
    if (tap_y < 0) continue;
    int word = (plane * KERNEL_Y + tap_y) * KERNEL_X;
    [[unroll]] for (int tap_x = 0; tap_x < KERNEL_X; ++tap_x) {
      vec4 weight = table4(weights, word + tap_x);
      [[unroll]] for (int i = 0; i < TILE_X; ++i) {
        sums[tile_row * TILE_X + i] += weight * window[i * STRIDE_X + tap_x * DILATION_X];
      }
    }
  }
}

void main() {
  read_push();
  const int tiles_x = (push.out_width + TILE_X - 1) / TILE_X;
  const int tile = flat_invocation();
  const int tile_y = quotient(tile, tiles_x);
  const int first_y = tile_y * TILE_Y;
  const int first_x = (tile - tile_y * tiles_x) * TILE_X;
  if (first_y >= push.out_height) return;
  const int local_plane = int(gl_WorkGroupID.y);
  const int plane = push.first_plane + local_plane;

  [[unroll]] for (int i = 0; i < WINDOW_X; ++i) {
    int x = first_x * STRIDE_X + i - push.view.offset_x;
    columns[i] = view_coordinate(PAD, UPSAMPLE, x, push.view.width, columns_inside[i]) *
                 push.view.column_stride;
  }
  const vec4 start = BIAS != 0 ? table4(bias, plane) : vec4(0.0);
  [[unroll]] for (int i = 0; i < TILE_Y * TILE_X; ++i) sums[i] = start;

  const SourceNorm norm = source_norm(plane);
  if (KERNEL_Y * KERNEL_X <= 49) {
    [[unroll]] for (int j = 0; j < WINDOW_Y; ++j) add_row(norm, plane, first_y, j);
  } else {
    [[dont_unroll]] for (int j = 0; j < WINDOW_Y; ++j) add_row(norm, plane, first_y, j);
  }

  [[unroll]] for (int j = 0; j < TILE_Y; ++j) {
    [[unroll]] for (int i = 0; i < TILE_X; ++i) {
      int y = first_y + j;
      int x = first_x + i;
      if (y < push.out_height && x < push.out_width) {
        vec4 value = activate(OUT_ACTIVATION, sums[j * TILE_X + i], push.a, push.b, vec4(0.0));
        store4(result,
               local_plane * push.out_plane_stride +
                   (y * push.out_step + push.out_offset_y) * push.out_row_stride +
                   x * push.out_step + push.out_offset_x,
               value);
      }
    }
  }
}
