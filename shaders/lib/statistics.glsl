// Owns: partial statistics (count, mean, M2) of a set of values per channel, and their merge.
// A mean is an unevaluated pair high + low: with mean/deviation of 3000 the rounding of one float
// mean would already be 2e-4 deviations. Chan, Golub, LeVeque, "Updating formulae and a pairwise
// algorithm for computing sample variances" (1979); TwoSum: Knuth, TAOCP 2, 4.2.2.
#ifndef IMPASTO_LIB_STATISTICS
#define IMPASTO_LIB_STATISTICS

struct Partial {
  vec4 mean_high;
  vec4 mean_low;
  vec4 m2;
  float count;
};

Partial empty_partial() { return Partial(vec4(0.0), vec4(0.0), vec4(0.0), 0.0); }

// high + low += x, exactly up to the rounding of low.
void add_to_pair(inout vec4 high, inout vec4 low, vec4 x) {
  precise vec4 sum = high + x;
  precise vec4 part = sum - high;
  precise vec4 error = (high - (sum - part)) + (x - part);
  precise vec4 rest = low + error;
  precise vec4 normal = sum + rest;
  low = rest - (normal - sum);
  high = normal;
}

Partial merge(Partial a, Partial b) {
  if (b.count == 0.0) return a;
  if (a.count == 0.0) return b;
  float count = a.count + b.count;
  precise vec4 delta = (b.mean_high - a.mean_high) + (b.mean_low - a.mean_low);
  float weight = b.count / count;
  Partial result = a;
  result.count = count;
  add_to_pair(result.mean_high, result.mean_low, delta * weight);
  result.m2 = a.m2 + b.m2 + delta * delta * (a.count * weight);
  return result;
}

#endif
