// Owns: the operations of a network, as plain aggregates, and the variant over them.
// Depends on: nothing but the standard library; names no file format and no device.
// To add an op: one struct here and in Op, one reference (reference.cpp), one lowering
// (graph/lower.cpp), one import line (onnx_ops.cpp), one row in tests; std::visit lists what
// misses.
//
// Shapes: an activation is one instance [C][H][W]. Formulas follow the ONNX operator of the same
// name unless said otherwise.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace impasto::net {

/// Index into Net::parameters; `none` where an op has no such vector.
using ParameterId = int;
inline constexpr ParameterId none = -1;

/// Constant data in row-major order, shared between the copies of a net.
using Weights = std::shared_ptr<const std::vector<float>>;

struct Pair {
  int y = 1;
  int x = 1;
  bool operator==(const Pair&) const = default;
};

/// Rows and columns added around a plane (negative: removed, in Pad only).
struct Border {
  int top = 0;
  int left = 0;
  int bottom = 0;
  int right = 0;
  bool operator==(const Border&) const = default;
  bool empty() const { return *this == Border{}; }
};

/// Padding modes of ONNX Pad. reflect excludes the edge itself: -1 -> 1.
enum class PadMode { constant, reflect, edge };

/// Correlation, zero padding. weights [out][in/groups][ky][kx]; bias [out] or none.
struct Conv {
  int in_channels = 0;
  int out_channels = 0;
  Pair kernel{};
  Pair stride{};
  Pair dilation{};
  Border border{};
  int groups = 1;
  Weights weights{};
  ParameterId bias = none;
};

/// Transposed convolution. weights [in][out/groups][ky][kx]; bias [out] or none. The output size
/// is the node's output value's: (in - 1) * stride + dilation * (kernel - 1) + 1 - border + extra.
struct ConvTranspose {
  int in_channels = 0;
  int out_channels = 0;
  Pair kernel{};
  Pair stride{};
  Pair dilation{};
  Border border{};
  int groups = 1;
  Weights weights{};
  ParameterId bias = none;
};

/// Where a normalization takes its mean and biased variance from.
enum class NormKind {
  instance,      ///< each channel over H, W
  group,         ///< `groups` runs of channels over H, W
  layer,         ///< all channels over C, H, W (a group norm with one group)
  batch_frame,   ///< batch norm in training mode; with one instance this is instance norm
  batch_stored,  ///< batch norm in inference mode: stored mean and variance, per channel
};

/// y = gamma * (x - mean) / sqrt(variance + epsilon) + beta; gamma, beta [C], absent: 1 and 0.
struct Norm {
  NormKind kind = NormKind::instance;
  int groups = 1;
  float epsilon = 1e-5F;
  ParameterId gamma = none;
  ParameterId beta = none;
  ParameterId mean = none;      ///< batch_stored only, [C]
  ParameterId variance = none;  ///< batch_stored only, [C]
};

/// Spatial padding or cropping; `value` is used by PadMode::constant.
struct Pad {
  Border border{};
  PadMode mode = PadMode::constant;
  float value = 0;
};

enum class ResizeMode { nearest, linear };

/// One axis of a separable resize: output i is a[i] * (1 - t[i]) + b[i] * t[i] of the inputs at
/// low[i] and high[i]. Every coordinate and rounding mode of ONNX Resize is such a table.
struct ResizeAxis {
  std::vector<int> low;
  std::vector<int> high;
  std::vector<float> fraction;
  bool operator==(const ResizeAxis&) const = default;
};

struct Resize {
  ResizeMode mode = ResizeMode::nearest;
  ResizeAxis y{};
  ResizeAxis x{};
  /// f > 0: exactly "output i reads input i / f" on both axes, the form that a consumer can fuse.
  int nearest_factor = 0;
};

enum class PoolKind { max, average };

/// ONNX MaxPool / AveragePool; the output size is the node's output value's (ceil_mode included).
struct Pool {
  PoolKind kind = PoolKind::max;
  Pair kernel{};
  Pair stride{};
  Pair dilation{};
  Border border{};
  bool count_include_pad = false;
};

/// Mean or maximum over H, W: [C][H][W] -> [C][1][1].
struct GlobalPool {
  PoolKind kind = PoolKind::average;
};

enum class ActivationKind {
  relu,
  leaky_relu,  ///< a: slope
  prelu,       ///< slope vector [C] or [1]
  elu,         ///< a: alpha
  sigmoid,
  tanh,
  clip,          ///< a: minimum, b: maximum
  hard_sigmoid,  ///< clip(a * x + b, 0, 1)
  hard_swish,    ///< x * clip(x / 6 + 0.5, 0, 1)
  sqrt,
  reciprocal,
  exp,
  abs,
  neg,
};

struct Activation {
  ActivationKind kind = ActivationKind::relu;
  float a = 0;
  float b = 0;
  ParameterId slope = none;
};

enum class BinaryKind { add, sub, mul, div, pow, min, max };

/// Two activations, each [C or 1][H or 1][W or 1], broadcast as NumPy does.
struct Binary {
  BinaryKind kind = BinaryKind::add;
};

/// An activation and a vector of the host, [C] or [1]; reversed: operand kind x, not x kind
/// operand.
struct BinaryParameter {
  BinaryKind kind = BinaryKind::add;
  ParameterId operand = none;
  bool reversed = false;
};

/// Any number of inputs along an axis: 0 channels, 1 rows, 2 columns.
struct Concat {
  int axis = 0;
};

/// out[c][y][x] = in[begin.c + c * step.c][...]; the output size is the node's output value's.
struct Slice {
  int begin[3] = {0, 0, 0};
  int step[3] = {1, 1, 1};
};

/// column_row: ONNX mode CRD (PyTorch's pixel shuffle); otherwise DCR.
struct DepthToSpace {
  int block = 1;
  bool column_row = false;
};

struct SpaceToDepth {
  int block = 1;
};

/// A constant activation, [C][H][W] of the node's output value; no inputs.
struct Constant {
  Weights data{};
};

using Op =
    std::variant<Conv, ConvTranspose, Norm, Pad, Resize, Pool, GlobalPool, Activation, Binary,
                 BinaryParameter, Concat, Slice, DepthToSpace, SpaceToDepth, Constant>;

/// The op's ONNX-like name, for messages and dumps.
const char* op_name(const Op& op);

}  // namespace impasto::net
