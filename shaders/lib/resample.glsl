// Owns: where a sample of one grid lies in another, and the weights of its neighbours there.
// Weight of a sample at distance d: how much of the box [-half_width, half_width] its cell of width 1
// covers. half_width 0.5 makes this linear interpolation, half of the ratio of a reduction makes it
// the exact area average; samples that do not exist are left out and the weights divided by their
// sum. Catmull-Rom: Mitchell, Netravali, "Reconstruction filters in computer graphics" (1988).
#ifndef IMPASTO_LIB_RESAMPLE
#define IMPASTO_LIB_RESAMPLE

// A position on a grid, whole + part; the part may leave 0..1 by a rounding error.
struct Place {
  int whole;
  float part;
};

// Centre of sample `index` of `count` in a grid of `size` samples over the same picture, each of
// which is a cell of 2^log2 luma samples with its position at site / 2 of them. Whole numbers, so
// that no digit of the fraction is lost.
Place place_in(int index, int count, int size, int log2_cell, int site) {
  int numerator = (2 * index + 1) * size - count * (1 + site);
  int denominator = count << (log2_cell + 1);
  int whole = int(floor(float(numerator) / float(denominator)));
  return Place(whole, float(numerator - whole * denominator) / float(denominator));
}

// The same where count is the number of luma samples.
Place place_unscaled(int index, int log2_cell, int site) {
  int numerator = 2 * index - site;
  int whole = numerator >> (log2_cell + 1);
  return Place(whole, float(numerator - (whole << (log2_cell + 1))) / float(2 << log2_cell));
}

float half_width_of(int count, int size, int log2_cell) {
  return 0.5 * max(1.0, float(size) / float(count << log2_cell));
}

// The first sample that has a weight, whether it exists or not.
int first_within(Place centre, float half_width) {
  return centre.whole + int(floor(centre.part - half_width - 0.5)) + 1;
}

int first_under(Place centre, float half_width, int size) {
  return clamp(first_within(centre, half_width), 0, size - 1);
}

int last_under(Place centre, float half_width, int size) {
  return clamp(centre.whole + int(ceil(centre.part + half_width + 0.5)) - 1, 0, size - 1);
}

// Sum of the weights of the samples that exist.
float total_under(Place centre, float half_width, int size) {
  return min(centre.part + half_width, float(size - centre.whole) - 0.5) -
         max(centre.part - half_width, float(-centre.whole) - 0.5);
}

float weight_at(Place centre, float half_width, int position) {
  float distance = abs(float(position - centre.whole) - centre.part);
  return clamp(half_width + 0.5 - distance, 0.0, 1.0);
}

vec4 weights_at(Place centre, float half_width, ivec4 positions) {
  vec4 distances = abs(vec4(positions - centre.whole) - centre.part);
  return clamp(half_width + 0.5 - distances, 0.0, 1.0);
}

float catmull_rom(float distance) {
  float d = abs(distance);
  float near = (1.5 * d - 2.5) * d * d + 1.0;
  float far = ((2.5 - 0.5 * d) * d - 4.0) * d + 2.0;
  return d < 1.0 ? near : d < 2.0 ? far : 0.0;
}

#endif
