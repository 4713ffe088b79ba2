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

float weight_of(int grow, Place centre, float half_width, int position) {
  return grow != 0 ? catmull_rom(float(position - centre.whole) - centre.part)
                   : weight_at(centre, half_width, position);
}

void main() {
  read_push();
  const int first_x = int(gl_GlobalInvocationID.x) * 4;
  if (first_x >= push.width) return;
  const int y = int(gl_WorkGroupID.y);
  const float row_half = half_width_of(push.height, push.source_height, 0);
  const float column_half = half_width_of(push.width, push.source_width, 0);
  const float row_reach = GROW_Y != 0 ? 1.5 : row_half;
  const float column_reach = GROW_X != 0 ? 1.5 : column_half;

  const Place row_centre = place_in(y, push.height, push.source_height, 0, 0);
  const int first_row = first_under(row_centre, row_reach, push.source_height);
  const int last_row = last_under(row_centre, row_reach, push.source_height);
  Place centres[4];
  int first_column = push.source_width - 1;
  [[unroll]] for (int p = 0; p < 4; ++p) {
    centres[p] = place_in(min(first_x + p, push.width - 1), push.width, push.source_width, 0, 0);
    first_column = min(first_column, first_under(centres[p], column_reach, push.source_width));
  }
  // Equal for all invocations, as in ingest.comp.
  const float window = 3.0 * float(push.source_width) / float(push.width) + 2.0 * column_reach + 1.0;
  const int columns = int(window) + 1;

  vec3 sums[4] = vec3[4](vec3(0.0), vec3(0.0), vec3(0.0), vec3(0.0));
  vec4 totals = vec4(0.0);
  int step = 0;
  // do-while: lavapipe runs the body of other loops once more, masked.
  do {
    const int column = min(first_column + step, push.source_width - 1);
    vec3 sum = vec3(0.0);
    float total = 0.0;
    int row = first_row;
    do {
      const float weight = weight_of(GROW_Y, row_centre, row_half, row);
      const vec4 texel = load4(source, row * push.source_row_stride + column);
      sum += weight * clamp(texel.xyz, push.low, push.high);
      total += weight;
    } while (++row <= last_row);
    const float exists = first_column + step < push.source_width ? 1.0 : 0.0;
    [[unroll]] for (int p = 0; p < 4; ++p) {
      const float weight = exists * weight_of(GROW_X, centres[p], column_half, column);
      sums[p] += weight * sum;
      totals[p] += weight * total;
    }
  } while (++step < columns);

  [[unroll]] for (int p = 0; p < 4; ++p) {
    if (first_x + p >= push.width) break;
    store4(result, y * push.width + first_x + p, vec4(sums[p] / totals[p], 0.0));
  }
}
