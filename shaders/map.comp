// Elementwise: out = activation(view(a) kind operand), the operand being another view or one vec4
// per plane. Norm, activation, nearest upsampling and padding of both views happen while loading,
// so this one kernel materializes any view, adds residuals and applies every elementwise op.
// Tile: four neighbours of a row per invocation.
// Grid: flat x and z: quads of all rows; y: planes from first_plane.
// variants: texel texel_half storage storage_half storage_widen storage_narrow
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/abi.h"
#include "shaders/lib/tensor.glsl"
#include "shaders/lib/activation.glsl"
#include "shaders/lib/view.glsl"

layout(local_size_x_id = 0) in;
MAP_CONSTANTS(CONSTANT)

#include "shaders/lib/grid.glsl"
TENSOR_IN(0, source)
TABLE_IN(1, source_table)
TENSOR_IN_EITHER(2, operand)
TABLE_IN(3, operand_table)
TABLE_IN(4, parameter)
TABLE_IN(5, slope)
TENSOR_OUT(6, result)
layout(push_constant) uniform Push { MapPush push; };

// Texel of a view at (y, x), relative to its plane; inside as in view_coordinate.
int locate(View view, int pad, int factor, int y, int x, out bool inside) {
  bool inside_y;
  bool inside_x;
  int row = view_coordinate(pad, factor, y - view.offset_y, view.height, inside_y);
  int column = view_coordinate(pad, factor, x - view.offset_x, view.width, inside_x);
  inside = inside_y && inside_x;
  return row * view.row_stride + column * view.column_stride;
}

void main() {
  int quads = (push.width + 3) / 4;
  int index = flat_invocation();
  int y = index / quads;
  int first_x = (index - y * quads) * 4;
  if (y >= push.height) return;
  int local_plane = int(gl_WorkGroupID.y);
  int plane = push.first_plane + local_plane;

  vec4 mean_high, mean_low, scale, beta;
  if (NORM != 0) {
    mean_high = table4(source_table, plane * NORM_TABLE_WORDS);
    mean_low = table4(source_table, plane * NORM_TABLE_WORDS + 1);
    scale = table4(source_table, plane * NORM_TABLE_WORDS + 2);
    beta = table4(source_table, plane * NORM_TABLE_WORDS + 3);
  }
  vec4 operand_high, operand_low, operand_scale, operand_beta;
  if (OPERAND_NORM != 0) {
    operand_high = table4(operand_table, plane * NORM_TABLE_WORDS);
    operand_low = table4(operand_table, plane * NORM_TABLE_WORDS + 1);
    operand_scale = table4(operand_table, plane * NORM_TABLE_WORDS + 2);
    operand_beta = table4(operand_table, plane * NORM_TABLE_WORDS + 3);
  }
  vec4 constant_operand = vec4(0.0);
  if (OPERAND >= OPERAND_PARAMETER) constant_operand = table4(parameter, plane);
  // A quotient or a root may be infinite in lanes without a channel, which convolutions multiply by 0.
  bvec4 used = lessThan(plane * 4 + ivec4(0, 1, 2, 3), ivec4(push.channels));
  vec4 slopes = vec4(0.0);
  if (OUT_ACTIVATION == ACTIVATION_PRELU) slopes = table4(slope, plane);

  for (int i = 0; i < 4; ++i) {
    int x = first_x + i;
    if (x >= push.width) break;
    bool inside;
    int texel = locate(push.view, PAD, UPSAMPLE, y, x, inside);
    vec4 value = load4(source, plane * push.view.plane_stride + texel);
    if (SPLAT != 0) value = value.xxxx;
    if (NORM != 0) value = normalize_value(value, mean_high, mean_low, scale, beta);
    value = activate(ACTIVATION, value, push.view.a, push.view.b, vec4(0.0));
    if (PAD == PAD_CONSTANT && !inside) value = vec4(push.view.pad_value);

    if (OPERAND == OPERAND_TENSOR) {
      texel = locate(push.operand, OPERAND_PAD, OPERAND_UPSAMPLE, y, x, inside);
      vec4 other = load4_either(operand, OPERAND_HALF, plane * push.operand.plane_stride + texel);
      if (OPERAND_SPLAT != 0) other = other.xxxx;
      if (OPERAND_NORM != 0) {
        other = normalize_value(other, operand_high, operand_low, operand_scale, operand_beta);
      }
      other = activate(OPERAND_ACTIVATION, other, push.operand.a, push.operand.b, vec4(0.0));
      if (OPERAND_PAD == PAD_CONSTANT && !inside) other = vec4(push.operand.pad_value);
      value = combine(BINARY, value, other);
    } else if (OPERAND == OPERAND_PARAMETER) {
      value = combine(BINARY, value, constant_operand);
    } else if (OPERAND == OPERAND_PARAMETER_REVERSED) {
      value = combine(BINARY, constant_operand, value);
    }
    value = activate(OUT_ACTIVATION, value, push.a, push.b, slopes);
    store4(result, local_plane * push.out_plane_stride + y * push.out_row_stride + x,
           mix(vec4(0.0), value, used));
  }
}
