// Maximum and average over windows of any kernel, stride and dilation. What lies outside the view
// never enters; with COUNT_PADDING an average also divides by the padding's positions, but not by
// those that a rounded-up output size reaches beyond it.
// Tile: one pixel x 4 channels per invocation.
// Grid: flat x and z: pixels; y: planes from first_plane.
// variants: texel texel_half storage storage_half storage_widen storage_narrow
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/abi.h"
#include "shaders/lib/push.glsl"
#include "shaders/lib/tensor.glsl"

layout(local_size_x_id = 0) in;
POOL_CONSTANTS(CONSTANT)

#include "shaders/lib/grid.glsl"
#include "shaders/lib/source.glsl"
TENSOR_OUT(2, result)
PUSH(PoolPush)

void main() {
  read_push();
  const int index = flat_invocation();
  const int y = quotient(index, push.out_width);
  const int x = index - y * push.out_width;
  if (y >= push.out_height) return;
  const int local_plane = int(gl_WorkGroupID.y);
  const int plane = push.first_plane + local_plane;
  const SourceNorm norm = source_norm(plane);
  const int first_y = y * STRIDE_Y - push.border_top;
  const int first_x = x * STRIDE_X - push.border_left;

  vec4 maximum = vec4(-3.402823e38);
  vec4 sum = vec4(0.0);
  int count = 0;
  for (int tap_y = 0; tap_y < KERNEL_Y; ++tap_y) {
    int in_y = first_y + tap_y * DILATION_Y;
    for (int tap_x = 0; tap_x < KERNEL_X; ++tap_x) {
      int in_x = first_x + tap_x * DILATION_X;
      if (in_y >= 0 && in_y < push.in_height && in_x >= 0 && in_x < push.in_width) {
        vec4 value = source_value(push.view, norm, plane, in_y, in_x);
        maximum = max(maximum, value);
        sum += value;
        ++count;
      } else if (COUNT_PADDING != 0 && in_y < push.padded_bottom && in_x < push.padded_right) {
        ++count;
      }
    }
  }
  vec4 value = AVERAGE != 0 ? sum / float(max(count, 1)) : maximum;
  store4(result, (local_plane * push.out_height + y) * push.out_width + x, value);
}
