#include "engine/net/onnx_patterns.h"

#include <cmath>
#include <optional>

#include "engine/net/norm_layers.h"

namespace impasto::net {
namespace {

/// Who reads and writes what; of the net as it is when built.
class Links {
 public:
  explicit Links(const Net& net) : readers_(net.values.size(), 0), writer_(net.values.size(), -1) {
    for (std::size_t i = 0; i < net.nodes.size(); ++i) {
      writer_[static_cast<std::size_t>(net.nodes[i].output)] = static_cast<int>(i);
      for (const ValueId id : net.nodes[i].inputs) ++readers_[static_cast<std::size_t>(id)];
    }
    ++readers_[static_cast<std::size_t>(net.output)];
  }

  int readers(ValueId id) const { return readers_[static_cast<std::size_t>(id)]; }
  /// Index of the node that writes a value, -1 for the input.
  int writer(ValueId id) const { return writer_[static_cast<std::size_t>(id)]; }

 private:
  std::vector<int> readers_;
  std::vector<int> writer_;
};

/// The op of the node behind a value if it is of this type, and that node.
template <typename OpType>
const OpType* op_behind(const Net& net, const Links& links, ValueId id, const Node** node) {
  const int writer = links.writer(id);
  if (writer < 0) return nullptr;
  *node = &net.nodes[static_cast<std::size_t>(writer)];
  return std::get_if<OpType>(&(*node)->op);
}

const Parameter& parameter(const Net& net, ParameterId id) {
  return net.parameters[static_cast<std::size_t>(id)];
}

bool is_everywhere(const Net& net, ParameterId id, float number) {
  if (id == none) return true;
  if (parameter(net, id).from_style) return false;
  for (const float value : parameter(net, id).value) {
    if (value != number) return false;
  }
  return true;
}

/// The mean over H and W that this value is, as the value it is taken of; -1: it is none.
ValueId mean_of(const Net& net, const Links& links, ValueId id) {
  const Node* node = nullptr;
  const auto* pool = op_behind<GlobalPool>(net, links, id, &node);
  return pool && pool->kind == PoolKind::average ? node->inputs[0] : -1;
}

/// x of a difference x - mean(x); -1: it is none.
ValueId centred_of(const Net& net, const Links& links, ValueId id) {
  const Node* node = nullptr;
  const auto* binary = op_behind<Binary>(net, links, id, &node);
  if (!binary || binary->kind != BinaryKind::sub) return -1;
  const ValueId x = node->inputs[0];
  return mean_of(net, links, node->inputs[1]) == x ? x : -1;
}

/// x and epsilon of sqrt(mean((x - mean(x))^2) + epsilon).
struct Deviation {
  ValueId x = -1;
  float epsilon = 0;
};

std::optional<Deviation> deviation_of(const Net& net, const Links& links, ValueId id) {
  const Node* node = nullptr;
  const auto* root = op_behind<Activation>(net, links, id, &node);
  if (!root || root->kind != ActivationKind::sqrt) return std::nullopt;
  const auto* sum = op_behind<BinaryParameter>(net, links, node->inputs[0], &node);
  if (!sum || sum->kind != BinaryKind::add) return std::nullopt;
  const Parameter& epsilon = parameter(net, sum->operand);
  if (epsilon.from_style || !is_everywhere(net, sum->operand, epsilon.value[0]) ||
      epsilon.value[0] < 0) {
    return std::nullopt;
  }
  const ValueId square = mean_of(net, links, node->inputs[0]);
  if (square < 0) return std::nullopt;
  const auto* product = op_behind<Binary>(net, links, square, &node);
  if (!product || product->kind != BinaryKind::mul) return std::nullopt;
  const ValueId x = centred_of(net, links, node->inputs[0]);
  if (x < 0 || centred_of(net, links, node->inputs[1]) != x) return std::nullopt;
  return Deviation{x, epsilon.value[0]};
}

/// (x - mean(x)) / deviation, or times its reciprocal.
std::optional<Deviation> normalized_by(const Net& net, const Links& links, const Node& node) {
  const auto* binary = std::get_if<Binary>(&node.op);
  if (!binary) return std::nullopt;
  const bool product = binary->kind == BinaryKind::mul;
  if (!product && binary->kind != BinaryKind::div) return std::nullopt;
  for (const bool swapped : {false, true}) {
    if (swapped && !product) break;
    const ValueId x = centred_of(net, links, node.inputs[swapped ? 1 : 0]);
    ValueId divisor = node.inputs[swapped ? 0 : 1];
    if (product) {
      const Node* inverse = nullptr;
      const auto* activation = op_behind<Activation>(net, links, divisor, &inverse);
      if (!activation || activation->kind != ActivationKind::reciprocal) continue;
      divisor = inverse->inputs[0];
    }
    const auto deviation = deviation_of(net, links, divisor);
    if (x >= 0 && deviation && deviation->x == x) return deviation;
  }
  return std::nullopt;
}

/// A vector [C] from one that may be [1].
ParameterId widened(Net& net, ParameterId id, int channels) {
  const auto count = static_cast<std::size_t>(channels);
  if (parameter(net, id).value.size() == count) return id;
  Parameter wide = parameter(net, id);
  wide.value.assign(count, wide.value[0]);
  if (const auto from_style = wide.from_style) {
    wide.from_style = [from_style, count](std::span<const float> style) {
      return std::vector<float>(count, from_style(style)[0]);
    };
  }
  net.parameters.push_back(std::move(wide));
  return static_cast<ParameterId>(net.parameters.size() - 1);
}

template <typename Function>
ParameterId combined(Net& net, ParameterId a, ParameterId b, const Function& function) {
  Parameter result{parameter(net, a).name, parameter(net, a).value, nullptr};
  for (std::size_t i = 0; i < result.value.size(); ++i) {
    result.value[i] = function(result.value[i], parameter(net, b).value[i]);
  }
  net.parameters.push_back(std::move(result));
  return static_cast<ParameterId>(net.parameters.size() - 1);
}

bool is_constant(const Net& net, ParameterId id) {
  return id == none || !parameter(net, id).from_style;
}

/// Multiplies or shifts a norm's result by a vector; false where a style value meets another.
bool absorb(Net& net, Norm& norm, const BinaryParameter& op, int channels) {
  const bool fixed = is_constant(net, op.operand);
  if (op.kind == BinaryKind::mul) {
    const bool plain = is_everywhere(net, norm.gamma, 1);
    const bool unshifted = is_everywhere(net, norm.beta, 0);
    const bool all_fixed = fixed && is_constant(net, norm.gamma) && is_constant(net, norm.beta);
    if (!(plain && unshifted) && !all_fixed) return false;
    const ParameterId factor = widened(net, op.operand, channels);
    const auto product = [](float a, float b) { return a * b; };
    norm.gamma = plain ? factor : combined(net, norm.gamma, factor, product);
    norm.beta = unshifted ? none : combined(net, norm.beta, factor, product);
    return true;
  }
  if (op.kind != BinaryKind::add && (op.kind != BinaryKind::sub || op.reversed || !fixed)) {
    return false;
  }
  const bool unshifted = is_everywhere(net, norm.beta, 0) && op.kind == BinaryKind::add;
  if (!unshifted && !(fixed && is_constant(net, norm.beta))) return false;
  ParameterId shift = widened(net, op.operand, channels);
  const bool negative = op.kind == BinaryKind::sub;
  if (unshifted) {
    norm.beta = shift;
    return true;
  }
  if (norm.beta == none) {
    net.parameters.push_back({parameter(net, shift).name,
                              std::vector<float>(static_cast<std::size_t>(channels), 0.0F),
                              nullptr});
    norm.beta = static_cast<ParameterId>(net.parameters.size() - 1);
  }
  norm.beta = combined(net, norm.beta, shift,
                       [negative](float a, float b) { return negative ? a - b : a + b; });
  return true;
}

}  // namespace

void recognise_instance_norms(Net& net) {
  const Links links(net);
  for (Node& node : net.nodes) {
    const auto deviation = normalized_by(net, links, node);
    if (!deviation) continue;
    Norm norm;
    norm.epsilon = deviation->epsilon;
    node.op = norm;
    node.inputs = {deviation->x};
  }
}

void join_norm_parameters(Net& net) {
  const Links links(net);
  // The value that a norm's result now stands for, where an absorbed node wrote it.
  for (Node& node : net.nodes) {
    const auto* op = std::get_if<BinaryParameter>(&node.op);
    if (!op || links.readers(node.inputs[0]) != 1) continue;
    const int writer = links.writer(node.inputs[0]);
    if (writer < 0) continue;
    const Node& before = net.nodes[static_cast<std::size_t>(writer)];
    const auto* norm = std::get_if<Norm>(&before.op);
    if (!norm) continue;
    Norm joined = *norm;
    const BinaryParameter absorbed = *op;
    if (!absorb(net, joined, absorbed, net.value(before.output).channels)) continue;
    // The norm moves here; its old place is no longer read and goes with remove_unread.
    const std::string name = before.name;
    node.inputs = before.inputs;
    node.op = joined;
    node.name = name;
  }
}

void drop_dead_biases(Net& net) {
  const Links links(net);
  for (const Node& node : net.nodes) {
    const auto* norm = std::get_if<Norm>(&node.op);
    if (!norm || (norm->kind != NormKind::instance && norm->kind != NormKind::batch_frame)) {
      continue;
    }
    const ValueId in = node.inputs[0];
    if (links.writer(in) < 0 || links.readers(in) != 1) continue;
    Node& before = net.nodes[static_cast<std::size_t>(links.writer(in))];
    if (auto* conv = std::get_if<Conv>(&before.op)) conv->bias = none;
    if (auto* conv = std::get_if<ConvTranspose>(&before.op)) conv->bias = none;
  }
}

void remove_unread(Net& net) {
  std::vector<bool> read(net.values.size(), false);
  read[static_cast<std::size_t>(net.output)] = true;
  for (std::size_t i = net.nodes.size(); i-- > 0;) {
    if (!read[static_cast<std::size_t>(net.nodes[i].output)]) continue;
    for (const ValueId id : net.nodes[i].inputs) read[static_cast<std::size_t>(id)] = true;
  }
  std::erase_if(net.nodes,
                [&](const Node& node) { return !read[static_cast<std::size_t>(node.output)]; });
  read[static_cast<std::size_t>(net.input)] = true;
  std::vector<ValueId> moved(net.values.size(), -1);
  std::vector<Value> values;
  for (std::size_t i = 0; i < net.values.size(); ++i) {
    if (!read[i]) continue;
    moved[i] = static_cast<ValueId>(values.size());
    values.push_back(std::move(net.values[i]));
  }
  net.values = std::move(values);
  net.input = moved[static_cast<std::size_t>(net.input)];
  net.output = moved[static_cast<std::size_t>(net.output)];
  std::vector<ParameterId> kept(net.parameters.size(), none);
  std::vector<Parameter> parameters;
  const auto keep = [&](ParameterId& id) {
    if (id == none) return;
    ParameterId& place = kept[static_cast<std::size_t>(id)];
    if (place == none) {
      place = static_cast<ParameterId>(parameters.size());
      parameters.push_back(std::move(net.parameters[static_cast<std::size_t>(id)]));
    }
    id = place;
  };
  for (Node& node : net.nodes) {
    for (ValueId& id : node.inputs) id = moved[static_cast<std::size_t>(id)];
    node.output = moved[static_cast<std::size_t>(node.output)];
    std::visit(
        [&](auto& op) {
          if constexpr (requires { op.bias; }) keep(op.bias);
          if constexpr (requires { op.gamma; }) {
            keep(op.gamma);
            keep(op.beta);
            keep(op.mean);
            keep(op.variance);
          }
          if constexpr (requires { op.slope; }) keep(op.slope);
          if constexpr (requires { op.operand; }) keep(op.operand);
        },
        node.op);
  }
  net.parameters = std::move(parameters);
}

void simplify(Net& net, bool fold_batch) {
  remove_unread(net);
  recognise_instance_norms(net);
  remove_unread(net);
  join_norm_parameters(net);
  remove_unread(net);
  if (fold_batch) fold_batch_norms(net);
  remove_unread(net);
  drop_dead_biases(net);
  remove_unread(net);
  make_norms_live(net);
}

}  // namespace impasto::net
