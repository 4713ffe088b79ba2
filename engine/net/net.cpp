#include "engine/net/net.h"

#include <cassert>

namespace impasto::net {
namespace {

struct Name {
  const char* operator()(const Conv&) const { return "Conv"; }
  const char* operator()(const ConvTranspose&) const { return "ConvTranspose"; }
  const char* operator()(const Norm& op) const {
    switch (op.kind) {
      case NormKind::instance:
        return "InstanceNormalization";
      case NormKind::group:
        return "GroupNormalization";
      case NormKind::layer:
        return "LayerNormalization";
      case NormKind::batch_frame:
      case NormKind::batch_stored:
        return "BatchNormalization";
    }
    return "";
  }
  const char* operator()(const Pad&) const { return "Pad"; }
  const char* operator()(const Resize&) const { return "Resize"; }
  const char* operator()(const Pool& op) const {
    return op.kind == PoolKind::max ? "MaxPool" : "AveragePool";
  }
  const char* operator()(const GlobalPool& op) const {
    return op.kind == PoolKind::max ? "GlobalMaxPool" : "GlobalAveragePool";
  }
  const char* operator()(const Activation& op) const {
    switch (op.kind) {
      case ActivationKind::relu:
        return "Relu";
      case ActivationKind::leaky_relu:
        return "LeakyRelu";
      case ActivationKind::prelu:
        return "PRelu";
      case ActivationKind::elu:
        return "Elu";
      case ActivationKind::sigmoid:
        return "Sigmoid";
      case ActivationKind::tanh:
        return "Tanh";
      case ActivationKind::clip:
        return "Clip";
      case ActivationKind::hard_sigmoid:
        return "HardSigmoid";
      case ActivationKind::hard_swish:
        return "HardSwish";
      case ActivationKind::sqrt:
        return "Sqrt";
      case ActivationKind::reciprocal:
        return "Reciprocal";
      case ActivationKind::exp:
        return "Exp";
      case ActivationKind::abs:
        return "Abs";
      case ActivationKind::neg:
        return "Neg";
    }
    return "";
  }
  const char* operator()(const Binary& op) const { return binary(op.kind); }
  const char* operator()(const BinaryParameter& op) const { return binary(op.kind); }
  const char* operator()(const Concat&) const { return "Concat"; }
  const char* operator()(const Slice&) const { return "Slice"; }
  const char* operator()(const DepthToSpace&) const { return "DepthToSpace"; }
  const char* operator()(const SpaceToDepth&) const { return "SpaceToDepth"; }
  const char* operator()(const Constant&) const { return "Constant"; }

  static const char* binary(BinaryKind kind) {
    switch (kind) {
      case BinaryKind::add:
        return "Add";
      case BinaryKind::sub:
        return "Sub";
      case BinaryKind::mul:
        return "Mul";
      case BinaryKind::div:
        return "Div";
      case BinaryKind::pow:
        return "Pow";
      case BinaryKind::min:
        return "Min";
      case BinaryKind::max:
        return "Max";
    }
    return "";
  }
};

double positions(const Value& value) {
  return static_cast<double>(value.height) * value.width;
}

/// Multiply-accumulates per position of the plane that the kernel is laid on.
template <typename Convolution>
double macs_per_position(const Convolution& op) {
  return static_cast<double>(op.out_channels) * op.in_channels / op.groups * op.kernel.y *
         op.kernel.x;
}

}  // namespace

const char* op_name(const Op& op) {
  return std::visit(Name{}, op);
}

std::vector<std::vector<float>> evaluate_parameters(const Net& net, std::span<const float> style) {
  std::vector<std::vector<float>> result;
  result.reserve(net.parameters.size());
  for (const Parameter& parameter : net.parameters) {
    result.push_back(parameter.from_style && !style.empty() ? parameter.from_style(style)
                                                            : parameter.value);
    assert(result.back().size() == parameter.value.size());
  }
  return result;
}

double count_macs(const Net& net) {
  double macs = 0;
  for (const Node& node : net.nodes) {
    if (const auto* conv = std::get_if<Conv>(&node.op)) {
      macs += macs_per_position(*conv) * positions(net.value(node.output));
    } else if (const auto* transpose = std::get_if<ConvTranspose>(&node.op)) {
      macs += macs_per_position(*transpose) * positions(net.value(node.inputs[0]));
    }
  }
  return macs;
}

}  // namespace impasto::net
