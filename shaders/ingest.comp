// Planes of a frame -> the network's input, at the network's size: every component is resampled from
// its own grid (lib/resample.glsl), then matrix, curve, range. Columns and rows past the content are
// its reflection. Vertical sums of a chunk come first, so that each word is loaded and unpacked once
// for four pixels.
// Tile: four neighbours of a row per invocation; x: quads of a row, y: rows.
// variants: texel texel_half storage storage_half
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "shaders/abi.h"
#include "shaders/frame_abi.h"
#include "shaders/lib/push.glsl"
#include "shaders/lib/tensor.glsl"

layout(local_size_x_id = 0) in;
INGEST_CONSTANTS(CONSTANT)

#include "shaders/lib/color.glsl"
#include "shaders/lib/resample.glsl"
#include "shaders/lib/samples.glsl"

WORDS_IN(0, frame)
TENSOR_OUT(1, result)
PUSH(IngestPush)

vec4 codes[4];  // components of each of the four pixels

// Reflection without repeating the edge, of any coordinate >= 0.
int reflect_into(int coordinate, int size) {
  int period = max(2 * (size - 1), 1);
  int folded = coordinate - period * int((float(coordinate) + 0.5) / float(period));
  return size - 1 - abs(size - 1 - folded);
}

vec4 load_chunk(int plane, int row, int chunk) {
  int word = push.plane_word[plane] + row * push.plane_pitch[plane];
  if (WIDE == 0) return vec4(slots_of(word_of(frame, word + chunk), 0u));
  return vec4(slots_of(word_of(frame, word + 2 * chunk), word_of(frame, word + 2 * chunk + 1)));
}

Place place(int index, int count, int size, int log2_cell, int site) {
  return UNSCALED != 0 ? place_unscaled(index, log2_cell, site)
                       : place_in(index, count, size, log2_cell, site);
}

float half_width(int count, int size, int log2_cell) {
  return UNSCALED != 0 ? 0.5 : half_width_of(count, size, log2_cell);
}

// Chunks that hold every sample under four pixels. Equal for all invocations: lavapipe 22.3 adds to
// sums of those that have left a loop around another one.
int chunk_count(int step, int offsets, bool chroma, int log2_x, float column_half) {
  if (UNSCALED != 0 && !chroma) return step + (push.width > push.content_width ? 1 : 0);
  const float cell = float(push.content_width << log2_x);
  const float window = 3.0 * float(push.source_width) / cell + 2.0 * column_half + 1.0;
  const int slots = int(window) * step + offsets + 1;
  return ((slots + 2) >> 2) + 1;
}

// Sets components [first, last] of the pixels at columns x and row y of the content. They share a
// grid and a step; those of one plane may differ in offset.
void gather(const int first, const int last, ivec4 x, int y) {
  const bool chroma = subsampled(first);
  const int log2_x = chroma ? LOG2_X : 0;
  const int log2_y = chroma ? LOG2_Y : 0;
  const int columns = cells(push.source_width, log2_x);
  const int rows = cells(push.source_height, log2_y);

  const Place row_centre =
      place(y, push.content_height, push.source_height, log2_y, chroma ? SITE_Y : 0);
  const float row_half = half_width(push.content_height, push.source_height, log2_y);
  const int first_row = first_under(row_centre, row_half, rows);
  const int last_row = last_under(row_centre, row_half, rows);

  Place centres[4];
  const float column_half = half_width(push.content_width, push.source_width, log2_x);
  int first_column = columns - 1;
  [[unroll]] for (int p = 0; p < 4; ++p) {
    centres[p] = place(x[p], push.content_width, push.source_width, log2_x, chroma ? SITE_X : 0);
    first_column = min(first_column, first_under(centres[p], column_half, columns));
  }

  const int step = step_of(first);
  int low_offset = offset_of(first);
  int high_offset = offset_of(first);
  [[unroll]] for (int c = first; c <= last; ++c) {
    low_offset = min(low_offset, offset_of(c));
    high_offset = max(high_offset, offset_of(c));
  }
  const int first_chunk = (first_column * step + low_offset) >> 2;
  const int row_chunks = (columns * step + 3) >> 2;
  const int chunks = chunk_count(step, high_offset - low_offset, chroma, log2_x, column_half);
  vec4 sums[4] = vec4[4](vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0));
  int visited = 0;
  // do-while: lavapipe runs the body of other loops once more, masked.
  do {
    const int chunk = first_chunk + visited;
    vec4 slots[4] = vec4[4](vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0));  // per component
    int row = first_row;
    do {
      const float weight = weight_at(row_centre, row_half, row);
      [[unroll]] for (int c = first; c <= last; ++c) {
        if (c > first && plane_of(c) == plane_of(first)) continue;
        slots[c] += weight * load_chunk(plane_of(c), row, min(chunk, row_chunks - 1));
      }
    } while (++row <= last_row);
    [[unroll]] for (int c = first; c <= last; ++c) {
      if (plane_of(c) == plane_of(first)) slots[c] = slots[first];
      const ivec4 slot = chunk * 4 + ivec4(0, 1, 2, 3) - offset_of(c);
      const ivec4 position = slot / step;
      const bvec4 skipped = bvec4(uvec4(notEqual(position * step, slot)) |
                                  uvec4(greaterThanEqual(position, ivec4(columns))));
      const vec4 values = mix(slots[c], vec4(0.0), skipped);
      [[unroll]] for (int p = 0; p < 4; ++p) {
        if (UNSCALED != 0 && !chroma) {
          sums[p][c] += dot(vec4(equal(position, ivec4(x[p]))), values);
        } else {
          sums[p][c] += dot(weights_at(centres[p], column_half, position), values);
        }
      }
    }
  } while (++visited < chunks);

  const float row_total = total_under(row_centre, row_half, rows);
  [[unroll]] for (int p = 0; p < 4; ++p) {
    const float total = row_total * total_under(centres[p], column_half, columns);
    [[unroll]] for (int c = first; c <= last; ++c) codes[p][c] = sums[p][c] / total;
  }
}

#include "shaders/lib/gather_aligned.glsl"

void main() {
  read_push();
  const int first_x = int(gl_GlobalInvocationID.x) * 4;
  if (first_x >= push.width) return;
  const int y = int(gl_WorkGroupID.y);
  ivec4 x;
  [[unroll]] for (int p = 0; p < 4; ++p) {
    codes[p] = vec4(0.0);
    x[p] = reflect_into(min(first_x + p, push.width - 1), push.content_width);
  }
  const int content_y = reflect_into(y, push.content_height);
  if (ALIGNED != 0) {
    gather_aligned(int(gl_GlobalInvocationID.x), content_y);
  } else if (PLANE_1 < 0) {
    gather(0, 0, x, content_y);
  } else if (subsampled(1) || STEP_0 != STEP_1) {
    gather(0, 0, x, content_y);
    gather(1, 2, x, content_y);
  } else {
    gather(0, 2, x, content_y);
  }
  if (ALIGNED == 0 && PLANE_3 >= 0) gather(3, 3, x, content_y);

  [[unroll]] for (int p = 0; p < 4; ++p) {
    if (first_x + p >= push.width) break;
    vec3 rgb;
    [[unroll]] for (int i = 0; i < 3; ++i) {
      rgb[i] = dot(vec3(push.matrix[4 * i], push.matrix[4 * i + 1], push.matrix[4 * i + 2]),
                   codes[p].xyz) +
               push.matrix[4 * i + 3];
    }
    rgb = push.low + (push.high - push.low) * to_network(CURVE, rgb);
    store4(result, y * push.width + first_x + p,
           vec4(rgb, codes[p].w * push.alpha_scale + push.alpha_bias));
  }
}
