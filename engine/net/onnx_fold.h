// Owns: evaluation of ONNX nodes on host tensors, for whatever depends on constants, sizes and
// style weights only.
// Depends on: onnx_tensor.h, onnx_attributes.h. To add an op: a row in the table of its family
// (onnx_fold_elementwise.cpp, onnx_fold_movement.cpp, onnx_fold_algebra.cpp).
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "engine/net/onnx_attributes.h"
#include "engine/net/onnx_tensor.h"

namespace impasto::net {

/// One node with the values of its inputs; null where an optional input is left out.
struct FoldCall {
  const onnx::NodeProto& node;
  int opset;
  std::vector<const HostTensor*> inputs;
  Budget& budget;

  Attributes attributes() const { return Attributes(node); }
  bool has(std::size_t i) const { return i < inputs.size() && inputs[i] != nullptr; }
  const HostTensor& input(std::size_t i) const;
  /// An attribute in older opsets, an input in newer ones; nothing where neither is there.
  std::optional<std::vector<std::int64_t>> list(const char* attribute, std::size_t input) const;
};

using FoldResult = std::vector<HostTensor>;
using FoldFunction = FoldResult (*)(const FoldCall&);
struct FoldEntry {
  std::string_view op;
  FoldFunction function;
};

std::span<const FoldEntry> elementwise_folds();
std::span<const FoldEntry> movement_folds();
std::span<const FoldEntry> algebra_folds();

/// Refuses ops that are not in the tables. The results obey the element type's rounding.
FoldResult fold(const FoldCall& call);

/// NumPy's rule; refuses what does not broadcast.
Shape broadcast(const Shape& a, const Shape& b);
/// Elements between neighbours along each axis; 0 along the axes that `full` broadcasts.
Shape broadcast_strides(const Shape& shape, const Shape& full);
/// Brings -rank..rank-1 to 0..rank-1.
int normalized_axis(std::int64_t axis, std::size_t rank);
/// `keep` of a shape that a Reshape node asks for (0 copies, -1 takes the rest).
Shape reshaped(const Shape& from, const std::vector<std::int64_t>& wanted, bool allow_zero);
/// Where Squeeze and Unsqueeze leave the shape.
Shape squeezed(const Shape& shape, const std::optional<std::vector<std::int64_t>>& axes);
Shape unsqueezed(const Shape& shape, const std::vector<std::int64_t>& axes);
/// begin, count and step of one axis of a Slice node.
struct SliceRange {
  std::int64_t begin = 0;
  std::int64_t count = 0;
  std::int64_t step = 1;
};
std::vector<SliceRange> slice_ranges(const Shape& shape, const FoldCall& call);
/// The sizes of the parts of a Split node along its axis.
std::vector<std::int64_t> split_sizes(std::int64_t size, const FoldCall& call);

}  // namespace impasto::net
