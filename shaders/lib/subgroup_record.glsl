// Owns: partial statistics (lib/statistics.glsl) of the tiles that the lanes of one subgroup hold in
// sum_of(), TILE values of one plane each. Needs TILE (up to MOST_TILE), LANES, vec4 sum_of(int index)
// and the binding `partials`, and a workgroup of exactly one subgroup.
#ifndef IMPASTO_LIB_SUBGROUP_RECORD
#define IMPASTO_LIB_SUBGROUP_RECORD

// Sum over the lanes in lane order: constant-lane shuffles cost less than subgroupAdd where they are
// register moves, and the order is the same on every device.
vec4 sum_over_lanes(vec4 value) {
  vec4 sum = subgroupShuffle(value, 0u);
  [[unroll]] for (int lane = 1; lane < LANES; ++lane) sum += subgroupShuffle(value, uint(lane));
  return sum;
}

// The record of the tiles of all lanes: of sum_of() from `first` on, where `valid`.
void write_record(int first, int record, bool valid[MOST_TILE], int lane) {
  // Differences from a value of the tile are exact zeros where all are equal.
  const vec4 pilot = subgroupShuffle(sum_of(first), 0u);
  vec4 difference_sum = vec4(0.0);
  float own_count = 0.0;
  [[unroll]] for (int i = 0; i < TILE; ++i) {
    difference_sum += valid[i] ? sum_of(first + i) - pilot : vec4(0.0);
    own_count += valid[i] ? 1.0 : 0.0;
  }
  const float count = sum_over_lanes(vec4(own_count)).x;
  const vec4 shift = sum_over_lanes(difference_sum) / count;
  vec4 square_sum = vec4(0.0);
  [[unroll]] for (int i = 0; i < TILE; ++i) {
    const vec4 centred = (sum_of(first + i) - pilot) - shift;
    square_sum += valid[i] ? centred * centred : vec4(0.0);
  }
  square_sum = sum_over_lanes(square_sum);
  if (lane == 0) {
    vec4 high = pilot;
    vec4 low = vec4(0.0);
    add_to_pair(high, low, shift);
    partials.data[record] = high;
    partials.data[record + 1] = low;
    partials.data[record + 2] = square_sum;
    partials.data[record + 3] = vec4(count);
  }
}

#endif
