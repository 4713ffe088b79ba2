// Owns: the plain-loop interpreter in double precision that defines what every op of op.h
// computes; kernels are tested against it, nothing ships through it.
// Depends on: net.h, tensor.h. To add an op: an apply() in reference_ops.h and its file.
#pragma once

#include <span>
#include <vector>

#include "engine/net/net.h"
#include "engine/net/tensor.h"

namespace impasto::net {

/// What a value is rounded to when it is stored, the input included; arithmetic stays double and
/// weights and parameters stay float.
enum class Rounding { exact, half };

/// Every value of the net by ValueId, for an input of the shape of net.input and weights over the
/// styles (empty: the parameters' own values). Values that no node writes stay empty.
std::vector<Tensor> evaluate_all(const Net& net, const Tensor& input,
                                 std::span<const float> style = {},
                                 Rounding rounding = Rounding::exact);

/// The net's output alone; each value is freed after its last reader.
Tensor evaluate(const Net& net, const Tensor& input, std::span<const float> style = {},
                Rounding rounding = Rounding::exact);

/// One node on its inputs, with the parameters as evaluate_parameters returns them.
Tensor evaluate_node(const Net& net, const Node& node, const std::vector<const Tensor*>& inputs,
                     const std::vector<std::vector<float>>& parameters);

/// For a Conv or ConvTranspose node: sum |w * x| + |bias| behind every output element, the scale
/// of the rounding error that a float convolution may have.
Tensor sum_of_magnitudes(const Net& net, const Node& node, const Tensor& input,
                         const std::vector<std::vector<float>>& parameters);

}  // namespace impasto::net
