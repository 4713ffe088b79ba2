// Dense 2-D convolution through shared memory, for devices with real shared memory and many lanes.
// A workgroup computes BLOCK_OUT output channels of a TILE_Y x TILE_X tile. Per step it loads the
// halo patch of four input channels once (norm, activation, upsampling and padding happen there, 1.3
// times per value instead of once per tap) and their weights, then loops over the taps. Lanes run
// along x, so patch reads are one 16-byte word per lane without bank conflicts (stride 2 keeps even
// and odd columns in two halves) and weight reads are the same for every lane of a channel slot:
// slot = lane / PIXEL_LANES owns LANE_OUT channels, a lane of it LANE_PIXELS pixels.
// Any kernel, stride and dilation; one group. PATCH_SHARED and WEIGHTS_SHARED 0 read from memory
// instead; BUFFERS 2 loads the next step while this one computes. Needs full subgroups whose size
// divides PIXEL_LANES, but not with SHARED.
// Grid: flat x and z: tiles; y: blocks of output channels from first_plane.
// variants: texel texel_half storage storage_half texel_shared texel_half_shared storage_shared storage_half_shared
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
const int PATCH_WORDS = PITCH * PATCH_Y;
const int ROW_BLOCKS = KERNEL_Y / WEIGHT_ROWS;
const int STEP_TAPS = WEIGHT_ROWS * KERNEL_X;
const int WEIGHT_WORDS = STEP_TAPS * 4 * BLOCK_PLANES;
// The patch is also where the epilogue adds its lanes up.
const int PATCH_SIZE = PATCH_SHARED != 0 ? BUFFERS * PATCH_WORDS : 1;
const int SUM_SIZE = STATISTICS != 0 ? LANES : 1;

shared vec4 pixels[PATCH_SIZE > SUM_SIZE ? PATCH_SIZE : SUM_SIZE];
shared vec4 kernel[WEIGHTS_SHARED != 0 ? BUFFERS * WEIGHT_WORDS : 1];

int patch_column(int x) {
  return STRIDE_X == 2 ? (x & 1) * HALF_PITCH + (x >> 1) : x;
}

void load_patch(int plane, int first_y, int first_x, int lane) {
  const SourceNorm norm = source_norm(plane);
  const int base = BUFFERS == 2 && (plane & 1) != 0 ? PATCH_WORDS : 0;
  for (int i = lane; i < PATCH_Y * PATCH_X; i += LANES) {
    int y = i / PATCH_X;
    int x = i - y * PATCH_X;
    pixels[base + y * PITCH + patch_column(x)] =
        source_value(push.view, norm, plane, first_y * STRIDE_Y + y, first_x * STRIDE_X + x);
  }
}

// Weight words in memory of tap 0 of a plane pair.
int weight_word(int out_plane, int plane, int last_out_plane) {
  return (min(out_plane, last_out_plane) * push.in_planes + plane) * TAPS * 4;
}

void load_weights(int step, int plane, int first_tap, int block_plane, int last_plane, int lane) {
  const int base = BUFFERS == 2 && (step & 1) != 0 ? WEIGHT_WORDS : 0;
  for (int i = lane; i < WEIGHT_WORDS; i += LANES) {
    int block = i / (STEP_TAPS * 4);
    int word = i - block * STEP_TAPS * 4;  // tap, then in lane
    kernel[base + word * BLOCK_PLANES + block] =
        table4(weights, weight_word(block_plane + block, plane, last_plane) + first_tap * 4 + word);
  }
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
  const int first_y = tile / tiles_x * TILE_Y;
  const int first_x = tile % tiles_x * TILE_X;
  if (first_y >= push.out_height) return;
  const int last_plane = push.first_plane + push.out_planes - 1;
  const int block_plane = push.first_plane + int(gl_WorkGroupID.y) * BLOCK_PLANES;
  const int slot_plane = block_plane + slot * LANE_PLANES;

  int pixel_y[LANE_PIXELS];
  int pixel_x[LANE_PIXELS];
  int patch_word[LANE_PIXELS];
  [[unroll]] for (int n = 0; n < LANE_PIXELS; ++n) {
    int pixel = pixel_lane + n * PIXEL_LANES;
    pixel_y[n] = pixel / TILE_X;
    pixel_x[n] = pixel % TILE_X;
    patch_word[n] = pixel_y[n] * STRIDE_Y * PITCH +
                    (STRIDE_X == 2 ? pixel_x[n] : pixel_x[n] * STRIDE_X);
  }
  vec4 sums[LANE_PLANES * LANE_PIXELS];
  [[unroll]] for (int m = 0; m < LANE_PLANES; ++m) {
    vec4 start = BIAS != 0 ? table4(bias, min(slot_plane + m, last_plane)) : vec4(0.0);
    [[unroll]] for (int n = 0; n < LANE_PIXELS; ++n) sums[m * LANE_PIXELS + n] = start;
  }

  const int steps = push.in_planes * ROW_BLOCKS;
  for (int next = BUFFERS == 2 ? 0 : 1; next <= steps; ++next) {
    // With two buffers the loads run one step ahead of the sums, else in the same step.
    const int step = next - 1;
    const int loaded = BUFFERS == 2 ? next : step;
    if (loaded < steps) {
      int plane = loaded / ROW_BLOCKS;
      int row_block = loaded - plane * ROW_BLOCKS;
      if (PATCH_SHARED != 0 && row_block == 0) load_patch(plane, first_y, first_x, lane);
      if (WEIGHTS_SHARED != 0) {
        load_weights(loaded, plane, row_block * STEP_TAPS, block_plane, last_plane, lane);
      }
    }
    if (BUFFERS != 2) barrier();
    if (step >= 0) {
      int plane = step / ROW_BLOCKS;
      int first_row = (step - plane * ROW_BLOCKS) * WEIGHT_ROWS;
      int patch_base = BUFFERS == 2 && (plane & 1) != 0 ? PATCH_WORDS : 0;
      int weight_base = BUFFERS == 2 && (step & 1) != 0 ? WEIGHT_WORDS : 0;
      SourceNorm norm;
      if (PATCH_SHARED == 0) norm = source_norm(plane);
      for (int row = 0; row < WEIGHT_ROWS; ++row) {
        for (int tap_x = 0; tap_x < KERNEL_X; ++tap_x) {
          int tap_y = first_row + row;
          int tap_word = patch_base + tap_y * DILATION_Y * PITCH + patch_column(tap_x * DILATION_X);
          vec4 inputs[LANE_PIXELS];
          [[unroll]] for (int n = 0; n < LANE_PIXELS; ++n) {
            if (PATCH_SHARED != 0) {
              inputs[n] = pixels[tap_word + patch_word[n]];
            } else {
              inputs[n] = source_value(push.view, norm, plane,
                                       (first_y + pixel_y[n]) * STRIDE_Y + tap_y * DILATION_Y,
                                       (first_x + pixel_x[n]) * STRIDE_X + tap_x * DILATION_X);
            }
          }
          [[unroll]] for (int channel = 0; channel < IN_COUNT; ++channel) {
            [[unroll]] for (int m = 0; m < LANE_PLANES; ++m) {
              vec4 weight;
              if (WEIGHTS_SHARED != 0) {
                int word = (row * KERNEL_X + tap_x) * 4 + channel;
                weight = kernel[weight_base + word * BLOCK_PLANES + slot * LANE_PLANES + m];
              } else {
                int word = (tap_y * KERNEL_X + tap_x) * 4 + channel;
                weight = table4(weights, weight_word(slot_plane + m, plane, last_plane) + word);
              }
              [[unroll]] for (int n = 0; n < LANE_PIXELS; ++n) {
                sums[m * LANE_PIXELS + n] += weight * inputs[n][channel];
              }
            }
          }
        }
      }
    }
    barrier();
  }

  bool valid[LANE_PIXELS];
  [[unroll]] for (int n = 0; n < LANE_PIXELS; ++n) {
    int y = first_y + pixel_y[n];
    int x = first_x + pixel_x[n];
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
