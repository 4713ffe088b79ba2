// Separable resize by tables: output i of an axis is in[low] * (1 - fraction) + in[high] * fraction,
// so one kernel serves every coordinate and rounding mode.
// Tile: four neighbours of a row x 4 channels per invocation.
// Grid: flat x and z: quads of all rows; y: planes from first_plane.
// variants: texel texel_half storage storage_half storage_widen storage_narrow
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/abi.h"
#include "shaders/lib/push.glsl"
#include "shaders/lib/tensor.glsl"

layout(local_size_x_id = 0) in;
RESIZE_CONSTANTS(CONSTANT)

#include "shaders/lib/grid.glsl"
#include "shaders/lib/source.glsl"
TABLE_IN(2, axes)  // one word per output row, then one per column: low, high, fraction
TENSOR_OUT(3, result)
PUSH(ResizePush)

void main() {
  read_push();
  const int quads = (push.out_width + 3) / 4;
  const int index = flat_invocation();
  const int y = quotient(index, quads);
  const int first_x = (index - y * quads) * 4;
  if (y >= push.out_height) return;
  const int local_plane = int(gl_WorkGroupID.y);
  const int plane = push.first_plane + local_plane;
  const SourceNorm norm = source_norm(plane);
  const vec4 row = table4(axes, y);
  // One corner of a cell with its weight per round: a single place that loads is compiled fast.
  const int corners = LINEAR != 0 ? 4 : 1;
  for (int x = first_x; x < min(first_x + 4, push.out_width); ++x) {
    vec4 column = table4(axes, push.out_height + x);
    vec4 sum = vec4(0.0);
    for (int corner = 0; corner < corners; ++corner) {
      bool below = corner >= 2;
      bool right = (corner & 1) != 0;
      float weight = 1.0;
      if (LINEAR != 0) {
        weight = (below ? row.z : 1.0 - row.z) * (right ? column.z : 1.0 - column.z);
      }
      vec4 value = source_value(push.view, norm, plane, int(below ? row.y : row.x),
                                int(right ? column.y : column.x));
      sum += weight * value;
    }
    store4(result, (local_plane * push.out_height + y) * push.out_width + x, sum);
  }
}
