// Dense 2-D convolution without shared memory: a lane holds OUT_PLANES planes of 4 output channels x
// (TILE_Y rows x 4 columns) of sums; the lanes of a subgroup fetch different words of the weights and
// spread them with shuffles from constant lanes; input rows slide through a register window, so that
// each texel is fetched once per lane. Straight-line code per row: values fetched long before their
// use would be spilled around every fetch between.
// Made for drivers where a texel fetch and a constant-lane shuffle are cheap and uniform loads are
// not (software rasterizers). Needs a workgroup of exactly one subgroup; strides 1 and 2, kernels up
// to 9 x 9, no dilation, one group.
// Grid: flat x and z: tiles of the flattened tile grid, workgroup-width of them each, the phases of a
// tile one after another; y: OUT_PLANES planes each.
// variants: texel texel_half
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#include "shaders/abi.h"
#include "shaders/lib/push.glsl"
#include "shaders/lib/tensor.glsl"

layout(local_size_x_id = 0) in;
SHUFFLE_CONSTANTS(CONSTANT)  // LANES: the workgroup's width again; drivers fold it where the built-in stays a variable

#include "shaders/lib/grid.glsl"
#include "shaders/lib/source.glsl"
#include "shaders/lib/statistics.glsl"
TABLE_IN(2, weights)  // [out plane][phase][in plane][ky][kx][in lane] vec4 of out lanes
TABLE_IN(3, bias)
TENSOR_OUT(4, result)
TABLE_OUT(5, partials)
PUSH(ConvPush)
#include "shaders/lib/store_map.glsl"

const int TILE_X = 4;
const int TILE = TILE_Y * TILE_X;
const int MOST_TILE = 16;
const int WINDOW_X = (TILE_X - 1) * STRIDE_X + KERNEL_X;
const int PHASE_COUNT = PHASES * PHASES;
const int ROW_WORDS = KERNEL_X * 4;  // of the weights of a plane pair
const int ROW_FETCHES = (ROW_WORDS + LANES - 1) / LANES;
// With stride 1 row j + 1 of a tap row is row j of the next.
const bool SLIDE = STRIDE_Y == 1;

// Numbers, not vectors: lavapipe keeps a vector that lives through a loop in memory until late, and
// takes all of it out at each use of a part. (Strided layers were a tenth slower, and code with a window
// that slides took up to 1.7 times as long to make.)
float sums[OUT_PLANES * TILE * 4];

vec4 sum_of(int index) {
  return vec4(sums[4 * index], sums[4 * index + 1], sums[4 * index + 2], sums[4 * index + 3]);
}

void set_sum(int index, vec4 value) {
  sums[4 * index] = value.x;
  sums[4 * index + 1] = value.y;
  sums[4 * index + 2] = value.z;
  sums[4 * index + 3] = value.w;
}

#include "shaders/lib/subgroup_record.glsl"

int columns[WINDOW_X];
bool columns_inside[WINDOW_X];
float window[TILE_Y * WINDOW_X * 4];  // likewise

// Row `y` of the view, before the border, into row `j` of the window.
void fetch_row(SourceNorm norm, int plane, int y, int j) {
  bool inside;
  const int row =
      view_coordinate(PAD, UPSAMPLE, y - push.view.offset_y, push.view.height, inside);
  int base = row * push.view.row_stride;
  if (CELLS_IN == 1) {
    base += plane * push.view.plane_stride;
  } else {
    base += plane / CELLS_IN * (push.view.row_stride / CELLS_IN) + plane % CELLS_IN;
  }
  [[unroll]] for (int i = 0; i < WINDOW_X; ++i) {
    const vec4 texel =
        source_texel(push.view, norm, base + columns[i], inside && columns_inside[i]);
    const int place = (j * WINDOW_X + i) * 4;
    window[place] = texel.x;
    if (IN_COUNT > 1) window[place + 1] = texel.y;
    if (IN_COUNT > 2) window[place + 2] = texel.z;
    if (IN_COUNT > 3) window[place + 3] = texel.w;
  }
}

void slide_window() {
  [[unroll]] for (int i = 0; i < (TILE_Y - 1) * WINDOW_X * 4; ++i) {
    window[i] = window[i + WINDOW_X * 4];
  }
}

// Lanes without a channel are left out by hand: drivers keep what a loop adds up.
void add_product(int index, vec4 weight, float value) {
  sums[4 * index] += weight.x * value;
  if (OUT_COUNT > 1) sums[4 * index + 1] += weight.y * value;
  if (OUT_COUNT > 2) sums[4 * index + 2] += weight.z * value;
  if (OUT_COUNT > 3) sums[4 * index + 3] += weight.w * value;
}

// Adds the products of the window with one kernel row, whose words start at `word`: all of them to one
// row of the tile, then to the next, so that few sums are at work at a time.
void add_row(int o, int word, int lane) {
  vec4 own_weights[ROW_FETCHES];
  [[unroll]] for (int i = 0; i < ROW_FETCHES; ++i) {
    own_weights[i] = table4(weights, word + min(i * LANES + lane, ROW_WORDS - 1));
  }
  vec4 row_weights[ROW_WORDS];
  [[unroll]] for (int i = 0; i < ROW_WORDS; ++i) {
    row_weights[i] = subgroupShuffle(own_weights[i / LANES], uint(i % LANES));
  }
  [[unroll]] for (int j = 0; j < TILE_Y; ++j) {
    [[unroll]] for (int tap = 0; tap < KERNEL_X; ++tap) {
      [[unroll]] for (int channel = 0; channel < IN_COUNT; ++channel) {
        [[unroll]] for (int i = 0; i < TILE_X; ++i) {
          add_product(o * TILE + j * TILE_X + i, row_weights[tap * 4 + channel],
                      window[(j * WINDOW_X + i * STRIDE_X + tap) * 4 + channel]);
        }
      }
    }
  }
}

// source_y: of the view, under the first kernel row of the tile.
void add_tap_row(SourceNorm norm, int plane, int source_y, int tap_y, int first_plane, int phase,
                 int lane) {
  if (SLIDE) slide_window();
  [[unroll]] for (int j = SLIDE ? TILE_Y - 1 : 0; j < TILE_Y; ++j) {
    fetch_row(norm, plane, source_y + j * STRIDE_Y + tap_y, j);
  }
  [[unroll]] for (int o = 0; o < OUT_PLANES; ++o) {
    const int filters =
        (push.first_plane + min(first_plane + o, push.out_planes - 1)) * PHASE_COUNT + phase;
    add_row(o, ((filters * push.in_planes + plane) * KERNEL_Y + tap_y) * ROW_WORDS, lane);
  }
}

void main() {
  read_push();
  const int lane = int(gl_SubgroupInvocationID);
  const int tiles_x = (push.out_width + TILE_X - 1) / TILE_X;
  const int tile_count = tiles_x * ((push.out_height + TILE_Y - 1) / TILE_Y);
  const int group = flat_group() / PHASE_COUNT;
  const int phase = flat_group() - group * PHASE_COUNT;
  const int own_tile = group * LANES + lane;
  if (own_tile - lane >= tile_count) return;
  const int tile = min(own_tile, tile_count - 1);
  const int tile_y = quotient(tile, tiles_x);
  const int first_y = tile_y * TILE_Y;
  const int first_x = (tile - tile_y * tiles_x) * TILE_X;
  const int phase_y = phase / PHASES;
  const int phase_x = phase - phase_y * PHASES;
  const int source_y = first_y * STRIDE_Y + phase_y;
  // Past the last plane the last one is computed, and written, again.
  const int first_plane = int(gl_WorkGroupID.y) * OUT_PLANES;

  [[unroll]] for (int i = 0; i < WINDOW_X; ++i) {
    columns[i] = view_coordinate(PAD, UPSAMPLE,
                                 first_x * STRIDE_X + phase_x + i - push.view.offset_x,
                                 push.view.width, columns_inside[i]) *
                 push.view.column_stride;
  }
  [[unroll]] for (int i = 0; i < OUT_PLANES * TILE; ++i) set_sum(i, vec4(0.0));

  // do-while: lavapipe runs the body of other loops once more, masked.
  int plane = 0;
  do {
    const SourceNorm norm = source_norm(plane);
    if (SLIDE) {
      [[unroll]] for (int j = 1; j < TILE_Y; ++j) fetch_row(norm, plane, source_y + j - 1, j);
    }
    // A loop: the code of all rows would leave the instruction cache, and take drivers long to make.
    // One row alone is a tenth slower in a loop.
    int tap_y = 0;
    if (KERNEL_Y == 1) {
      add_tap_row(norm, plane, source_y, tap_y, first_plane, phase, lane);
    } else {
      [[dont_unroll]] do {
        add_tap_row(norm, plane, source_y, tap_y, first_plane, phase, lane);
      } while (++tap_y < KERNEL_Y);
    }
  } while (++plane < push.in_planes);

  bool valid[MOST_TILE];
  [[unroll]] for (int i = 0; i < TILE; ++i) {
    valid[i] = own_tile < tile_count &&
               (WHOLE_TILES != 0 || (first_y + i / TILE_X < push.out_height &&
                                     first_x + i % TILE_X < push.out_width));
  }
  MapTables map;
  if (STORE_MAP != 0) map = read_map();
  const int row_step = push.out_step * push.out_row_stride;
  const int first_place =
      first_y * row_step + (push.out_offset_y + phase_y) * push.out_row_stride +
      first_x * push.out_step + push.out_offset_x + phase_x;
  [[unroll]] for (int o = 0; o < OUT_PLANES; ++o) {
    const int local_plane = min(first_plane + o, push.out_planes - 1);
    const int out_plane = push.first_plane + local_plane;
    const vec4 offset = BIAS != 0 ? table4(bias, out_plane) : vec4(0.0);
    const int place =
        first_place + (CELLS_OUT == 1 ? local_plane * push.out_plane_stride
                                      : out_plane / CELLS_OUT * push.out_row_stride +
                                            out_plane % CELLS_OUT);
    // Lanes past the last tile have computed it again, and so may store it.
    [[unroll]] for (int i = 0; i < TILE; ++i) {
      const int texel = place + i / TILE_X * row_step + i % TILE_X * push.out_step;
      const bool stored = WHOLE_TILES != 0 || valid[i];
      vec4 sum = sum_of(o * TILE + i) + offset;
      if (STORE_MAP != 0) {
        sum = map_value(sum, map, stored ? texel : 0);
      } else {
        sum = activate(OUT_ACTIVATION, sum, push.a, push.b, vec4(0.0));
      }
      if (STATISTICS != 0) set_sum(o * TILE + i, sum);
      if (stored) store4(result, texel, sum);
    }
    if (STATISTICS != 0) {
      const int tile_record =
          out_plane * push.tile_stride + push.tile_first + flat_group();
      write_record(o * TILE, tile_record * PARTIAL_WORDS, valid, lane);
    }
  }
}
