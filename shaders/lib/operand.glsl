// Owns: what a map does with the texels of its operand and with its second operation, alike in
// map.comp and in the store of a convolution (lib/store_map.glsl). Needs OPERAND_MATRIX, THEN,
// THEN_SCALE and THEN_OPERAND_SCALE (abi.h) and lib/activation.glsl.
#ifndef IMPASTO_LIB_OPERAND
#define IMPASTO_LIB_OPERAND

vec4 times_matrix(mat4 columns, vec4 texel) {
  if (OPERAND_MATRIX == 0) return texel;
  vec4 product = columns[0] * texel[0];
  [[unroll]] for (int i = 1; i < OPERAND_MATRIX; ++i) product += columns[i] * texel[i];
  return product;
}

// factor, other_factor: read where THEN_SCALE and THEN_OPERAND_SCALE say so.
vec4 then_combine(vec4 value, vec4 factor, vec4 other, vec4 other_factor) {
  if (THEN_SCALE != 0) value *= factor;
  if (THEN_OPERAND_SCALE != 0) other *= other_factor;
  return combine(THEN - 1, value, other);
}

#endif
