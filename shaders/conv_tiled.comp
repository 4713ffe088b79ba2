// Dense 2-D convolution through shared memory, for devices with real shared memory and many lanes.
// A workgroup computes BLOCK_OUT output channels of a TILE_Y x TILE_X tile. Per step it loads the
// halo patch of four input channels (norm, activation, upsampling and padding happen there, 1.3
// times per value instead of once per tap) and their weights, then adds up. slot = lane /
// PIXEL_LANES owns LANE_OUT channels; a lane of it owns LANE_PIXELS pixels below each other, so that
// consecutive lanes read consecutive 16-byte words of a patch row (stride 2 keeps even and odd
// columns in two halves) and a window of rows in registers serves WINDOW_TAPS taps of a kernel
// column. Weight reads are the same for every lane of a slot.
// Any kernel, stride and dilation; one group. A step is STEP_COLUMNS kernel columns of a plane. With
// PREFETCH the loads of a step are on their way while the step before is added up, into a second
// buffer. PATCH_SHARED and WEIGHTS_SHARED 0 read from memory instead. Needs full subgroups whose size
// divides PIXEL_LANES, but not with SHARED.
// Grid: flat x and z: tiles; y: blocks of output channels from first_plane.
// variants: texel texel_half storage storage_half storage_widen storage_narrow texel_shared texel_half_shared storage_shared storage_half_shared storage_widen_shared storage_narrow_shared
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#ifndef SHARED
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#endif
#include "shaders/abi.h"
#include "shaders/lib/tensor.glsl"

layout(local_size_x_id = 0) in;
TILED_CONSTANTS(CONSTANT)

#include "shaders/lib/grid.glsl"
#include "shaders/lib/source.glsl"
#include "shaders/lib/statistics.glsl"
TABLE_IN(2, weights)  // [out plane][in plane][ky][kx][in lane] vec4 of out lanes
TABLE_IN(3, bias)
TENSOR_OUT(4, result)
TABLE_OUT(5, partials)
layout(push_constant) uniform Push { ConvPush push; };

const int PIXEL_LANES = TILE_Y * TILE_X / LANE_PIXELS;
const int LANE_PLANES = LANE_OUT / 4;
const int BLOCK_PLANES = BLOCK_OUT / 4;
const int TAPS = KERNEL_Y * KERNEL_X;
const int PATCH_Y = (TILE_Y - 1) * STRIDE_Y + (KERNEL_Y - 1) * DILATION_Y + 1;
const int PATCH_X = (TILE_X - 1) * STRIDE_X + (KERNEL_X - 1) * DILATION_X + 1;
const int HALF_PITCH = (PATCH_X + 1) / 2;
const int PITCH = STRIDE_X == 2 ? 2 * HALF_PITCH : PATCH_X;
const int PATCH_TEXELS = PATCH_Y * PATCH_X;
const int PATCH_WORDS = PITCH * PATCH_Y;
const int PLANE_STEPS = KERNEL_X / STEP_COLUMNS;
const int STEP_TAPS = KERNEL_Y * STEP_COLUMNS;
const int WEIGHT_WORDS = STEP_TAPS * 4 * BLOCK_PLANES;
const int WINDOW_ROWS = (LANE_PIXELS - 1) * STRIDE_Y + (WINDOW_TAPS - 1) * DILATION_Y + 1;
const int BUFFERS = PREFETCH != 0 ? 2 : 1;
// The patch is also where the epilogue adds its lanes up.
const int PATCH_SIZE = PATCH_SHARED != 0 ? BUFFERS * PATCH_WORDS : 1;
const int SUM_SIZE = STATISTICS != 0 ? LANES : 1;
// Words that a lane has on their way.
const int PATCH_LOADS = PREFETCH != 0 ? (PATCH_TEXELS + LANES - 1) / LANES : 1;
const int WEIGHT_LOADS = PREFETCH != 0 ? (WEIGHT_WORDS + LANES - 1) / LANES : 1;

shared vec4 pixels[PATCH_SIZE > SUM_SIZE ? PATCH_SIZE : SUM_SIZE];
shared vec4 kernel[WEIGHTS_SHARED != 0 ? BUFFERS * WEIGHT_WORDS : 1];

int patch_column(int x) {
  return STRIDE_X == 2 ? (x & 1) * HALF_PITCH + (x >> 1) : x;
}

// Where texel i of a patch lies in shared memory.
int patch_word(int i) {
  const int y = i / PATCH_X;
  return y * PITCH + patch_column(i - y * PATCH_X);
}

// Where texel i of the patch that begins at (first_y, first_x) of the view lies in the tensor.
int patch_texel(int plane, int first_y, int first_x, int i, out bool inside) {
  const int y = i / PATCH_X;
  return source_place(push.view, plane, first_y + y, first_x + i - y * PATCH_X, inside);
}

// Weight words in memory of tap 0 of a plane pair.
int weight_word(int out_plane, int plane, int last_out_plane) {
  return (min(out_plane, last_out_plane) * push.in_planes + plane) * TAPS * 4;
}

// Where word i of a step's weights, [block plane][column][row][in lane], lies in memory.
int step_weight(int plane, int first_column, int block_plane, int last_plane, int i) {
  const int block = i / (STEP_TAPS * 4);
  const int tap = (i - block * STEP_TAPS * 4) / 4;
  const int column = tap / KERNEL_Y;
  return weight_word(block_plane + block, plane, last_plane) +
         ((tap - column * KERNEL_Y) * KERNEL_X + first_column + column) * 4 + i % 4;
}

// Sum over the lanes of a slot, the same in all of them.
vec4 slot_sum(vec4 value, int lane) {
  const int slot = lane / PIXEL_LANES;
#ifdef SHARED
  const int count = PIXEL_LANES;
  pixels[lane] = value;
#else
  const int count = PIXEL_LANES / int(gl_SubgroupSize);
  vec4 part = subgroupAdd(value);
  if (subgroupElect()) pixels[gl_SubgroupID] = part;
#endif
  barrier();
  vec4 sum = vec4(0.0);
  for (int i = 0; i < count; ++i) sum += pixels[slot * count + i];
  barrier();
  return sum;
}

void main() {
#ifdef SHARED
  const int lane = int(gl_LocalInvocationID.x);
#else
  const int lane = int(gl_SubgroupID * gl_SubgroupSize + gl_SubgroupInvocationID);
#endif
  const int slot = lane / PIXEL_LANES;
  const int pixel_lane = lane - slot * PIXEL_LANES;
  const int tiles_x = (push.out_width + TILE_X - 1) / TILE_X;
  const int tile = flat_group();
  const int tile_y = quotient(tile, tiles_x);
  const int first_y = tile_y * TILE_Y;
  const int first_x = (tile - tile_y * tiles_x) * TILE_X;
  if (first_y >= push.out_height) return;
  const int last_plane = push.first_plane + push.out_planes - 1;
  const int block_plane = push.first_plane + int(gl_WorkGroupID.y) * BLOCK_PLANES;
  const int slot_plane = block_plane + slot * LANE_PLANES;

  const int pixel_y = pixel_lane / TILE_X * LANE_PIXELS;
  const int pixel_x = pixel_lane % TILE_X;
  const int lane_word =
      pixel_y * STRIDE_Y * PITCH + (STRIDE_X == 2 ? pixel_x : pixel_x * STRIDE_X);
  vec4 sums[LANE_PLANES * LANE_PIXELS];
  [[unroll]] for (int m = 0; m < LANE_PLANES; ++m) {
    vec4 start = BIAS != 0 ? table4(bias, min(slot_plane + m, last_plane)) : vec4(0.0);
    [[unroll]] for (int n = 0; n < LANE_PIXELS; ++n) sums[m * LANE_PIXELS + n] = start;
  }

  const int steps = push.in_planes * PLANE_STEPS;
  const int patch_y = first_y * STRIDE_Y;
  const int patch_x = first_x * STRIDE_X;
  for (int step = PREFETCH != 0 ? -1 : 0; step < steps; ++step) {
    const int loaded = PREFETCH != 0 ? step + 1 : step;
    const int loaded_plane = loaded / PLANE_STEPS;
    const int loaded_column = (loaded - loaded_plane * PLANE_STEPS) * STEP_COLUMNS;
    const bool loads = loaded < steps;
    const bool loads_patch = PATCH_SHARED != 0 && loads && loaded_column == 0;
    const int patch_buffer = PREFETCH != 0 ? (loaded_plane & 1) * PATCH_WORDS : 0;
    const int weight_buffer = PREFETCH != 0 ? (loaded & 1) * WEIGHT_WORDS : 0;
    vec4 patch_values[PATCH_LOADS];
    vec4 weight_values[WEIGHT_LOADS];
    int inside_bits = 0;
    SourceNorm loaded_norm;
    if (loads_patch) loaded_norm = source_norm(loaded_plane);
    if (PREFETCH != 0) {
      if (loads_patch) {
        [[unroll]] for (int k = 0; k < PATCH_LOADS; ++k) {
          bool inside;
          int texel = patch_texel(loaded_plane, patch_y, patch_x,
                                  min(lane + k * LANES, PATCH_TEXELS - 1), inside);
          patch_values[k] = load4(source, texel);
          inside_bits |= int(inside) << k;
        }
      }
      if (WEIGHTS_SHARED != 0 && loads) {
        [[unroll]] for (int k = 0; k < WEIGHT_LOADS; ++k) {
          weight_values[k] =
              table4(weights, step_weight(loaded_plane, loaded_column, block_plane, last_plane,
                                          min(lane + k * LANES, WEIGHT_WORDS - 1)));
        }
      }
    } else {
      if (loads_patch) {
        for (int i = lane; i < PATCH_TEXELS; i += LANES) {
          bool inside;
          int texel = patch_texel(loaded_plane, patch_y, patch_x, i, inside);
          pixels[patch_word(i)] = source_texel(push.view, loaded_norm, texel, inside);
        }
      }
      if (WEIGHTS_SHARED != 0) {
        for (int i = lane; i < WEIGHT_WORDS; i += LANES) {
          kernel[i] =
              table4(weights, step_weight(loaded_plane, loaded_column, block_plane, last_plane, i));
        }
      }
      barrier();
    }

    if (step >= 0) {
      const int plane = step / PLANE_STEPS;
      const int first_column = (step - plane * PLANE_STEPS) * STEP_COLUMNS;
      const int patch_base = lane_word + (PREFETCH != 0 ? (plane & 1) * PATCH_WORDS : 0);
      const int weight_base =
          slot * LANE_PLANES * STEP_TAPS * 4 + (PREFETCH != 0 ? (step & 1) * WEIGHT_WORDS : 0);
      SourceNorm norm;
      if (PATCH_SHARED == 0) norm = source_norm(plane);
      for (int column = 0; column < STEP_COLUMNS; ++column) {
        const int tap_x = first_column + column;
        for (int first_tap = 0; first_tap < KERNEL_Y; first_tap += WINDOW_TAPS) {
          vec4 window[WINDOW_ROWS];
          [[unroll]] for (int row = 0; row < WINDOW_ROWS; ++row) {
            int patch_row = first_tap * DILATION_Y + row;
            if (PATCH_SHARED != 0) {
              window[row] =
                  pixels[patch_base + patch_column(tap_x * DILATION_X) + patch_row * PITCH];
            } else {
              window[row] = source_value(push.view, norm, plane,
                                         (first_y + pixel_y) * STRIDE_Y + patch_row,
                                         (first_x + pixel_x) * STRIDE_X + tap_x * DILATION_X);
            }
          }
          [[unroll]] for (int tap = 0; tap < WINDOW_TAPS; ++tap) {
            [[unroll]] for (int channel = 0; channel < IN_COUNT; ++channel) {
              [[unroll]] for (int m = 0; m < LANE_PLANES; ++m) {
                vec4 weight;
                int tap_y = first_tap + tap;
                if (WEIGHTS_SHARED != 0) {
                  int word = (column * KERNEL_Y + tap_y) * 4 + channel;
                  weight = kernel[weight_base + m * STEP_TAPS * 4 + word];
                } else {
                  int word = (tap_y * KERNEL_X + tap_x) * 4 + channel;
                  weight = table4(weights, weight_word(slot_plane + m, plane, last_plane) + word);
                }
                [[unroll]] for (int n = 0; n < LANE_PIXELS; ++n) {
                  sums[m * LANE_PIXELS + n] +=
                      weight * window[n * STRIDE_Y + tap * DILATION_Y][channel];
                }
              }
            }
          }
        }
      }
    }

    if (PREFETCH != 0) {
      if (loads_patch) {
        [[unroll]] for (int k = 0; k < PATCH_LOADS; ++k) {
          int i = lane + k * LANES;
          if (i < PATCH_TEXELS) {
            pixels[patch_buffer + patch_word(i)] = source_transform(
                push.view, loaded_norm, patch_values[k], (inside_bits >> k & 1) != 0);
          }
        }
      }
      if (WEIGHTS_SHARED != 0 && loads) {
        [[unroll]] for (int k = 0; k < WEIGHT_LOADS; ++k) {
          int i = lane + k * LANES;
          if (i < WEIGHT_WORDS) kernel[weight_buffer + i] = weight_values[k];
        }
      }
    }
    barrier();
  }

  bool valid[LANE_PIXELS];
  [[unroll]] for (int n = 0; n < LANE_PIXELS; ++n) {
    int y = first_y + pixel_y + n;
    int x = first_x + pixel_x;
    valid[n] = y < push.out_height && x < push.out_width;
    [[unroll]] for (int m = 0; m < LANE_PLANES; ++m) {
      vec4 value = activate(OUT_ACTIVATION, sums[m * LANE_PIXELS + n], push.a, push.b, vec4(0.0));
      sums[m * LANE_PIXELS + n] = value;
      if (valid[n] && slot_plane + m <= last_plane) {
        store4(result,
               (slot_plane + m - push.first_plane) * push.out_plane_stride +
                   (y * push.out_step + push.out_offset_y) * push.out_row_stride +
                   x * push.out_step + push.out_offset_x,
               value);
      }
    }
  }

  if (STATISTICS != 0) {
    const float count = float(min(TILE_Y, push.out_height - first_y) *
                              min(TILE_X, push.out_width - first_x));
    [[unroll]] for (int m = 0; m < LANE_PLANES; ++m) {
      // The tile's first pixel: differences from it are exact zeros in a constant tile.
      if (pixel_lane == 0) pixels[slot] = sums[m * LANE_PIXELS];
      barrier();
      const vec4 pilot = pixels[slot];
      barrier();
      vec4 difference = vec4(0.0);
      [[unroll]] for (int n = 0; n < LANE_PIXELS; ++n) {
        if (valid[n]) difference += sums[m * LANE_PIXELS + n] - pilot;
      }
      const vec4 shift = slot_sum(difference, lane) / count;
      vec4 squares = vec4(0.0);
      [[unroll]] for (int n = 0; n < LANE_PIXELS; ++n) {
        vec4 centred = (sums[m * LANE_PIXELS + n] - pilot) - shift;
        if (valid[n]) squares += centred * centred;
      }
      squares = slot_sum(squares, lane);
      if (pixel_lane == 0 && slot_plane + m <= last_plane) {
        int record = ((slot_plane + m) * push.tile_stride + push.tile_first + tile) * PARTIAL_WORDS;
        vec4 high = pilot;
        vec4 low = vec4(0.0);
        add_to_pair(high, low, shift);
        partials.data[record] = high;
        partials.data[record + 1] = low;
        partials.data[record + 2] = squares;
        partials.data[record + 3] = vec4(count);
      }
    }
  }
}
