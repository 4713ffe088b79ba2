// Owns: push structs and specialization constants of the kernels between a frame's planes and the
// network's tensor: ingest, rescale, emit. Same conventions as abi.h.
//
// Samples are read and written as slots: bytes of a row up to 8 bits, 16-bit words above. A chunk
// is four slots, one or two 32-bit words. Sample s of component c is slot s * step + offset.
#ifndef IMPASTO_SHADERS_FRAME_ABI_H
#define IMPASTO_SHADERS_FRAME_ABI_H

#ifdef __cplusplus
#include <cstdint>
namespace impasto::abi {
#define ABI_CONSTANT inline constexpr int
#else
#define ABI_CONSTANT const int
#endif

// What lies between the coded values of the frame and those of the network (lib/color.glsl).
ABI_CONSTANT CURVE_NONE = 0;
ABI_CONSTANT CURVE_PQ = 1;

// Chroma samples of a row that one invocation of emit writes.
ABI_CONSTANT EMIT_CELLS = 4;

// What keep_colors keeps of the source.
ABI_CONSTANT KEEP_NOTHING = 0;      // gray
ABI_CONSTANT KEEP_CHROMA = 1;       // the codes of both chroma components
ABI_CONSTANT KEEP_DIFFERENCES = 2;  // RGB less its luma

// Components 0..2 are Y, Cb, Cr or R, G, B; 3 is alpha; plane -1: there is none. `site` is the
// chroma position within its cell in half luma samples, log2 the size of the cell.
#define SAMPLE_CONSTANTS(C)   \
  C(1, wide, WIDE, 0)         \
  C(2, shift, SHIFT, 0)       \
  C(3, maximum, MAXIMUM, 255) \
  C(4, log2_x, LOG2_X, 0)     \
  C(5, log2_y, LOG2_Y, 0)     \
  C(6, site_x, SITE_X, 0)     \
  C(7, site_y, SITE_Y, 0)     \
  C(8, plane0, PLANE_0, 0)    \
  C(9, offset0, OFFSET_0, 0)  \
  C(10, step0, STEP_0, 1)     \
  C(11, plane1, PLANE_1, -1)  \
  C(12, offset1, OFFSET_1, 0) \
  C(13, step1, STEP_1, 1)     \
  C(14, plane2, PLANE_2, -1)  \
  C(15, offset2, OFFSET_2, 0) \
  C(16, step2, STEP_2, 1)     \
  C(17, plane3, PLANE_3, -1)  \
  C(18, offset3, OFFSET_3, 0) \
  C(19, step3, STEP_3, 1)     \
  C(20, curve, CURVE, 0)

// aligned: unscaled, rows are whole quads, and the samples as lib/gather_aligned.glsl wants them.
#define INGEST_CONSTANTS(C)    \
  SAMPLE_CONSTANTS(C)          \
  C(21, unscaled, UNSCALED, 0) \
  C(22, aligned, ALIGNED, 0)

// rows, columns: of the source that a pixel, and four neighbours of a row, are made of at most.
#define RESCALE_CONSTANTS(C) \
  C(1, grow_y, GROW_Y, 0)    \
  C(2, grow_x, GROW_X, 0)    \
  C(3, rows, ROWS, 4)        \
  C(4, columns, COLUMNS, 8)

#define EMIT_CONSTANTS(C)                \
  SAMPLE_CONSTANTS(C)                    \
  C(21, same_layout, SAME_LAYOUT, 1)     \
  C(22, source_tensor, SOURCE_TENSOR, 0) \
  C(23, keep, KEEP, 1)                   \
  C(24, splat, SPLAT, 0)

// ingest: planes -> tensor of one plane; one invocation is four neighbours of a row.
struct IngestPush {
  int plane_word[4];   // of frame_in, where the plane starts
  int plane_pitch[4];  // words per row
  float matrix[12];    // rows of R, G, B over codes of components 0, 1, 2 and 1
  float alpha_scale;   // lane 3 = code * scale + bias
  float alpha_bias;
  float low;  // of the tensor's values, for 0 and 1
  float high;
  int source_height;
  int source_width;
  int width;           // of the tensor
  int content_height;  // the scaled picture at the tensor's top left
  int content_width;
};

// rescale: the picture in a tensor to another size; one invocation is four neighbours of a row.
struct RescalePush {
  int source_row_stride;
  int source_height;
  int source_width;
  int height;
  int width;
  float low;  // values are clamped to this range first
  float high;
};

// emit: tensor -> planes; one invocation is a block of pixels.
struct EmitPush {
  float matrix[12];  // code of components 0, 1, 2 over R, G, B and 1
  float luma[3];     // weights of Y' for KEEP_DIFFERENCES
  float low;         // of the tensor's values
  float scale;       // 1 / (high - low)
  int row_stride;    // texels of the tensor
  int height;        // of the frame
  int width;
  int plane_word[4];   // of frame_out, and of frame_in where SAME_LAYOUT
  int plane_pitch[4];  // words per row
};

#ifdef __cplusplus
#define ABI_MEMBER(id, member, NAME, value) int member = value;
struct IngestConstants {
  int workgroup = 8;
  INGEST_CONSTANTS(ABI_MEMBER)
};
struct RescaleConstants {
  int workgroup = 8;
  RESCALE_CONSTANTS(ABI_MEMBER)
};
struct EmitConstants {
  int workgroup = 8;
  EMIT_CONSTANTS(ABI_MEMBER)
};
#undef ABI_MEMBER
static_assert(sizeof(IngestPush) == 116);
static_assert(sizeof(RescalePush) == 28);
static_assert(sizeof(EmitPush) == 112);
}  // namespace impasto::abi
#endif

#undef ABI_CONSTANT
#endif
