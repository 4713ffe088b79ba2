// Dense 2-D convolution without shared memory: a lane holds 4 output channels x (2 rows x 4 columns)
// of sums; the lanes of a subgroup fetch different words of the weights and spread them with
// shuffles from constant lanes; input texels are fetched once per lane into a register window.
// Made for drivers where a texel fetch and a constant-lane shuffle are cheap and uniform loads are
// not (software rasterizers). Needs a workgroup of exactly one subgroup; strides 1 and 2, kernels up
// to 9 x 9, no dilation, one group.
// Grid: x: tiles of the flattened tile grid, workgroup-width of them each; y: output planes.
// variants: texel texel_half storage storage_half
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#include "shaders/abi.h"
#include "shaders/lib/tensor.glsl"
#include "shaders/lib/activation.glsl"
#include "shaders/lib/view.glsl"

layout(local_size_x_id = 0) in;
CONV_CONSTANTS(CONSTANT)  // LANES: the workgroup's width again; drivers fold it where the built-in stays a variable

TENSOR_IN(0, source)
TABLE_IN(1, source_table)
TABLE_IN(2, weights)  // [out plane][in plane][ky][kx][in lane] vec4 of out lanes
TABLE_IN(3, bias)
TENSOR_OUT(4, result)
TABLE_OUT(5, partials)
layout(push_constant) uniform Push { ConvPush push; };

const int TILE_X = 4;
const int TILE_Y = 2;
const int TAPS = KERNEL_Y * KERNEL_X;
// Kernel rows whose taps share one register window: all of a small kernel, one of a large one.
const int BLOCK_Y = KERNEL_Y <= 3 ? KERNEL_Y : 1;
const int WINDOW_X = (TILE_X - 1) * STRIDE_X + KERNEL_X;
const int WINDOW_Y = BLOCK_Y == 1 ? TILE_Y : (TILE_Y - 1) * STRIDE_Y + BLOCK_Y;
const int ROW_STEP = BLOCK_Y == 1 ? STRIDE_Y : 1;
const int BLOCK_WORDS = BLOCK_Y * KERNEL_X * 4;

// Sum over the lanes in lane order: constant-lane shuffles cost less than subgroupAdd where they are
// register moves, and the order is the same on every device.
vec4 sum_over_lanes(vec4 value) {
  vec4 sum = subgroupShuffle(value, 0u);
  [[unroll]] for (int lane = 1; lane < LANES; ++lane) sum += subgroupShuffle(value, uint(lane));
  return sum;
}

void main() {
  const int lane = int(gl_SubgroupInvocationID);
  const int tiles_x = (push.out_width + TILE_X - 1) / TILE_X;
  const int tile_count = tiles_x * ((push.out_height + TILE_Y - 1) / TILE_Y);
  const int own_tile = int(gl_WorkGroupID.x) * LANES + lane;
  const int tile = min(own_tile, tile_count - 1);
  const int tile_y = tile / tiles_x;
  const int first_y = tile_y * TILE_Y;
  const int first_x = (tile - tile_y * tiles_x) * TILE_X;
  const int local_plane = int(gl_WorkGroupID.y);
  const int out_plane = push.first_plane + local_plane;

  int columns[WINDOW_X];
  bool columns_inside[WINDOW_X];
  [[unroll]] for (int i = 0; i < WINDOW_X; ++i) {
    int x = first_x * STRIDE_X + i - push.view.offset_x;
    columns[i] = view_coordinate(PAD, UPSAMPLE, x, push.view.width, columns_inside[i]) *
                 push.view.column_stride;
  }

  vec4 sums[TILE_Y * TILE_X];
  [[unroll]] for (int i = 0; i < TILE_Y * TILE_X; ++i) sums[i] = vec4(0.0);

  for (int plane = 0; plane < push.in_planes; ++plane) {
    vec4 mean_high, mean_low, scale, beta;
    if (NORM != 0) {
      mean_high = table4(source_table, plane * NORM_TABLE_WORDS);
      mean_low = table4(source_table, plane * NORM_TABLE_WORDS + 1);
      scale = table4(source_table, plane * NORM_TABLE_WORDS + 2);
      beta = table4(source_table, plane * NORM_TABLE_WORDS + 3);
    }
    int word = (out_plane * push.in_planes + plane) * TAPS * 4;
    for (int block_y = 0; block_y < KERNEL_Y; block_y += BLOCK_Y) {
      vec4 own_weights[(BLOCK_WORDS + 3) / 4];
      [[unroll]] for (int i = 0; i * LANES < BLOCK_WORDS; ++i) {
        own_weights[i] = table4(weights, word + min(i * LANES + lane, BLOCK_WORDS - 1));
      }
      word += BLOCK_WORDS;

      vec4 window[WINDOW_Y * WINDOW_X];
      [[unroll]] for (int j = 0; j < WINDOW_Y; ++j) {
        bool inside_y;
        int y = first_y * STRIDE_Y + block_y + j * ROW_STEP - push.view.offset_y;
        int row = view_coordinate(PAD, UPSAMPLE, y, push.view.height, inside_y);
        int base = plane * push.view.plane_stride + row * push.view.row_stride;
        [[unroll]] for (int i = 0; i < WINDOW_X; ++i) {
          vec4 value = load4(source, base + columns[i]);
          if (NORM != 0) value = normalize_value(value, mean_high, mean_low, scale, beta);
          value = activate(ACTIVATION, value, push.view.a, push.view.b, vec4(0.0));
          if (PAD == PAD_CONSTANT && !(inside_y && columns_inside[i])) {
            value = vec4(push.view.pad_value);
          }
          window[j * WINDOW_X + i] = value;
        }
      }

      [[unroll]] for (int tap_y = 0; tap_y < BLOCK_Y; ++tap_y) {
        [[unroll]] for (int tap_x = 0; tap_x < KERNEL_X; ++tap_x) {
          [[unroll]] for (int channel = 0; channel < IN_COUNT; ++channel) {
            int index = (tap_y * KERNEL_X + tap_x) * 4 + channel;
            vec4 weight = subgroupShuffle(own_weights[index / LANES], uint(index % LANES));
            [[unroll]] for (int j = 0; j < TILE_Y; ++j) {
              [[unroll]] for (int i = 0; i < TILE_X; ++i) {
                int row = BLOCK_Y == 1 ? j : j * STRIDE_Y + tap_y;
                sums[j * TILE_X + i] +=
                    weight * window[row * WINDOW_X + i * STRIDE_X + tap_x][channel];
              }
            }
          }
        }
      }
    }
  }

  if (BIAS != 0) {
    vec4 offset = table4(bias, out_plane);
    [[unroll]] for (int i = 0; i < TILE_Y * TILE_X; ++i) sums[i] += offset;
  }
  [[unroll]] for (int i = 0; i < TILE_Y * TILE_X; ++i) {
    sums[i] = activate(OUT_ACTIVATION, sums[i], push.a, push.b, vec4(0.0));
  }

  const bool tile_valid = own_tile < tile_count;
  [[unroll]] for (int j = 0; j < TILE_Y; ++j) {
    [[unroll]] for (int i = 0; i < TILE_X; ++i) {
      int y = first_y + j;
      int x = first_x + i;
      if (tile_valid && y < push.out_height && x < push.out_width) {
        int texel = local_plane * push.out_plane_stride +
                    (y * push.out_step + push.out_offset_y) * push.out_row_stride +
                    x * push.out_step + push.out_offset_x;
        store4(result, texel, sums[j * TILE_X + i]);
      }
    }
  }

  if (STATISTICS != 0) {
    const vec4 pilot = subgroupShuffle(sums[0], 0u);
    vec4 difference_sum = vec4(0.0);
    float own_count = 0.0;
    bool valid[TILE_Y * TILE_X];
    [[unroll]] for (int i = 0; i < TILE_Y * TILE_X; ++i) {
      valid[i] = tile_valid && first_y + i / TILE_X < push.out_height &&
                 first_x + i % TILE_X < push.out_width;
      difference_sum += valid[i] ? sums[i] - pilot : vec4(0.0);
      own_count += valid[i] ? 1.0 : 0.0;
    }
    const float count = sum_over_lanes(vec4(own_count)).x;
    const vec4 shift = sum_over_lanes(difference_sum) / count;
    vec4 square_sum = vec4(0.0);
    [[unroll]] for (int i = 0; i < TILE_Y * TILE_X; ++i) {
      vec4 centred = (sums[i] - pilot) - shift;
      square_sum += valid[i] ? centred * centred : vec4(0.0);
    }
    square_sum = sum_over_lanes(square_sum);
    if (lane == 0) {
      int record = (out_plane * push.tile_stride + push.tile_first + int(gl_WorkGroupID.x)) *
                   PARTIAL_WORDS;
      precise vec4 high = pilot + shift;
      precise vec4 part = high - pilot;
      precise vec4 low = (pilot - (high - part)) + (shift - part);
      partials.data[record] = high;
      partials.data[record + 1] = low;
      partials.data[record + 2] = square_sum;
      partials.data[record + 3] = vec4(count);
    }
  }
}
