// fold_batch_norms: y = (conv(x) - mean) * g + beta with g = gamma / sqrt(variance + epsilon) is a
// convolution with weights g * w and bias (bias - mean) * g + beta.
#include <cmath>

#include "engine/net/onnx_patterns.h"

namespace impasto::net {
namespace {

const std::vector<float>* constant(const Net& net, ParameterId id) {
  const Parameter& parameter = net.parameters[static_cast<std::size_t>(id)];
  return parameter.from_style ? nullptr : &parameter.value;
}

/// Factor and shift per channel in double; false where a parameter depends on the style or the
/// stored variance is unusable.
bool affine_of(const Net& net, const Norm& norm, std::size_t channels, std::vector<double>& factor,
               std::vector<double>& shift) {
  factor.assign(channels, 1);
  shift.assign(channels, 0);
  for (const ParameterId id : {norm.gamma, norm.beta, norm.mean, norm.variance}) {
    if (id != none && !constant(net, id)) return false;
  }
  for (std::size_t c = 0; c < channels; ++c) {
    const auto at = [&](ParameterId id, double otherwise) {
      return id == none ? otherwise : static_cast<double>((*constant(net, id))[c]);
    };
    const double variance = at(norm.variance, 1) + static_cast<double>(norm.epsilon);
    factor[c] = at(norm.gamma, 1) / std::sqrt(variance);
    shift[c] = at(norm.beta, 0) - at(norm.mean, 0) * factor[c];
    if (!std::isfinite(factor[c]) || !std::isfinite(shift[c])) return false;
  }
  return true;
}

/// Output channel of weight i: [out][in/groups][k] for Conv, [in][out/groups][k] for ConvTranspose.
std::size_t channel_of(const Conv& op, std::size_t i, std::size_t count) {
  return i / (count / static_cast<std::size_t>(op.out_channels));
}

std::size_t channel_of(const ConvTranspose& op, std::size_t i, std::size_t count) {
  const auto per_input = count / static_cast<std::size_t>(op.in_channels);
  const auto outputs = static_cast<std::size_t>(op.out_channels / op.groups);
  const std::size_t group = i / per_input / static_cast<std::size_t>(op.in_channels / op.groups);
  return group * outputs + i % per_input / (per_input / outputs);
}

template <typename Convolution>
bool fold_into(Net& net, Convolution& op, const Norm& norm) {
  std::vector<double> factor;
  std::vector<double> shift;
  if (op.bias != none && !constant(net, op.bias)) return false;
  const auto channels = static_cast<std::size_t>(op.out_channels);
  if (!affine_of(net, norm, channels, factor, shift)) return false;
  auto weights = std::make_shared<std::vector<float>>(*op.weights);
  for (std::size_t i = 0; i < weights->size(); ++i) {
    float& weight = (*weights)[i];
    weight = static_cast<float>(static_cast<double>(weight) *
                                factor[channel_of(op, i, weights->size())]);
    if (!std::isfinite(weight)) return false;
  }
  Parameter bias;
  bias.name = op.bias == none ? net.parameters[static_cast<std::size_t>(norm.mean)].name
                              : net.parameters[static_cast<std::size_t>(op.bias)].name;
  for (std::size_t c = 0; c < channels; ++c) {
    const double old = op.bias == none ? 0 : static_cast<double>((*constant(net, op.bias))[c]);
    bias.value.push_back(static_cast<float>(old * factor[c] + shift[c]));
    if (!std::isfinite(bias.value.back())) return false;
  }
  op.weights = std::move(weights);
  net.parameters.push_back(std::move(bias));
  op.bias = static_cast<ParameterId>(net.parameters.size() - 1);
  return true;
}

}  // namespace

void fold_batch_norms(Net& net) {
  std::vector<int> readers(net.values.size(), 0);
  std::vector<int> writer(net.values.size(), -1);
  for (std::size_t i = 0; i < net.nodes.size(); ++i) {
    for (const ValueId id : net.nodes[i].inputs) ++readers[static_cast<std::size_t>(id)];
    writer[static_cast<std::size_t>(net.nodes[i].output)] = static_cast<int>(i);
  }
  ++readers[static_cast<std::size_t>(net.output)];
  for (Node& node : net.nodes) {
    const auto* norm = std::get_if<Norm>(&node.op);
    if (!norm || norm->kind != NormKind::batch_stored) continue;
    const auto in = static_cast<std::size_t>(node.inputs[0]);
    if (readers[in] != 1 || writer[in] < 0) continue;
    const Node& before = net.nodes[static_cast<std::size_t>(writer[in])];
    Op folded = before.op;
    const bool done = std::visit(
        [&](auto& op) {
          if constexpr (requires { op.weights; }) return fold_into(net, op, *norm);
          return false;
        },
        folded);
    if (!done) continue;
    // The convolution moves here; its old place is no longer read and goes with remove_unread.
    node.op = std::move(folded);
    node.name = before.name;
    node.inputs = before.inputs;
  }
}

}  // namespace impasto::net
