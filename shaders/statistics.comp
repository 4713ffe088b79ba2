// Partial statistics of a view, for producers that cannot reduce their own tiles.
// Tile: tile_rows rows of one plane per workgroup, twice over the data: the mean about a pilot value
// first (exact for constant tiles), then the centred squares.
// Grid: x: tiles, y: planes.
// variants: texel texel_half storage storage_half texel_shared texel_half_shared storage_shared storage_half_shared
#version 460
#extension GL_GOOGLE_include_directive : require
#ifndef SHARED
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#endif
#include "shaders/abi.h"
#include "shaders/lib/push.glsl"
#include "shaders/lib/tensor.glsl"
#include "shaders/lib/activation.glsl"
#include "shaders/lib/view.glsl"

layout(local_size_x_id = 0) in;
STATISTICS_CONSTANTS(CONSTANT)

TENSOR_IN(0, source)
TABLE_IN(1, source_table)
TABLE_OUT(2, partials)
PUSH(StatisticsPush)

#include "shaders/lib/reduce.glsl"

vec4 mean_high, mean_low, scale, beta;

vec4 view_value(int plane, int y, int x) {
  bool inside_y;
  bool inside_x;
  int row = view_coordinate(PAD, UPSAMPLE, y - push.view.offset_y, push.view.height, inside_y);
  int column = view_coordinate(PAD, UPSAMPLE, x - push.view.offset_x, push.view.width, inside_x);
  vec4 value = load4(source, plane * push.view.plane_stride + row * push.view.row_stride +
                                 column * push.view.column_stride);
  if (NORM != 0) value = normalize_value(value, mean_high, mean_low, scale, beta);
  value = activate(ACTIVATION, value, push.view.a, push.view.b, vec4(0.0));
  if (PAD == PAD_CONSTANT && !(inside_y && inside_x)) value = vec4(push.view.pad_value);
  return value;
}

void main() {
  read_push();
  const int lane = int(gl_LocalInvocationID.x);
  const int lanes = int(gl_WorkGroupSize.x);
  const int plane = int(gl_WorkGroupID.y);
  const int first_y = int(gl_WorkGroupID.x) * push.tile_rows;
  const int count = min(push.tile_rows, push.height - first_y) * push.width;
  if (NORM != 0) {
    mean_high = table4(source_table, plane * NORM_TABLE_WORDS);
    mean_low = table4(source_table, plane * NORM_TABLE_WORDS + 1);
    scale = table4(source_table, plane * NORM_TABLE_WORDS + 2);
    beta = table4(source_table, plane * NORM_TABLE_WORDS + 3);
  }
  const vec4 pilot = view_value(plane, first_y, 0);
  vec4 sum = vec4(0.0);
  for (int i = lane; i < count; i += lanes) {
    int row = i / push.width;
    sum += view_value(plane, first_y + row, i - row * push.width) - pilot;
  }
  const vec4 shift = workgroup_sum(sum) / float(count);
  vec4 squares = vec4(0.0);
  for (int i = lane; i < count; i += lanes) {
    int row = i / push.width;
    vec4 centred = (view_value(plane, first_y + row, i - row * push.width) - pilot) - shift;
    squares += centred * centred;
  }
  squares = workgroup_sum(squares);
  if (lane == 0) {
    int record = (plane * push.tile_stride + int(gl_WorkGroupID.x)) * PARTIAL_WORDS;
    precise vec4 high = pilot + shift;
    precise vec4 part = high - pilot;
    precise vec4 low = (pilot - (high - part)) + (shift - part);
    partials.data[record] = high;
    partials.data[record + 1] = low;
    partials.data[record + 2] = squares;
    partials.data[record + 3] = vec4(float(count));
  }
}
