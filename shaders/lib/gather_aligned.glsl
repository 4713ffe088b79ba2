// Owns: the components of four neighbouring pixels of an unscaled frame whose rows are whole quads, with
// the weights of lib/resample.glsl as constants: a quad then always lies alike over the chroma grid.
// Needs load_chunk, codes, SAMPLE_CONSTANTS with luma in slots of its own, chroma of every or every
// other column (in slots of its own or by turns with the other one), and of every or every other row.
#ifndef IMPASTO_LIB_GATHER_ALIGNED
#define IMPASTO_LIB_GATHER_ALIGNED

void gather_aligned_plain(const int component, int quad, int y) {
  const vec4 slots = load_chunk(plane_of(component), y, quad);
  [[unroll]] for (int p = 0; p < 4; ++p) codes[p][component] = slots[p];
}

// A chunk of two rows of a plane, weighted; the same row twice where no other exists.
vec4 load_between(int plane, ivec2 rows, float part, int chunk) {
  vec4 slots = load_chunk(plane, rows.x, chunk);
  if (LOG2_Y != 0) slots = slots * (1.0 - part) + load_chunk(plane, rows.y, chunk) * part;
  return slots;
}

// Chroma columns 2 * quad - 1 .. 2 * quad + 2 are under the quad.
void gather_aligned_chroma(int quad, int y) {
  const int columns = cells(push.source_width, LOG2_X);
  const int last_row = cells(push.source_height, LOG2_Y) - 1;
  const Place centre = place_unscaled(y, LOG2_Y, SITE_Y);
  const ivec2 rows = clamp(ivec2(centre.whole, centre.whole + 1), 0, last_row);
  const int last_chunk = ((columns * step_of(1) + 3) >> 2) - 1;
  vec4 samples[2];
  if (step_of(1) == 1) {
    const int chunk = (2 * quad - 1) >> 2;
    const bool late = (quad & 1) != 0;
    [[unroll]] for (int c = 0; c < 2; ++c) {
      const int plane = plane_of(c + 1);
      const vec4 here = load_between(plane, rows, centre.part, max(chunk, 0));
      const vec4 next = load_between(plane, rows, centre.part, min(chunk + 1, last_chunk));
      samples[c] = late ? vec4(here.yzw, next.x) : vec4(here.w, next.xyz);
    }
  } else {
    const vec4 before = load_between(plane_of(1), rows, centre.part, max(quad - 1, 0));
    const vec4 here = load_between(plane_of(1), rows, centre.part, quad);
    const vec4 next = load_between(plane_of(1), rows, centre.part, min(quad + 1, last_chunk));
    [[unroll]] for (int c = 0; c < 2; ++c) {
      const int offset = offset_of(c + 1);
      samples[c] = vec4(before[2 + offset], here[offset], here[2 + offset], next[offset]);
    }
  }
  [[unroll]] for (int c = 0; c < 2; ++c) {
    if (quad == 0) samples[c].x = samples[c].y;
    if (2 * quad + 2 >= columns) samples[c].w = samples[c].z;
    [[unroll]] for (int p = 0; p < 4; ++p) {
      codes[p][c + 1] =
          dot(samples[c], weights_at(place_unscaled(p, LOG2_X, SITE_X), 0.5, ivec4(-1, 0, 1, 2)));
    }
  }
}

void gather_aligned(int quad, int y) {
  gather_aligned_plain(0, quad, y);
  if (PLANE_1 >= 0 && subsampled(1)) {
    gather_aligned_chroma(quad, y);
  } else if (PLANE_1 >= 0) {
    gather_aligned_plain(1, quad, y);
    gather_aligned_plain(2, quad, y);
  }
  if (PLANE_3 >= 0) gather_aligned_plain(3, quad, y);
}

#endif
