// Transposed convolution of any kernel, stride, dilation and number of groups, in gather form: an
// output pixel collects the taps whose input lies on the lattice, so nothing is added twice and no
// output is read.
// Tile: one pixel x 4 output channels per invocation.
// Grid: flat x and z: pixels; y: output planes from first_plane.
// variants: texel texel_half storage storage_half storage_widen storage_narrow
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/abi.h"
#include "shaders/lib/push.glsl"
#include "shaders/lib/tensor.glsl"

layout(local_size_x_id = 0) in;
CONV_CONSTANTS(CONSTANT)

#include "shaders/lib/grid.glsl"
#include "shaders/lib/source.glsl"
TABLE_IN(2, weights)  // [out plane][channel in group][ky][kx] vec4 of out lanes
TABLE_IN(3, bias)
TENSOR_OUT(4, result)
PUSH(TransposedPush)

vec4 value_at(int plane, int y, int x) {
  return source_value(push.view, source_norm(plane), plane, y, x);
}

void main() {
  read_push();
  const int index = flat_invocation();
  const int y = quotient(index, push.out_width);
  const int x = index - y * push.out_width;
  if (y >= push.out_height) return;
  const int local_plane = int(gl_WorkGroupID.y);
  const int out_plane = push.first_plane + local_plane;
  const ivec4 group = (out_plane * 4 + ivec4(0, 1, 2, 3)) / GROUP_OUT;
  const ivec4 first_channel = min(group * GROUP_IN, push.in_planes * 4 - GROUP_IN);
  const bool one_group = group.x == group.w;

  vec4 sum = vec4(0.0);
  for (int tap_y = 0; tap_y < KERNEL_Y; ++tap_y) {
    int place_y = y + push.border_top - tap_y * DILATION_Y;
    int in_y = place_y / STRIDE_Y;
    if (place_y < 0 || in_y * STRIDE_Y != place_y || in_y >= push.in_height) continue;
    for (int tap_x = 0; tap_x < KERNEL_X; ++tap_x) {
      int place_x = x + push.border_left - tap_x * DILATION_X;
      int in_x = place_x / STRIDE_X;
      if (place_x < 0 || in_x * STRIDE_X != place_x || in_x >= push.in_width) continue;
      int word = (out_plane * GROUP_IN * KERNEL_Y + tap_y) * KERNEL_X + tap_x;
      for (int channel = 0; channel < GROUP_IN; ++channel) {
        ivec4 from = first_channel + channel;
        vec4 value;
        if (one_group) {
          value = vec4(value_at(from.x / 4, in_y, in_x)[from.x % 4]);
        } else {
          for (int lane = 0; lane < 4; ++lane) {
            value[lane] = value_at(from[lane] / 4, in_y, in_x)[from[lane] % 4];
          }
        }
        sum += table4(weights, word + channel * KERNEL_Y * KERNEL_X) * value;
      }
    }
  }
  if (BIAS != 0) sum += table4(bias, out_plane);
  sum = activate(OUT_ACTIVATION, sum, push.a, push.b, vec4(0.0));
  store4(result, (local_plane * push.out_height + y) * push.out_width + x, sum);
}
