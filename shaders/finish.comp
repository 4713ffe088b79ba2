// Norm tables: merges the partial statistics of every normalization group in a fixed order (each
// lane its records, then lanes pairwise; BY_LANE: a lane all records of a plane) and writes mean,
// scale and beta per channel. The workgroup's width is a power of two.
// Grid: x: planes when every channel is its own group or the statistics are stored (BY_LANE: one per
// invocation), else groups.
// variants: texel storage
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/abi.h"
#include "shaders/lib/push.glsl"
#include "shaders/lib/tensor.glsl"
#include "shaders/lib/statistics.glsl"

layout(local_size_x_id = 0) in;
FINISH_CONSTANTS(CONSTANT)

TABLE_IN(0, partials)
TABLE_IN(1, gamma)
TABLE_IN(2, beta)
TABLE_IN(3, stored_mean)
TABLE_IN(4, stored_variance)
TABLE_OUT(5, table)
PUSH(FinishPush)

shared Partial scratch[gl_WorkGroupSize.x];

Partial read_tiles(int plane, int first, int step) {
  Partial result = empty_partial();
  for (int i = first; i < push.tiles; i += step) {
    int record = (plane * push.tiles + i) * PARTIAL_WORDS;
    Partial tile = Partial(table4(partials, record), table4(partials, record + 1),
                           table4(partials, record + 2), table4(partials, record + 3).x);
    result = merge(result, tile);
  }
  return result;
}

Partial read_tiles_of_lane(int plane) {
  return read_tiles(plane, int(gl_LocalInvocationID.x), int(gl_WorkGroupSize.x));
}

Partial merge_lanes(Partial own) {
  const uint lane = gl_LocalInvocationID.x;
  scratch[lane] = own;
  barrier();
  for (uint half_width = gl_WorkGroupSize.x / 2u; half_width > 0u; half_width /= 2u) {
    if (lane < half_width) scratch[lane] = merge(scratch[lane], scratch[lane + half_width]);
    barrier();
  }
  return scratch[0];
}

// Channels past the last get zeros, whatever their records hold.
void write_plane(int plane, vec4 mean_high, vec4 mean_low, vec4 variance) {
  vec4 scale = 1.0 / sqrt(variance + push.epsilon);
  if (GAMMA != 0) scale *= table4(gamma, plane);
  vec4 offset = vec4(0.0);
  if (BETA != 0) offset = table4(beta, plane);
  bvec4 used = lessThan(plane * 4 + ivec4(0, 1, 2, 3), ivec4(push.channels));
  int word = plane * NORM_TABLE_WORDS;
  table.data[word] = mix(vec4(0.0), mean_high, used);
  table.data[word + 1] = mix(vec4(0.0), mean_low, used);
  table.data[word + 2] = mix(vec4(0.0), scale, used);
  table.data[word + 3] = mix(vec4(0.0), offset, used);
}

void write_group(int first, int last, float mean_high, float mean_low, float variance) {
  int end = last == push.channels ? (last + 3) / 4 * 4 : last;
  for (int channel = first + int(gl_LocalInvocationID.x); channel < end;
       channel += int(gl_WorkGroupSize.x)) {
    int plane = channel / 4;
    int lane = channel % 4;
    bool used = channel < last;
    float scale = 1.0 / sqrt(variance + push.epsilon);
    float offset = 0.0;
    if (GAMMA != 0) scale *= table4(gamma, plane)[lane];
    if (BETA != 0) offset = table4(beta, plane)[lane];
    int word = plane * NORM_TABLE_WORDS;
    table.data[word][lane] = used ? mean_high : 0.0;
    table.data[word + 1][lane] = used ? mean_low : 0.0;
    table.data[word + 2][lane] = used ? scale : 0.0;
    table.data[word + 3][lane] = used ? offset : 0.0;
  }
}

void main() {
  read_push();
  const int index = int(gl_WorkGroupID.x);
  if (STORED != 0) {
    if (gl_LocalInvocationID.x == 0u) {
      write_plane(index, table4(stored_mean, index), vec4(0.0), table4(stored_variance, index));
    }
    return;
  }
  if (BY_LANE != 0) {
    const int plane = int(gl_GlobalInvocationID.x);
    if (plane * 4 < push.channels) {
      const Partial total = read_tiles(plane, 0, 1);
      write_plane(plane, total.mean_high, total.mean_low, total.m2 / total.count);
    }
    return;
  }
  if (GROUPED == 0) {
    Partial total = merge_lanes(read_tiles_of_lane(index));
    if (gl_LocalInvocationID.x == 0u) {
      write_plane(index, total.mean_high, total.mean_low, total.m2 / total.count);
    }
    return;
  }
  const int first = index * push.group_channels;
  const int last = first + push.group_channels;
  Partial own = empty_partial();
  for (int plane = first / 4; plane * 4 < last; ++plane) {
    Partial tiles = read_tiles_of_lane(plane);
    for (int lane = 0; lane < 4; ++lane) {
      int channel = plane * 4 + lane;
      if (channel < first || channel >= last) continue;
      own = merge(own, Partial(vec4(tiles.mean_high[lane]), vec4(tiles.mean_low[lane]),
                               vec4(tiles.m2[lane]), tiles.count));
    }
  }
  Partial total = merge_lanes(own);
  write_group(first, last, total.mean_high.x, total.mean_low.x, total.m2.x / total.count);
}
