#include "engine/net/reference.h"

#include <cassert>
#include <cmath>

#include "engine/base/half.h"
#include "engine/net/reference_ops.h"

namespace impasto::net {
namespace {

void round_values(Tensor& tensor, Rounding rounding) {
  if (rounding == Rounding::exact) return;
  for (double& value : tensor.data) value = round_to_half(static_cast<float>(value));
}

[[maybe_unused]] bool has_shape(const Tensor& tensor, const Value& value) {
  return tensor.channels == value.channels && tensor.height == value.height &&
         tensor.width == value.width;
}

/// Index of the last node that reads each value; the output is read after the last node.
std::vector<std::size_t> last_readers(const Net& net) {
  std::vector<std::size_t> last(net.values.size(), 0);
  for (std::size_t i = 0; i < net.nodes.size(); ++i) {
    for (const ValueId id : net.nodes[i].inputs) last[static_cast<std::size_t>(id)] = i;
  }
  last[static_cast<std::size_t>(net.output)] = net.nodes.size();
  return last;
}

std::vector<Tensor> run(const Net& net, const Tensor& input, std::span<const float> style,
                        Rounding rounding, bool keep_all) {
  assert(check(net).empty());
  assert(has_shape(input, net.value(net.input)));
  const auto parameters = evaluate_parameters(net, style);
  const auto last = last_readers(net);
  std::vector<Tensor> values(net.values.size());
  values[static_cast<std::size_t>(net.input)] = input;
  round_values(values[static_cast<std::size_t>(net.input)], rounding);
  for (std::size_t i = 0; i < net.nodes.size(); ++i) {
    const Node& node = net.nodes[i];
    std::vector<const Tensor*> inputs;
    for (const ValueId id : node.inputs) inputs.push_back(&values[static_cast<std::size_t>(id)]);
    Tensor& output = values[static_cast<std::size_t>(node.output)];
    output = evaluate_node(net, node, inputs, parameters);
    round_values(output, rounding);
    if (keep_all) continue;
    for (const ValueId id : node.inputs) {
      if (last[static_cast<std::size_t>(id)] == i) values[static_cast<std::size_t>(id)] = {};
    }
  }
  return values;
}

void make_absolute(std::vector<float>& values) {
  for (float& value : values) value = std::abs(value);
}

}  // namespace

Tensor evaluate_node(const Net& net, const Node& node, const std::vector<const Tensor*>& inputs,
                     const std::vector<std::vector<float>>& parameters) {
  const Operands operands{net.value(node.output), inputs, parameters};
  return std::visit([&](const auto& op) { return apply(op, operands); }, node.op);
}

std::vector<Tensor> evaluate_all(const Net& net, const Tensor& input, std::span<const float> style,
                                 Rounding rounding) {
  return run(net, input, style, rounding, true);
}

Tensor evaluate(const Net& net, const Tensor& input, std::span<const float> style,
                Rounding rounding) {
  return std::move(run(net, input, style, rounding, false)[static_cast<std::size_t>(net.output)]);
}

Tensor sum_of_magnitudes(const Net& net, const Node& node, const Tensor& input,
                         const std::vector<std::vector<float>>& parameters) {
  Node absolute = node;
  const auto take_magnitudes = [](auto& op) {
    std::vector<float> weights = *op.weights;
    make_absolute(weights);
    op.weights = std::make_shared<const std::vector<float>>(std::move(weights));
  };
  if (auto* conv = std::get_if<Conv>(&absolute.op)) {
    take_magnitudes(*conv);
  } else {
    take_magnitudes(std::get<ConvTranspose>(absolute.op));
  }
  Tensor magnitudes = input;
  for (double& value : magnitudes.data) value = std::abs(value);
  std::vector<std::vector<float>> absolute_parameters = parameters;
  for (auto& values : absolute_parameters) make_absolute(values);
  return evaluate_node(net, absolute, {&magnitudes}, absolute_parameters);
}

}  // namespace impasto::net
