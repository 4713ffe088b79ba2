// Owns: what the host and the shaders agree on: push-constant structs, enumerations and the numbers
// of specialization constants. Included by C++ (graph/, session/) and by every GLSL file.
// To add a kernel: a push struct and its constants here, a .comp file beside this one, a line where
// kernels are chosen (graph/lower_*.cpp). Every member is 4 bytes, so both sides lay it out alike.
//
// Tensors are packed by four channels: texel (plane, y, x) of vec4 at plane * plane_stride +
// y * row_stride + x, plane = channel / 4; channels past the last hold finite values.
#ifndef IMPASTO_SHADERS_ABI_H
#define IMPASTO_SHADERS_ABI_H

#ifdef __cplusplus
#include <cstdint>
namespace impasto::abi {
#define ABI_CONSTANT inline constexpr int
#else
#define ABI_CONSTANT const int
#endif

// Activations, in the order of net::ActivationKind after `none`; a and b as there.
ABI_CONSTANT ACTIVATION_NONE = 0;
ABI_CONSTANT ACTIVATION_RELU = 1;
ABI_CONSTANT ACTIVATION_LEAKY_RELU = 2;
ABI_CONSTANT ACTIVATION_PRELU = 3;
ABI_CONSTANT ACTIVATION_ELU = 4;
ABI_CONSTANT ACTIVATION_SIGMOID = 5;
ABI_CONSTANT ACTIVATION_TANH = 6;
ABI_CONSTANT ACTIVATION_CLIP = 7;
ABI_CONSTANT ACTIVATION_HARD_SIGMOID = 8;
ABI_CONSTANT ACTIVATION_HARD_SWISH = 9;
ABI_CONSTANT ACTIVATION_SQRT = 10;
ABI_CONSTANT ACTIVATION_RECIPROCAL = 11;
ABI_CONSTANT ACTIVATION_EXP = 12;
ABI_CONSTANT ACTIVATION_ABS = 13;
ABI_CONSTANT ACTIVATION_NEG = 14;

// Where the gather kernel finds the channel, row and column of an output texel.
ABI_CONSTANT GATHER_AFFINE = 0;              // begin + step * index along each axis
ABI_CONSTANT GATHER_DEPTH_TO_SPACE = 1;      // channel: cell of the block, then output channel
ABI_CONSTANT GATHER_DEPTH_TO_SPACE_CRD = 2;  // channel: output channel, then cell of the block
ABI_CONSTANT GATHER_SPACE_TO_DEPTH = 3;

// How a view continues a plane beyond its edges.
ABI_CONSTANT PAD_NONE = 0;  // coordinates beyond are clamped and their results unused
ABI_CONSTANT PAD_CONSTANT = 1;
ABI_CONSTANT PAD_REFLECT = 2;  // less than a plane beyond
ABI_CONSTANT PAD_EDGE = 3;
ABI_CONSTANT PAD_REFLECT_FAR = 4;  // any distance beyond; costs a division

// Binary operations, in the order of net::BinaryKind.
ABI_CONSTANT BINARY_ADD = 0;
ABI_CONSTANT BINARY_SUB = 1;
ABI_CONSTANT BINARY_MUL = 2;
ABI_CONSTANT BINARY_DIV = 3;
ABI_CONSTANT BINARY_POW = 4;
ABI_CONSTANT BINARY_MIN = 5;
ABI_CONSTANT BINARY_MAX = 6;

// What the second operand of the map kernel is.
ABI_CONSTANT OPERAND_NONE = 0;
ABI_CONSTANT OPERAND_TENSOR = 1;
ABI_CONSTANT OPERAND_PARAMETER = 2;           // one vec4 per plane
ABI_CONSTANT OPERAND_PARAMETER_REVERSED = 3;  // operand kind x

// vec4 words of one plane in a norm table (mean high, mean low, scale, beta) and of one record of
// partial statistics (mean high, mean low, M2, count in every lane).
ABI_CONSTANT NORM_TABLE_WORDS = 4;
ABI_CONSTANT PARTIAL_WORDS = 4;

// How a consumer sees a stored tensor: norm and activation (specialization constants), then nearest
// upsampling, then padding. View coordinate v reads row v - offset_y of [height][width].
struct View {
  int plane_stride;   // texels; 0: one plane for all channels
  int row_stride;     // texels; 0: one row for all
  int column_stride;  // 1, or 0: one column for all
  int height;         // after upsampling
  int width;
  int offset_y;
  int offset_x;
  float pad_value;
  float a;  // of the activation
  float b;
};

// Lists of specialization constants: C(id, member, NAME, default). GLSL declares const int NAME;
// C++ gets a struct of ints with the members in order of id. Constant 0 is the workgroup's width.
#define VIEW_CONSTANTS(C)         \
  C(1, norm, NORM, 0)             \
  C(2, activation, ACTIVATION, 0) \
  C(3, pad, PAD, 0)               \
  C(4, upsample, UPSAMPLE, 1)

#define CONV_CONSTANTS(C)                  \
  VIEW_CONSTANTS(C)                        \
  C(5, kernel_y, KERNEL_Y, 3)              \
  C(6, kernel_x, KERNEL_X, 3)              \
  C(7, stride_y, STRIDE_Y, 1)              \
  C(8, stride_x, STRIDE_X, 1)              \
  C(9, bias, BIAS, 0)                      \
  C(10, out_activation, OUT_ACTIVATION, 0) \
  C(11, statistics, STATISTICS, 0)         \
  C(12, in_count, IN_COUNT, 4)             \
  C(13, out_count, OUT_COUNT, 4)           \
  C(14, dilation_y, DILATION_Y, 1)         \
  C(15, dilation_x, DILATION_X, 1)         \
  C(16, group_in, GROUP_IN, 0)             \
  C(17, group_out, GROUP_OUT, 0)           \
  C(18, lanes, LANES, 8)

// conv_shuffle: planes of 4 output channels and rows of pixels per invocation. cells_in: input
// plane p is cell p, row by row, of each block of cells_in x cells_in pixels of the source's only
// plane (space to depth); cells_out: output plane p is that cell of the result's only plane.
// phases: of phases x phases pixels of the result each has filters of its own; that in row p and
// column q reads p rows and q columns further on. whole_tiles: none reaches past the grid's edges.
// store_map: 1 + the kind of a binary operation of the sum and a tensor like the result, before the
// activation; the rest as in MAP_CONSTANTS, then with that tensor again.
#define SHUFFLE_CONSTANTS(C)               \
  CONV_CONSTANTS(C)                        \
  C(19, out_planes, OUT_PLANES, 1)         \
  C(20, tile_y, TILE_Y, 2)                 \
  C(21, cells_in, CELLS_IN, 1)             \
  C(22, cells_out, CELLS_OUT, 1)           \
  C(23, phases, PHASES, 1)                 \
  C(24, whole_tiles, WHOLE_TILES, 0)       \
  C(25, store_map, STORE_MAP, 0)           \
  C(26, operand_scale, OPERAND_SCALE, 0)   \
  C(27, operand_offset, OPERAND_OFFSET, 0) \
  C(28, operand_matrix, OPERAND_MATRIX, 0) \
  C(29, then, THEN, 0)                     \
  C(30, then_scale, THEN_SCALE, 0)         \
  C(31, then_operand_scale, THEN_OPERAND_SCALE, 0)

// conv_tiled: block_out channels x tile pixels per workgroup, lane_out channels x lane_pixels
// pixels per invocation; kernel columns per step, kernel rows per window of registers.
#define TILED_CONSTANTS(C)                 \
  CONV_CONSTANTS(C)                        \
  C(19, tile_y, TILE_Y, 8)                 \
  C(20, tile_x, TILE_X, 16)                \
  C(21, block_out, BLOCK_OUT, 32)          \
  C(22, lane_out, LANE_OUT, 8)             \
  C(23, lane_pixels, LANE_PIXELS, 4)       \
  C(24, patch_shared, PATCH_SHARED, 1)     \
  C(25, step_columns, STEP_COLUMNS, 3)     \
  C(26, weights_shared, WEIGHTS_SHARED, 1) \
  C(27, prefetch, PREFETCH, 0)             \
  C(28, window_taps, WINDOW_TAPS, 1)

// conv_winograd_input: outputs of a tile along each axis, 4 or 6; doubled: the view is upsampled by
// 2 and its border is 1, so that a tile has four (five) different rows and columns instead of six
// (eight).
#define WINOGRAD_INPUT_CONSTANTS(C) \
  VIEW_CONSTANTS(C)                 \
  C(5, tile_side, TILE_SIDE, 4)     \
  C(6, doubled, DOUBLED, 0)

// conv_winograd_multiply: planes of 4 output channels and groups of LANES tiles per invocation.
#define WINOGRAD_MULTIPLY_CONSTANTS(C) \
  C(1, lanes, LANES, 8)                \
  C(2, out_planes, OUT_PLANES, 4)      \
  C(3, tiles, TILES, 4)                \
  C(4, tile_side, TILE_SIDE, 4)        \
  C(5, doubled, DOUBLED, 0)

#define WINOGRAD_OUTPUT_CONSTANTS(C)      \
  C(1, lanes, LANES, 8)                   \
  C(2, bias, BIAS, 0)                     \
  C(3, out_activation, OUT_ACTIVATION, 0) \
  C(4, statistics, STATISTICS, 0)         \
  C(5, tile_side, TILE_SIDE, 4)           \
  C(6, doubled, DOUBLED, 0)

#define RESIZE_CONSTANTS(C) \
  VIEW_CONSTANTS(C)         \
  C(5, linear, LINEAR, 0)

#define POOL_CONSTANTS(C)          \
  VIEW_CONSTANTS(C)                \
  C(5, kernel_y, KERNEL_Y, 2)      \
  C(6, kernel_x, KERNEL_X, 2)      \
  C(7, stride_y, STRIDE_Y, 2)      \
  C(8, stride_x, STRIDE_X, 2)      \
  C(9, dilation_y, DILATION_Y, 1)  \
  C(10, dilation_x, DILATION_X, 1) \
  C(11, average, AVERAGE, 0)       \
  C(12, count_padding, COUNT_PADDING, 0)

// plane: of the result, where a pass writes one plane only and so knows its channels; -1: any.
#define GATHER_CONSTANTS(C)         \
  VIEW_CONSTANTS(C)                 \
  C(5, mode, MODE, 0)               \
  C(6, block, BLOCK, 1)             \
  C(7, in_channels, IN_CHANNELS, 4) \
  C(8, plane, PLANE, -1)

#define GLOBAL_MAX_CONSTANTS(C) VIEW_CONSTANTS(C)

// operand_matrix: columns of the matrix that the operand's pixels are taken times; 0: none. then:
// 1 + the kind of a second operation, on the first one's result and a tensor of its shape, each
// scaled by a vector; then_operand_again: that tensor is the operand, read where that is.
// lanes_used: channels of every plane of the result; 0: the last one has fewer.
#define MAP_CONSTANTS(C)                           \
  VIEW_CONSTANTS(C)                                \
  C(5, operand, OPERAND, 0)                        \
  C(6, operand_norm, OPERAND_NORM, 0)              \
  C(7, operand_activation, OPERAND_ACTIVATION, 0)  \
  C(8, operand_pad, OPERAND_PAD, 0)                \
  C(9, operand_upsample, OPERAND_UPSAMPLE, 1)      \
  C(10, binary, BINARY, 0)                         \
  C(11, out_activation, OUT_ACTIVATION, 0)         \
  C(12, splat, SPLAT, 0)                           \
  C(13, operand_splat, OPERAND_SPLAT, 0)           \
  C(14, scale, SCALE, 0)                           \
  C(15, offset, OFFSET, 0)                         \
  C(16, operand_scale, OPERAND_SCALE, 0)           \
  C(17, operand_offset, OPERAND_OFFSET, 0)         \
  C(18, operand_half, OPERAND_HALF, 0)             \
  C(19, operand_matrix, OPERAND_MATRIX, 0)         \
  C(20, then, THEN, 0)                             \
  C(21, then_scale, THEN_SCALE, 0)                 \
  C(22, then_operand_scale, THEN_OPERAND_SCALE, 0) \
  C(23, then_half, THEN_HALF, 0)                   \
  C(24, lanes_used, LANES_USED, 0)                 \
  C(25, then_operand_again, THEN_OPERAND_AGAIN, 0)

#define STATISTICS_CONSTANTS(C) VIEW_CONSTANTS(C)

#define FINISH_CONSTANTS(C) \
  C(1, stored, STORED, 0)   \
  C(2, gamma, GAMMA, 0)     \
  C(3, beta, BETA, 0)       \
  C(4, grouped, GROUPED, 0) \
  C(5, by_lane, BY_LANE, 0)

// A dense convolution (conv_shuffle, conv_tiled, conv_generic).
struct ConvPush {
  View view;
  int in_planes;
  int out_plane_stride;
  int out_row_stride;
  int out_height;  // of the grid of pixels that this pass computes
  int out_width;
  int out_step;  // pixel (y, x) of that grid is stored at (y * step + offset_y, ...)
  int out_offset_y;
  int out_offset_x;
  int first_plane;  // output plane of workgroup row 0; outputs are bound from there
  int out_planes;   // output planes of this pass
  int tile_first;   // record of partial statistics of this pass's first tile
  int tile_stride;  // records of partial statistics per plane
  float a;          // of the stored activation
  float b;
};

// conv_winograd_input: a run of the tiles, numbered row by row, becomes
// [frequency][plane][tile].
struct WinogradInputPush {
  View view;
  int in_planes;
  int tiles_x;
  int first_tile;
  int last_tile;   // of the layer: past it, that one is transformed again
  int tile_pitch;  // tiles of the run
};

// conv_winograd_multiply: [input frequency][in plane][tile] -> [frequency][out plane][tile].
struct WinogradMultiplyPush {
  int in_planes;
  int out_planes;
  int tile_pitch;
};

// conv_winograd_output: a run of tiles of [frequency][plane][tile] -> pixels.
struct WinogradOutputPush {
  int planes;  // of the layer
  int tiles_x;
  int first_tile;
  int tile_count;  // of the layer
  int tile_pitch;
  int out_plane_stride;
  int out_row_stride;
  int out_height;  // of the grid of pixels that the layer computes, stored as in ConvPush
  int out_width;
  int out_step;
  int out_offset_y;
  int out_offset_x;
  int first_plane;    // output plane of workgroup row 0; outputs are bound from there
  int record_first;   // record of partial statistics of this pass's first workgroup
  int record_stride;  // records of partial statistics per plane
  float a;            // of the stored activation
  float b;
};

// conv_transposed; its constants are a convolution's.
struct TransposedPush {
  View view;
  int in_height;  // of the view, padding included
  int in_width;
  int in_planes;
  int border_top;  // of the op
  int border_left;
  int out_height;
  int out_width;
  int first_plane;
  float a;  // of the stored activation
  float b;
};

// resize: one invocation is four neighbours of a row.
struct ResizePush {
  View view;
  int out_height;
  int out_width;
  int first_plane;
};

// pool: one invocation is one pixel.
struct PoolPush {
  View view;
  int in_height;  // of the view, padding included
  int in_width;
  int padded_bottom;  // in_height + border: positions beyond count nowhere
  int padded_right;
  int border_top;
  int border_left;
  int out_height;
  int out_width;
  int first_plane;
};

// gather: texels [height][width] of the result from (out_offset_y, out_offset_x) on.
struct GatherPush {
  View view;
  int channel_begin;
  int channel_step;
  int begin_y;
  int step_y;
  int begin_x;
  int step_x;
  int height;
  int width;
  int out_plane_stride;
  int out_row_stride;
  int out_offset_y;
  int out_offset_x;
  int first_plane;
  int out_lead;  // texels of the binding before that plane
};

// join: one plane whose lanes are channels of four plain tensors of one size.
struct JoinPush {
  int channel_0;
  int channel_1;
  int channel_2;
  int channel_3;
  int texels;    // of a plane
  int out_lead;  // texels of the binding before the plane
};

// global_max: one workgroup per plane.
struct GlobalMaxPush {
  View view;
  int height;  // of the view, padding included
  int width;
};

// table_mean: the means of a norm table as a tensor of one pixel.
struct TableMeanPush {
  int planes;
};

// map: out = activation(view kind operand), over [planes][height][width]; one invocation is four
// neighbours of a row.
struct MapPush {
  View view;
  View operand;
  int out_plane_stride;
  int out_row_stride;
  int height;
  int width;
  int channels;  // of the result; lanes past the last are stored as 0
  int first_plane;
  float a;
  float b;
};

// statistics: partial statistics of a view, one workgroup per (tile of rows, plane).
struct StatisticsPush {
  View view;
  int height;  // of the view, padding included
  int width;
  int tile_rows;
  int tile_stride;  // records per plane
};

// finish: merges the partial statistics of each normalization group in record order and writes
// the norm table. A group is one channel, or with GROUPED `group_channels` of them; 0 <
// group_channels < 4 and runs that start inside a plane are allowed.
struct FinishPush {
  int channels;
  int group_channels;
  int tiles;  // records per plane
  float epsilon;
};

#ifdef __cplusplus
#define ABI_MEMBER(id, member, NAME, value) int member = value;
struct ConvConstants {
  int workgroup = 8;
  CONV_CONSTANTS(ABI_MEMBER)
};
struct MapConstants {
  int workgroup = 8;
  MAP_CONSTANTS(ABI_MEMBER)
};
struct StatisticsConstants {
  int workgroup = 8;
  STATISTICS_CONSTANTS(ABI_MEMBER)
};
struct FinishConstants {
  int workgroup = 8;
  FINISH_CONSTANTS(ABI_MEMBER)
};
struct ShuffleConstants {
  int workgroup = 8;
  SHUFFLE_CONSTANTS(ABI_MEMBER)
};
struct WinogradInputConstants {
  int workgroup = 8;
  WINOGRAD_INPUT_CONSTANTS(ABI_MEMBER)
};
struct WinogradMultiplyConstants {
  int workgroup = 8;
  WINOGRAD_MULTIPLY_CONSTANTS(ABI_MEMBER)
};
struct WinogradOutputConstants {
  int workgroup = 8;
  WINOGRAD_OUTPUT_CONSTANTS(ABI_MEMBER)
};
struct TiledConstants {
  int workgroup = 128;
  TILED_CONSTANTS(ABI_MEMBER)
};
struct ResizeConstants {
  int workgroup = 64;
  RESIZE_CONSTANTS(ABI_MEMBER)
};
struct PoolConstants {
  int workgroup = 64;
  POOL_CONSTANTS(ABI_MEMBER)
};
struct GatherConstants {
  int workgroup = 64;
  GATHER_CONSTANTS(ABI_MEMBER)
};
struct GlobalMaxConstants {
  int workgroup = 64;
  GLOBAL_MAX_CONSTANTS(ABI_MEMBER)
};
static_assert(sizeof(View) == 40);
static_assert(sizeof(TransposedPush) == 80);
static_assert(sizeof(PoolPush) == 76);
static_assert(sizeof(GatherPush) == 96);
static_assert(sizeof(MapPush) == 112);
static_assert(sizeof(StatisticsPush) == 56);
static_assert(sizeof(ConvPush) == 96);
static_assert(sizeof(WinogradInputPush) == 60);
static_assert(sizeof(WinogradMultiplyPush) == 12);
static_assert(sizeof(WinogradOutputPush) == 68);
}  // namespace impasto::abi
#endif

#undef ABI_CONSTANT
#endif
