// The picture in a tensor at another size: Catmull-Rom along an axis that grows, the exact area
// average along one that shrinks. Vertical sums of a column come first, shared by four pixels.
// Tile: four neighbours of a row per invocation; x: quads of a row, y: rows.
// variants: texel texel_half storage storage_half
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "shaders/abi.h"
#include "shaders/frame_abi.h"
#include "shaders/lib/push.glsl"
#include "shaders/lib/tensor.glsl"

layout(local_size_x_id = 0) in;
RESCALE_CONSTANTS(CONSTANT)

#include "shaders/lib/resample.glsl"

TENSOR_IN(0, source)
TENSOR_OUT(1, result)
PUSH(RescalePush)

// Straight-line code up to so many samples along an axis; more are a loop.
const int MOST_STRAIGHT_ROWS = 4;
const int MOST_STRAIGHT_COLUMNS = 8;

float reach_of(int grow, float half_width) { return grow != 0 ? 1.5 : half_width; }

// 0 where there is no such sample.
float weight_of(int grow, Place centre, float half_width, int position, int size) {
  const float weight = grow != 0 ? catmull_rom(float(position - centre.whole) - centre.part)
                                 : weight_at(centre, half_width, position);
  return position >= 0 && position < size ? weight : 0.0;
}

Place row_centre;
float row_half;
int first_row;
float row_weights[MOST_STRAIGHT_ROWS];
Place centres[4];
float column_half;
int first_column;
vec3 sums[4] = vec3[4](vec3(0.0), vec3(0.0), vec3(0.0), vec3(0.0));
vec4 totals = vec4(0.0);  // of the columns' weights

float row_weight(int i) {
  return weight_of(GROW_Y, row_centre, row_half, first_row + i, push.source_height);
}

vec3 load_pixel(int i, int column) {
  const int row = clamp(first_row + i, 0, push.source_height - 1);
  return clamp(load4(source, row * push.source_row_stride + column).xyz, push.low, push.high);
}

// Adds the samples of the column `step` after the first.
void add_column(int step) {
  const int column = clamp(first_column + step, 0, push.source_width - 1);
  vec3 sum = vec3(0.0);
  if (ROWS <= MOST_STRAIGHT_ROWS) {
    [[unroll]] for (int i = 0; i < MOST_STRAIGHT_ROWS; ++i) {
      if (i < ROWS) sum += row_weights[i] * load_pixel(i, column);
    }
  } else {
    // do-while: lavapipe runs the body of other loops once more, masked.
    int i = 0;
    [[dont_unroll]] do {
      sum += row_weight(i) * load_pixel(i, column);
    } while (++i < ROWS);
  }
  [[unroll]] for (int p = 0; p < 4; ++p) {
    const float weight =
        weight_of(GROW_X, centres[p], column_half, first_column + step, push.source_width);
    sums[p] += weight * sum;
    totals[p] += weight;
  }
}

void main() {
  read_push();
  const int first_x = int(gl_GlobalInvocationID.x) * 4;
  if (first_x >= push.width) return;
  const int y = int(gl_WorkGroupID.y);
  row_half = half_width_of(push.height, push.source_height, 0);
  column_half = half_width_of(push.width, push.source_width, 0);
  row_centre = place_in(y, push.height, push.source_height, 0, 0);
  first_row = first_within(row_centre, reach_of(GROW_Y, row_half));
  [[unroll]] for (int p = 0; p < 4; ++p) {
    centres[p] = place_in(first_x + p, push.width, push.source_width, 0, 0);
  }
  first_column = first_within(centres[0], reach_of(GROW_X, column_half));

  float row_total = 0.0;
  if (ROWS <= MOST_STRAIGHT_ROWS) {
    [[unroll]] for (int i = 0; i < MOST_STRAIGHT_ROWS; ++i) {
      row_weights[i] = i < ROWS ? row_weight(i) : 0.0;
      row_total += row_weights[i];
    }
  } else {
    int i = 0;
    [[dont_unroll]] do {
      row_total += row_weight(i);
    } while (++i < ROWS);
  }
  if (COLUMNS <= MOST_STRAIGHT_COLUMNS) {
    [[unroll]] for (int step = 0; step < MOST_STRAIGHT_COLUMNS; ++step) {
      if (step < COLUMNS) add_column(step);
    }
  } else {
    int step = 0;
    [[dont_unroll]] do {
      add_column(step);
    } while (++step < COLUMNS);
  }

  [[unroll]] for (int p = 0; p < 4; ++p) {
    if (first_x + p >= push.width) break;
    store4(result, y * push.width + first_x + p, vec4(sums[p] / (totals[p] * row_total), 0.0));
  }
}
