// Owns: a map (map.comp) in the store of a convolution whose result is one plane: of the sum and a tensor
// that is read where the result is written. Declares bindings 6 to 11; needs SHUFFLE_CONSTANTS, the
// activations and a push constant with a and b.
#ifndef IMPASTO_LIB_STORE_MAP
#define IMPASTO_LIB_STORE_MAP

TENSOR_IN(6, map_operand)
TABLE_IN(7, map_matrix)  // columns
TABLE_IN(8, map_scale)
TABLE_IN(9, map_offset)
TABLE_IN(10, then_scale)
TABLE_IN(11, then_map_scale)

struct MapTables {
  mat4 columns;
  vec4 scale;
  vec4 offset;
  vec4 then_scale;
  vec4 then_map_scale;
};

MapTables read_map() {
  MapTables tables;
  [[unroll]] for (int i = 0; i < MAP_MATRIX; ++i) tables.columns[i] = table4(map_matrix, i);
  if (MAP_SCALE != 0) tables.scale = table4(map_scale, 0);
  if (MAP_OFFSET != 0) tables.offset = table4(map_offset, 0);
  if (THEN_SCALE != 0) tables.then_scale = table4(then_scale, 0);
  if (THEN_MAP_SCALE != 0) tables.then_map_scale = table4(then_map_scale, 0);
  return tables;
}

// As map.comp has it.
vec4 map_value(vec4 value, MapTables tables, int texel) {
  const vec4 stored = load4(map_operand, texel);
  vec4 other = stored;
  if (MAP_MATRIX != 0) {
    other = tables.columns[0] * stored[0];
    [[unroll]] for (int j = 1; j < MAP_MATRIX; ++j) other += tables.columns[j] * stored[j];
  }
  if (MAP_SCALE != 0) other *= tables.scale;
  if (MAP_OFFSET != 0) other += tables.offset;
  value = activate(OUT_ACTIVATION, combine(STORE_MAP - 1, value, other), push.a, push.b, vec4(0.0));
  if (THEN != 0) {
    if (THEN_SCALE != 0) value *= tables.then_scale;
    value = combine(THEN - 1, value,
                    THEN_MAP_SCALE != 0 ? stored * tables.then_map_scale : stored);
  }
  // A quotient may be infinite in lanes without a channel.
  return mix(vec4(0.0), value, lessThan(ivec4(0, 1, 2, 3), ivec4(OUT_COUNT)));
}

#endif
