// Owns: the reference of one op each, behind reference.h.
// Depends on: op.h, tensor.h. Every apply() returns a tensor of the shape `operands.output`.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "engine/net/net.h"
#include "engine/net/tensor.h"

namespace impasto::net {

struct Operands {
  const Value& output;
  const std::vector<const Tensor*>& inputs;
  const std::vector<std::vector<float>>& parameters;

  const Tensor& input(std::size_t i = 0) const { return *inputs[i]; }
  /// Empty for `none`.
  std::span<const float> parameter(ParameterId id) const {
    if (id == none) return {};
    return parameters[static_cast<std::size_t>(id)];
  }
  Tensor result(double value = 0) const {
    return Tensor(output.channels, output.height, output.width, value);
  }
};

Tensor apply(const Conv& op, const Operands& operands);
Tensor apply(const ConvTranspose& op, const Operands& operands);
Tensor apply(const Norm& op, const Operands& operands);
Tensor apply(const Pad& op, const Operands& operands);
Tensor apply(const Resize& op, const Operands& operands);
Tensor apply(const Pool& op, const Operands& operands);
Tensor apply(const GlobalPool& op, const Operands& operands);
Tensor apply(const Activation& op, const Operands& operands);
Tensor apply(const Binary& op, const Operands& operands);
Tensor apply(const BinaryParameter& op, const Operands& operands);
Tensor apply(const Concat& op, const Operands& operands);
Tensor apply(const Slice& op, const Operands& operands);
Tensor apply(const DepthToSpace& op, const Operands& operands);
Tensor apply(const SpaceToDepth& op, const Operands& operands);
Tensor apply(const Constant& op, const Operands& operands);

}  // namespace impasto::net
