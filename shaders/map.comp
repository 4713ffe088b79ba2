// Elementwise: out = activation(view(a) kind operand), the operand being another view or one vec4
// per plane; then, if asked for, out * scale kind tensor * scale. Norm, activation, product and sum
// with a vector, nearest upsampling and padding of both views happen while loading, so this one
// kernel materializes any view, adds residuals and applies every elementwise op. Straight-line code:
// loads past the row's end are clamped.
// Tile: four neighbours of a row per invocation.
// Grid: flat x and z: quads of all rows; y: planes from first_plane.
// variants: texel texel_half storage storage_half storage_widen storage_narrow
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "shaders/abi.h"
#include "shaders/lib/push.glsl"
#include "shaders/lib/tensor.glsl"
#include "shaders/lib/activation.glsl"
#include "shaders/lib/view.glsl"

// The hint is for the drivers that are read through texel buffers; one of the others would spend half a
// minute on four copies of the loop.
#ifdef TEXEL
#define IN_LINE [[unroll]]
#else
#define IN_LINE
#endif

layout(local_size_x_id = 0) in;
MAP_CONSTANTS(CONSTANT)

#include "shaders/lib/grid.glsl"
#include "shaders/lib/operand.glsl"
TENSOR_IN(0, source)
TABLE_IN(1, source_table)
TENSOR_IN_EITHER(2, operand)
TABLE_IN(3, operand_table)
TABLE_IN(4, parameter)
TABLE_IN(5, slope)
TABLE_IN(6, scale)
TABLE_IN(7, offset)
TABLE_IN(8, operand_scale)
TABLE_IN(9, operand_offset)
TENSOR_OUT(10, result)
TABLE_IN(11, then_scale)
TENSOR_IN_EITHER(12, then_operand)
TABLE_IN(13, then_operand_scale)
TABLE_IN(14, matrix)  // columns
PUSH(MapPush)

// Texel of a view in a row, relative to its plane; inside as in view_coordinate.
int locate(View view, int pad, int factor, int row_texel, int x, out bool inside) {
  int column = view_coordinate(pad, factor, x - view.offset_x, view.width, inside);
  return row_texel + column * view.column_stride;
}

void main() {
  read_push();
  int quads = (push.width + 3) / 4;
  int index = flat_invocation();
  int y = quotient(index, quads);
  int first_x = (index - y * quads) * 4;
  if (y >= push.height) return;
  int local_plane = int(gl_WorkGroupID.y);
  int plane = push.first_plane + local_plane;

  vec4 mean_high, mean_low, norm_scale, beta;
  if (NORM != 0) {
    mean_high = table4(source_table, plane * NORM_TABLE_WORDS);
    mean_low = table4(source_table, plane * NORM_TABLE_WORDS + 1);
    norm_scale = table4(source_table, plane * NORM_TABLE_WORDS + 2);
    beta = table4(source_table, plane * NORM_TABLE_WORDS + 3);
  }
  vec4 other_high, other_low, other_norm_scale, other_beta;
  if (OPERAND_NORM != 0) {
    other_high = table4(operand_table, plane * NORM_TABLE_WORDS);
    other_low = table4(operand_table, plane * NORM_TABLE_WORDS + 1);
    other_norm_scale = table4(operand_table, plane * NORM_TABLE_WORDS + 2);
    other_beta = table4(operand_table, plane * NORM_TABLE_WORDS + 3);
  }
  vec4 factor, term, other_factor, other_term;
  if (SCALE != 0) factor = table4(scale, plane);
  if (OFFSET != 0) term = table4(offset, plane);
  if (OPERAND_SCALE != 0) other_factor = table4(operand_scale, plane);
  if (OPERAND_OFFSET != 0) other_term = table4(operand_offset, plane);
  vec4 then_factor, then_other_factor;
  if (THEN_SCALE != 0) then_factor = table4(then_scale, plane);
  if (THEN_OPERAND_SCALE != 0) then_other_factor = table4(then_operand_scale, plane);
  mat4 columns = mat4(1.0);
  if (OPERAND_MATRIX != 0) {
    [[unroll]] for (int i = 0; i < OPERAND_MATRIX; ++i) columns[i] = table4(matrix, i);
  }
  vec4 constant_operand = vec4(0.0);
  if (OPERAND >= OPERAND_PARAMETER) constant_operand = table4(parameter, plane);
  // A quotient or a root may be infinite in lanes without a channel, which convolutions multiply by 0.
  bvec4 used = lessThan(ivec4(0, 1, 2, 3), ivec4(LANES_USED));
  if (LANES_USED == 0) used = lessThan(plane * 4 + ivec4(0, 1, 2, 3), ivec4(push.channels));
  vec4 slopes = vec4(0.0);
  if (OUT_ACTIVATION == ACTIVATION_PRELU) slopes = table4(slope, plane);

  bool row_inside, other_row_inside;
  const int row = plane * push.view.plane_stride +
                  view_coordinate(PAD, UPSAMPLE, y - push.view.offset_y, push.view.height,
                                  row_inside) *
                      push.view.row_stride;
  int other_row = 0;
  if (OPERAND == OPERAND_TENSOR) {
    other_row = plane * push.operand.plane_stride +
                view_coordinate(OPERAND_PAD, OPERAND_UPSAMPLE, y - push.operand.offset_y,
                                push.operand.height, other_row_inside) *
                    push.operand.row_stride;
  }
  const int out_texel = local_plane * push.out_plane_stride + y * push.out_row_stride;
  IN_LINE for (int i = 0; i < 4; ++i) {
    const int x = min(first_x + i, push.width - 1);
    bool inside;
    vec4 value = load4(source, locate(push.view, PAD, UPSAMPLE, row, x, inside));
    if (SPLAT != 0) value = value.xxxx;
    if (NORM != 0) value = normalize_value(value, mean_high, mean_low, norm_scale, beta);
    value = activate(ACTIVATION, value, push.view.a, push.view.b, vec4(0.0));
    if (SCALE != 0) value *= factor;
    if (OFFSET != 0) value += term;
    if (PAD == PAD_CONSTANT && !(inside && row_inside)) value = vec4(push.view.pad_value);

    vec4 stored_operand = vec4(0.0);
    if (OPERAND == OPERAND_TENSOR) {
      vec4 other = load4_either(
          operand, OPERAND_HALF,
          locate(push.operand, OPERAND_PAD, OPERAND_UPSAMPLE, other_row, x, inside));
      stored_operand = other;
      if (OPERAND_SPLAT != 0) other = other.xxxx;
      other = times_matrix(columns, other);
      if (OPERAND_NORM != 0) {
        other = normalize_value(other, other_high, other_low, other_norm_scale, other_beta);
      }
      other = activate(OPERAND_ACTIVATION, other, push.operand.a, push.operand.b, vec4(0.0));
      if (OPERAND_SCALE != 0) other *= other_factor;
      if (OPERAND_OFFSET != 0) other += other_term;
      if (OPERAND_PAD == PAD_CONSTANT && !(inside && other_row_inside)) {
        other = vec4(push.operand.pad_value);
      }
      value = combine(BINARY, value, other);
    } else if (OPERAND == OPERAND_PARAMETER) {
      value = combine(BINARY, value, constant_operand);
    } else if (OPERAND == OPERAND_PARAMETER_REVERSED) {
      value = combine(BINARY, constant_operand, value);
    }
    value = activate(OUT_ACTIVATION, value, push.a, push.b, slopes);
    if (THEN != 0) {
      vec4 other = stored_operand;
      if (THEN_OPERAND_AGAIN == 0) {
        other = load4_either(then_operand, THEN_HALF,
                             plane * push.out_plane_stride + y * push.out_row_stride + x);
      }
      value = then_combine(value, then_factor, other, then_other_factor);
    }
    if (first_x + i < push.width) store4(result, out_texel + x, mix(vec4(0.0), value, used));
  }
}
