// Owns: a map (map.comp) in the store of a convolution whose result is one plane: of the sum and a
// tensor that is read where the result is written. Declares bindings 6 to 11; needs
// SHUFFLE_CONSTANTS, lib/activation.glsl and a push constant with a and b.
#ifndef IMPASTO_LIB_STORE_MAP
#define IMPASTO_LIB_STORE_MAP

#include "shaders/lib/operand.glsl"

TENSOR_IN(6, operand)
TABLE_IN(7, matrix)  // columns
TABLE_IN(8, operand_scale)
TABLE_IN(9, operand_offset)
TABLE_IN(10, then_scale)
TABLE_IN(11, then_operand_scale)

struct MapTables {
  mat4 columns;
  vec4 scale;
  vec4 offset;
  vec4 then_scale;
  vec4 then_operand_scale;
};

MapTables read_map() {
  MapTables tables;
  [[unroll]] for (int i = 0; i < OPERAND_MATRIX; ++i) tables.columns[i] = table4(matrix, i);
  if (OPERAND_SCALE != 0) tables.scale = table4(operand_scale, 0);
  if (OPERAND_OFFSET != 0) tables.offset = table4(operand_offset, 0);
  if (THEN_SCALE != 0) tables.then_scale = table4(then_scale, 0);
  if (THEN_OPERAND_SCALE != 0) tables.then_operand_scale = table4(then_operand_scale, 0);
  return tables;
}

vec4 map_value(vec4 value, MapTables tables, int texel) {
  const vec4 stored = load4(operand, texel);
  vec4 other = times_matrix(tables.columns, stored);
  if (OPERAND_SCALE != 0) other *= tables.scale;
  if (OPERAND_OFFSET != 0) other += tables.offset;
  value = combine(STORE_MAP - 1, value, other);
  value = activate(OUT_ACTIVATION, value, push.a, push.b, vec4(0.0));
  if (THEN != 0) {
    value = then_combine(value, tables.then_scale, stored, tables.then_operand_scale);
  }
  // A quotient may be infinite in lanes without a channel.
  return mix(vec4(0.0), value, lessThan(ivec4(0, 1, 2, 3), ivec4(OUT_COUNT)));
}

#endif
