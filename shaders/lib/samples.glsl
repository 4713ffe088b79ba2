// Owns: where the components of a frame lie, as functions of the constants of SAMPLE_CONSTANTS; with
// unrolled arguments they cost nothing. Needs frame_abi.h.
#ifndef IMPASTO_LIB_SAMPLES
#define IMPASTO_LIB_SAMPLES

int plane_of(int c) { return c == 0 ? PLANE_0 : c == 1 ? PLANE_1 : c == 2 ? PLANE_2 : PLANE_3; }
int offset_of(int c) { return c == 0 ? OFFSET_0 : c == 1 ? OFFSET_1 : c == 2 ? OFFSET_2 : OFFSET_3; }
int step_of(int c) { return c == 0 ? STEP_0 : c == 1 ? STEP_1 : c == 2 ? STEP_2 : STEP_3; }

bool subsampled(int c) { return (LOG2_X + LOG2_Y) != 0 && (c == 1 || c == 2); }

// Samples of a row or column of `luma` luma samples.
int cells(int luma, int log2_cell) { return (luma + (1 << log2_cell) - 1) >> log2_cell; }

uvec4 slots_of(uint low, uint high) {
  uvec4 slots = WIDE == 0 ? (uvec4(low) >> uvec4(0u, 8u, 16u, 24u)) & 0xffu
                          : uvec4(low & 0xffffu, low >> 16, high & 0xffffu, high >> 16);
  return (slots >> uint(SHIFT)) & uint(MAXIMUM);
}

#endif
