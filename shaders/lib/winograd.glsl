// Owns: Winograd's minimal filtering F(4x4, 3x3), along one axis: four outputs of a 3-tap filter
// from six inputs by six products at the points 0, 1, -1, 2, -2 and infinity. The filters' side is
// graph/winograd_filters.h. Lavin, Gray, "Fast Algorithms for Convolutional Neural Networks" (2015).
// Sums are formed from differences, so that a constant plane stays exactly constant.
// With inputs that come in pairs (nearest upsampling by 2, begun at the second of a pair: a b b c c d)
// the product at -1 vanishes and those at 2 and -2 have one factor: three of the six inputs' sums are
// multiples of b - c and c - 4b, so that four products' inputs and five products remain.
#ifndef IMPASTO_LIB_WINOGRAD
#define IMPASTO_LIB_WINOGRAD

const int TILE_SIDE = 4;
const int INPUTS = DOUBLED != 0 ? 4 : 6;    // different rows or columns of a tile, and their sums
const int PRODUCTS = DOUBLED != 0 ? 5 : 6;
const int MOST = 6;  // of either: arrays of these sizes

void transform_input(inout vec4 d[MOST]) {
  if (DOUBLED != 0) {
    const vec4 a = d[0];
    const vec4 b = d[1];
    const vec4 c = d[2];
    d[0] = 4.0 * (a - b) + (c - b);
    d[1] = c - 4.0 * b;
    d[2] = c - b;
    d[3] = 4.0 * (b - c) + (d[3] - c);
  } else {
    const vec4 even = d[4] - 4.0 * d[2];
    const vec4 odd = d[3] - 4.0 * d[1];
    const vec4 even_two = d[4] - d[2];
    const vec4 odd_two = 2.0 * (d[3] - d[1]);
    d[0] = 4.0 * (d[0] - d[2]) + even_two;
    d[5] = 4.0 * (d[1] - d[3]) + (d[5] - d[3]);
    d[1] = even + odd;
    d[2] = even - odd;
    d[3] = even_two + odd_two;
    d[4] = even_two - odd_two;
  }
}

// The first TILE_SIDE of m are the outputs.
void transform_output(inout vec4 m[MOST]) {
  const vec4 one = m[1];
  const vec4 minus_one = DOUBLED != 0 ? vec4(0.0) : m[2];
  const vec4 two = m[PRODUCTS - 3];
  const vec4 minus_two = m[PRODUCTS - 2];
  const vec4 sum = one + minus_one;
  const vec4 difference = one - minus_one;
  const vec4 sum_two = two + minus_two;
  const vec4 difference_two = two - minus_two;
  const vec4 last = m[PRODUCTS - 1];
  m[0] = m[0] + sum + sum_two;
  m[1] = difference + 2.0 * difference_two;
  m[2] = sum + 4.0 * sum_two;
  m[3] = difference + 8.0 * difference_two + last;
}

#endif
