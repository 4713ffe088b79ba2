// Owns: Winograd's minimal filtering F(4x4, 3x3) and F(6x6, 3x3), along one axis: TILE_SIDE outputs of
// a 3-tap filter from TILE_SIDE + 2 inputs by as many products, at the points 0, 1, -1, 2, -2, of six
// outputs also 1/2, -1/2, and infinity. The filters' side is graph/winograd_filters.h. Lavin, Gray,
// "Fast Algorithms for Convolutional Neural Networks" (2015).
// Sums are formed from differences, so that a constant plane stays exactly constant.
// With inputs that come in pairs (nearest upsampling by 2, begun at the second of a pair: a b b c c d)
// the product at -1 vanishes and those at 2 and -2, and at 1/2 and -1/2, have one factor: the sums of
// both are multiples of b - c (of b/4 + d - 5c/4 and 4b + d - 5c in tiles of six). So there are
// fewer different inputs, and one product less.
#ifndef IMPASTO_LIB_WINOGRAD
#define IMPASTO_LIB_WINOGRAD

const bool LARGE = TILE_SIDE == 6;
const int PRODUCTS = TILE_SIDE + (DOUBLED != 0 ? 1 : 2);
// Different rows or columns of a tile, and their sums.
const int INPUTS = DOUBLED != 0 ? TILE_SIDE / 2 + 2 : PRODUCTS;
const int MOST_SIDE = 6;
const int MOST = MOST_SIDE + 2;  // inputs or products: arrays of this size

void transform_small_tile(inout vec4 d[MOST]) {
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

void transform_small_doubled_tile(inout vec4 d[MOST]) {
  const vec4 a = d[0];
  const vec4 b = d[1];
  const vec4 c = d[2];
  d[0] = 4.0 * (a - b) + (c - b);
  d[1] = c - 4.0 * b;
  d[2] = c - b;
  d[3] = 4.0 * (b - c) + (d[3] - c);
}

void transform_large_tile(inout vec4 d[MOST]) {
  const vec4 even = (d[2] + d[6]) - 4.25 * d[4];
  const vec4 odd = (d[1] + d[5]) - 4.25 * d[3];
  const vec4 even_two = (d[6] - d[4]) + 0.25 * (d[2] - d[4]);
  const vec4 odd_two = 0.5 * (d[1] - d[3]) + 2.0 * (d[5] - d[3]);
  const vec4 even_half = (d[6] - d[4]) + 4.0 * (d[2] - d[4]);
  const vec4 odd_half = 2.0 * (d[1] - d[3]) + 0.5 * (d[5] - d[3]);
  d[0] = (d[0] - d[6]) + 5.25 * (d[4] - d[2]);
  d[7] = (d[7] - d[1]) + 5.25 * (d[3] - d[5]);
  d[1] = even + odd;
  d[2] = even - odd;
  d[3] = even_two + odd_two;
  d[4] = even_two - odd_two;
  d[5] = even_half + odd_half;
  d[6] = even_half - odd_half;
}

void transform_large_doubled_tile(inout vec4 d[MOST]) {
  const vec4 b = d[1];
  const vec4 c = d[2];
  d[0] = (d[0] - d[3]) + 5.25 * (c - b);
  d[4] = (d[4] - b) + 5.25 * (c - d[3]);
  d[1] = (b + d[3]) - 4.25 * c;
  d[2] = (d[3] - c) + 0.25 * (b - c);
  d[3] = (d[3] - c) + 4.0 * (b - c);
}

// The first INPUTS of d.
void transform_input(inout vec4 d[MOST]) {
  if (LARGE && DOUBLED != 0) {
    transform_large_doubled_tile(d);
  } else if (LARGE) {
    transform_large_tile(d);
  } else if (DOUBLED != 0) {
    transform_small_doubled_tile(d);
  } else {
    transform_small_tile(d);
  }
}

// The inputs' sum that a product takes.
int input_of(int product) {
  return DOUBLED != 0 && product > 1 ? (product + 2) / 2 : product;
}

// The first PRODUCTS of m; the first TILE_SIDE are the outputs.
void transform_output(inout vec4 m[MOST]) {
  const int two = DOUBLED != 0 ? 2 : 3;  // the product at 2
  const vec4 minus_one = DOUBLED != 0 ? vec4(0.0) : m[2];
  const vec4 sum = m[1] + minus_one;
  const vec4 difference = m[1] - minus_one;
  const vec4 sum_two = m[two] + m[two + 1];
  const vec4 difference_two = m[two] - m[two + 1];
  const vec4 last = m[PRODUCTS - 1];
  if (LARGE) {
    const vec4 sum_half = m[two + 2] + m[two + 3];
    const vec4 difference_half = m[two + 2] - m[two + 3];
    m[0] = m[0] + sum + sum_two + sum_half;
    m[1] = difference + 2.0 * difference_two + 0.5 * difference_half;
    m[2] = sum + 4.0 * sum_two + 0.25 * sum_half;
    m[3] = difference + 8.0 * difference_two + 0.125 * difference_half;
    m[4] = sum + 16.0 * sum_two + 0.0625 * sum_half;
    m[5] = difference + 32.0 * difference_two + 0.03125 * difference_half + last;
  } else {
    m[0] = m[0] + sum + sum_two;
    m[1] = difference + 2.0 * difference_two;
    m[2] = sum + 4.0 * sum_two;
    m[3] = difference + 8.0 * difference_two + last;
  }
}

#endif
