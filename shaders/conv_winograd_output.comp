// Third pass of conv_winograd: products of all frequencies -> pixels, then bias, activation,
// statistics. Needs a workgroup of exactly one subgroup.
// Tile: TILE_SIDE x TILE_SIDE pixels of one plane per invocation.
// Grid: flat x and z: tiles of the run; y: planes from first_plane.
// variants: texel texel_half storage storage_half
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#include "shaders/abi.h"
#include "shaders/lib/push.glsl"
#include "shaders/lib/tensor.glsl"

layout(local_size_x_id = 0) in;
WINOGRAD_OUTPUT_CONSTANTS(CONSTANT)

#include "shaders/lib/activation.glsl"
#include "shaders/lib/grid.glsl"
#include "shaders/lib/statistics.glsl"
#include "shaders/lib/winograd.glsl"
TABLE_IN(0, products)  // [frequency y][frequency x][plane][tile]
TABLE_IN(1, bias)
TENSOR_OUT(2, result)
TABLE_OUT(3, partials)
PUSH(WinogradOutputPush)

const int TILE = TILE_SIDE * TILE_SIDE;
const int MOST_TILE = MOST_SIDE * MOST_SIDE;
vec4 sums[MOST_TILE];
vec4 sum_of(int index) { return sums[index]; }
vec4 lines[MOST_SIDE * MOST];

#include "shaders/lib/subgroup_record.glsl"

void main() {
  read_push();
  const int lane = int(gl_SubgroupInvocationID);
  const int local_tile = flat_invocation();
  if (local_tile - lane >= push.tile_pitch) return;
  const int own_tile = push.first_tile + local_tile;
  const int tile = min(own_tile, push.tile_count - 1);
  const int local_plane = int(gl_WorkGroupID.y);
  const int plane = push.first_plane + local_plane;
  const int tile_y = quotient(tile, push.tiles_x);
  const int first_y = tile_y * TILE_SIDE;
  const int first_x = (tile - tile_y * push.tiles_x) * TILE_SIDE;

  const int frequency_stride = push.planes * push.tile_pitch;
  const int base = plane * push.tile_pitch + local_tile;
  [[unroll]] for (int i = 0; i < PRODUCTS; ++i) {
    vec4 line[MOST];
    [[unroll]] for (int j = 0; j < PRODUCTS; ++j) {
      line[j] = table4(products, base + (j * PRODUCTS + i) * frequency_stride);
    }
    transform_output(line);
    [[unroll]] for (int j = 0; j < TILE_SIDE; ++j) lines[j * PRODUCTS + i] = line[j];
  }
  const vec4 offset = BIAS != 0 ? table4(bias, plane) : vec4(0.0);
  bool valid[MOST_TILE];
  [[unroll]] for (int j = 0; j < TILE_SIDE; ++j) {
    vec4 line[MOST];
    [[unroll]] for (int i = 0; i < PRODUCTS; ++i) line[i] = lines[j * PRODUCTS + i];
    transform_output(line);
    [[unroll]] for (int i = 0; i < TILE_SIDE; ++i) {
      const int index = j * TILE_SIDE + i;
      valid[index] = own_tile < push.tile_count && first_y + j < push.out_height &&
                     first_x + i < push.out_width;
      sums[index] = activate(OUT_ACTIVATION, line[i] + offset, push.a, push.b, vec4(0.0));
      const int y = (first_y + j) * push.out_step + push.out_offset_y;
      const int x = (first_x + i) * push.out_step + push.out_offset_x;
      if (valid[index]) {
        store4(result, local_plane * push.out_plane_stride + y * push.out_row_stride + x,
               sums[index]);
      }
    }
  }
  if (STATISTICS != 0) {
    const int record = plane * push.record_stride + push.record_first + flat_group();
    write_record(0, record * PARTIAL_WORDS, valid, lane);
  }
}
