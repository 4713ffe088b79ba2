// Functions of one activation: the activation functions, Sqrt and its kin, PRelu, Clip, Cast.
#include <cmath>
#include <limits>

#include "engine/net/onnx_graph.h"
#include "engine/net/onnx_operand.h"

namespace impasto::net {
namespace {

View mapped(GraphBuilder& graph, Op op) {
  View result = graph.image(0);
  result.value = graph.emit_same(std::move(op), {result.value});
  return result;
}

float finite_attribute(const GraphBuilder& graph, const char* name, float otherwise) {
  const float value = graph.attributes().real(name, otherwise);
  if (!std::isfinite(value)) refuse(std::string("'") + name + "' is no finite number");
  return value;
}

template <ActivationKind kind>
void import_plain(GraphBuilder& graph) {
  graph.set_output(0, mapped(graph, Activation{kind, 0, 0, none}));
}

void import_leaky_relu(GraphBuilder& graph) {
  const float slope = finite_attribute(graph, "alpha", 0.01F);
  graph.set_output(0, mapped(graph, Activation{ActivationKind::leaky_relu, slope, 0, none}));
}

void import_elu(GraphBuilder& graph) {
  const float alpha = finite_attribute(graph, "alpha", 1);
  graph.set_output(0, mapped(graph, Activation{ActivationKind::elu, alpha, 0, none}));
}

void import_hard_sigmoid(GraphBuilder& graph) {
  const float alpha = finite_attribute(graph, "alpha", 0.2F);
  const float beta = finite_attribute(graph, "beta", 0.5F);
  graph.set_output(0, mapped(graph, Activation{ActivationKind::hard_sigmoid, alpha, beta, none}));
}

/// Bounds are attributes before opset 11 and inputs since; absent or infinite ones do not bound.
void import_clip(GraphBuilder& graph) {
  constexpr float limit = std::numeric_limits<float>::max();
  const auto bound = [&](std::size_t i, const char* name, float otherwise) {
    float value = otherwise;
    if (graph.has(i)) {
      if (graph.constant(i).size() != 1) refuse("its bounds must be scalars");
      value = static_cast<float>(graph.constant(i).real(0));
    } else {
      value = graph.attributes().real(name, otherwise);
    }
    if (std::isnan(value)) refuse("a bound is not a number");
    return std::min(std::max(value, -limit), limit);
  };
  const float low = bound(1, "min", -limit);
  const float high = bound(2, "max", limit);
  // ONNX takes the upper bound where the two are crossed.
  graph.set_output(
      0, mapped(graph, Activation{ActivationKind::clip, std::min(low, high), high, none}));
}

/// Before opset 7 a vector of slopes went with the channels, and some files still have it so.
Operand read_slope(GraphBuilder& graph, const View& view) {
  const ImportValue& slope = graph.input(1);
  const Shape shape = logical_shape(view);
  const int channels = graph.value(view.value).channels;
  const bool per_channel = shape.size() > 1 && shape.back() != channels &&
                           slope.tensor.shape == Shape{channels} &&
                           whole_axis(view, 1, graph.value(view.value)) == 0;
  if (slope.kind == ImportValue::Kind::image || !per_channel) {
    return read_operand(graph, view, slope);
  }
  return {graph.whole_parameter(slope, channels), -1};
}

/// With slopes that vary along rows or columns: max(x, 0) + slope * min(x, 0).
void import_prelu(GraphBuilder& graph) {
  constexpr float limit = std::numeric_limits<float>::max();
  const View& view = graph.image(0);
  const Operand slope = read_slope(graph, view);
  if (slope.parameter != none) {
    return graph.set_output(
        0, mapped(graph, Activation{ActivationKind::prelu, 0, 0, slope.parameter}));
  }
  const ValueId positive =
      graph.emit_same(Activation{ActivationKind::relu, 0, 0, none}, {view.value});
  const ValueId negative =
      graph.emit_same(Activation{ActivationKind::clip, -limit, 0, none}, {view.value});
  const ValueId scaled = graph.emit_same(Binary{BinaryKind::mul}, {negative, slope.value});
  View result = view;
  result.value = graph.emit_same(Binary{BinaryKind::add}, {positive, scaled});
  graph.set_output(0, std::move(result));
}

void import_identity(GraphBuilder& graph) {
  graph.set_output(0, graph.image(0));
}

void import_dropout(GraphBuilder& graph) {
  const bool training =
      graph.has(2) && graph.constant(2).size() == 1 && graph.constant(2).real(0) != 0;
  const double ratio =
      graph.has(1) && graph.constant(1).size() == 1 ? graph.constant(1).real(0) : 0.5;
  if (training && ratio != 0) refuse("training mode is random and not supported");
  graph.set_output(0, graph.image(0));
}

/// Activations are computed in the engine's own precision: a Cast between float types is nothing.
void import_cast(GraphBuilder& graph) {
  const std::int64_t type = graph.attributes().integer("to", 0);
  if (!is_real(checked_int(type, 0, 1000, "the type to cast to"))) {
    refuse(std::string("it casts the picture to ") + type_name(static_cast<int>(type)));
  }
  graph.set_output(0, graph.image(0));
}

using enum ActivationKind;
constexpr ImportEntry entries[] = {
    {"Relu", import_plain<relu>},  {"Sigmoid", import_plain<sigmoid>},
    {"Tanh", import_plain<tanh>},  {"HardSwish", import_plain<hard_swish>},
    {"Sqrt", import_plain<sqrt>},  {"Reciprocal", import_plain<reciprocal>},
    {"Exp", import_plain<exp>},    {"Abs", import_plain<abs>},
    {"Neg", import_plain<neg>},    {"LeakyRelu", import_leaky_relu},
    {"Elu", import_elu},           {"HardSigmoid", import_hard_sigmoid},
    {"Clip", import_clip},         {"PRelu", import_prelu},
    {"Identity", import_identity}, {"Dropout", import_dropout},
    {"Cast", import_cast},
};

}  // namespace

std::span<const ImportEntry> elementwise_imports() {
  return entries;
}

}  // namespace impasto::net
