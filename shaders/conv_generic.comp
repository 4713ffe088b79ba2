// Convolution of any kernel, stride, dilation and number of groups: the one that is always there.
// Tile: one pixel x 4 output channels per invocation. Channel c of a group's inputs is read for the
// four output lanes at once where they share a group, else lane by lane.
// Grid: flat x and z: pixels of the output grid; y: output planes from first_plane.
// variants: texel texel_half storage storage_half storage_widen storage_narrow
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/abi.h"
#include "shaders/lib/tensor.glsl"
#include "shaders/lib/activation.glsl"
#include "shaders/lib/view.glsl"

layout(local_size_x_id = 0) in;
CONV_CONSTANTS(CONSTANT)

#include "shaders/lib/grid.glsl"
TENSOR_IN(0, source)
TABLE_IN(1, source_table)
TABLE_IN(2, weights)  // [out plane][channel in group][ky][kx] vec4 of out lanes
TABLE_IN(3, bias)
TENSOR_OUT(4, result)
layout(push_constant) uniform Push { ConvPush push; };

vec4 view_value(int plane, int texel, bool inside) {
  vec4 value = load4(source, plane * push.view.plane_stride + texel);
  if (NORM != 0) {
    value = normalize_value(value, table4(source_table, plane * NORM_TABLE_WORDS),
                            table4(source_table, plane * NORM_TABLE_WORDS + 1),
                            table4(source_table, plane * NORM_TABLE_WORDS + 2),
                            table4(source_table, plane * NORM_TABLE_WORDS + 3));
  }
  value = activate(ACTIVATION, value, push.view.a, push.view.b, vec4(0.0));
  return PAD == PAD_CONSTANT && !inside ? vec4(push.view.pad_value) : value;
}

void main() {
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
    bool inside_y;
    int row = view_coordinate(PAD, UPSAMPLE, y * STRIDE_Y + tap_y * DILATION_Y - push.view.offset_y,
                              push.view.height, inside_y);
    for (int tap_x = 0; tap_x < KERNEL_X; ++tap_x) {
      bool inside_x;
      int column = view_coordinate(PAD, UPSAMPLE,
                                   x * STRIDE_X + tap_x * DILATION_X - push.view.offset_x,
                                   push.view.width, inside_x);
      int texel = row * push.view.row_stride + column * push.view.column_stride;
      bool inside = inside_y && inside_x;
      int word = (out_plane * GROUP_IN * KERNEL_Y + tap_y) * KERNEL_X + tap_x;
      for (int channel = 0; channel < GROUP_IN; ++channel) {
        ivec4 from = first_channel + channel;
        vec4 value;
        if (one_group) {
          value = vec4(view_value(from.x / 4, texel, inside)[from.x % 4]);
        } else {
          for (int lane = 0; lane < 4; ++lane) {
            value[lane] = view_value(from[lane] / 4, texel, inside)[from[lane] % 4];
          }
        }
        sum += table4(weights, word + channel * KERNEL_Y * KERNEL_X) * value;
      }
    }
  }
  if (BIAS != 0) sum += table4(bias, out_plane);
  sum = activate(OUT_ACTIVATION, sum, push.a, push.b, vec4(0.0));
  int texel = local_plane * push.out_plane_stride +
              (y * push.out_step + push.out_offset_y) * push.out_row_stride + x * push.out_step +
              push.out_offset_x;
  store4(result, texel, sum);
}
