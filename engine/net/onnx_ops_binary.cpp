// Add, Sub, Mul, Div, Pow, Min, Max, Sum of two or more operands, at least one an activation.
#include <algorithm>
#include <limits>

#include "engine/net/onnx_graph.h"
#include "engine/net/onnx_operand.h"

namespace impasto::net {
namespace {

BinaryKind kind_of(const std::string& op) {
  if (op == "Add" || op == "Sum") return BinaryKind::add;
  if (op == "Sub") return BinaryKind::sub;
  if (op == "Mul") return BinaryKind::mul;
  if (op == "Div") return BinaryKind::div;
  if (op == "Pow") return BinaryKind::pow;
  return op == "Min" ? BinaryKind::min : BinaryKind::max;
}

View padded(View view, std::size_t rank) {
  view.dims.insert(view.dims.begin(), rank - std::min(rank, view.dims.size()), Dimension{});
  return view;
}

bool broadcasts(int a, int b) {
  return a == b || a == 1 || b == 1;
}

/// The dimensions of both views together; nothing where one dimension lies differently in the two.
std::optional<std::vector<Dimension>> joined(const View& a, const View& b) {
  std::vector<Dimension> dims;
  for (std::size_t i = 0; i < a.dims.size(); ++i) {
    if (!a.dims[i].empty() && !b.dims[i].empty() && a.dims[i] != b.dims[i]) return std::nullopt;
    dims.push_back(a.dims[i].empty() ? b.dims[i] : a.dims[i]);
  }
  return dims;
}

View combine_images(GraphBuilder& graph, BinaryKind kind, View a, View b) {
  const std::size_t rank = std::max(a.dims.size(), b.dims.size());
  a = padded(std::move(a), rank);
  b = padded(std::move(b), rank);
  broadcast(logical_shape(a), logical_shape(b));
  const auto fits = [&] {
    const Value& x = graph.value(a.value);
    const Value& y = graph.value(b.value);
    return broadcasts(x.channels, y.channels) && broadcasts(x.height, y.height) &&
           broadcasts(x.width, y.width);
  };
  auto dims = joined(a, b);
  if (!dims || !fits()) {
    a = padded(std::move(a), 4);
    b = padded(std::move(b), 4);
    a.value = graph.canonical(a);
    b.value = graph.canonical(b);
    a = canonical_view(a.value, graph.value(a.value));
    b = canonical_view(b.value, graph.value(b.value));
    dims = joined(a, b);
    if (!dims) refuse("its inputs differ in layout");
  }
  const Value x = graph.value(a.value);
  const Value y = graph.value(b.value);
  const ValueId id = graph.emit(Binary{kind}, {a.value, b.value}, std::max(x.channels, y.channels),
                                std::max(x.height, y.height), std::max(x.width, y.width));
  return {id, *dims};
}

View combine_operand(GraphBuilder& graph, BinaryKind kind, const View& view,
                     const ImportValue& operand, bool reversed) {
  const Shape logical = logical_shape(view);
  if (broadcast(operand.tensor.shape, logical) != logical) {
    Shape trimmed = operand.tensor.shape;
    while (!trimmed.empty() && trimmed.front() == 1) trimmed.erase(trimmed.begin());
    if (trimmed.size() > logical.size() || broadcast(trimmed, logical) != logical) {
      // The activation is the smaller one: both become [c][h][w].
      const ValueId constant = emit_constant(graph, operand);
      const View other = canonical_view(constant, graph.value(constant));
      return reversed ? combine_images(graph, kind, other, view)
                      : combine_images(graph, kind, view, other);
    }
  }
  const Operand second = read_operand(graph, view, operand);
  View result = padded(view, operand.tensor.shape.size());
  if (second.parameter != none) {
    result.value = graph.emit_same(BinaryParameter{kind, second.parameter, reversed}, {view.value});
  } else {
    const Value& size = graph.value(view.value);
    const int channels = size.channels;
    const int height = size.height;
    const int width = size.width;
    std::vector<ValueId> inputs{view.value, second.value};
    if (reversed) std::swap(inputs[0], inputs[1]);
    result.value = graph.emit(Binary{kind}, std::move(inputs), channels, height, width);
  }
  return result;
}

View combine(GraphBuilder& graph, BinaryKind kind, const ImportValue& a, const ImportValue& b) {
  const bool image_a = a.kind == ImportValue::Kind::image;
  const bool image_b = b.kind == ImportValue::Kind::image;
  if (image_a && image_b) return combine_images(graph, kind, a.view, b.view);
  return image_a ? combine_operand(graph, kind, a.view, b, false)
                 : combine_operand(graph, kind, b.view, a, true);
}

void import_binary(GraphBuilder& graph) {
  if (graph.input_count() != 2) refuse("it takes two inputs");
  const ImportValue& a = graph.input(0);
  const ImportValue& b = graph.input(1);
  graph.set_output(0, combine(graph, kind_of(graph.op()), a, b));
}

/// Constants first meet an activation, so that every step has one.
void import_variadic(GraphBuilder& graph) {
  std::vector<const ImportValue*> operands;
  for (std::size_t i = 0; i < graph.input_count(); ++i) operands.push_back(&graph.input(i));
  std::ranges::stable_partition(
      operands, [](const ImportValue* value) { return value->kind == ImportValue::Kind::image; });
  const BinaryKind kind = kind_of(graph.op());
  ImportValue sum = *operands[0];
  for (std::size_t i = 1; i < operands.size(); ++i)
    sum.view = combine(graph, kind, sum, *operands[i]);
  graph.set_output(0, sum.view);
}

/// Powers that a shader's pow cannot take of negative numbers become products and roots.
void import_pow(GraphBuilder& graph) {
  const ImportValue& exponent = graph.input(1);
  const bool fixed = exponent.kind == ImportValue::Kind::constant && exponent.tensor.size() == 1 &&
                     exponent.tensor.shape.size() <= 4;
  if (!fixed) return import_binary(graph);
  const double power = exponent.tensor.real(0);
  View view = graph.image(0);
  view = padded(std::move(view), exponent.tensor.shape.size());
  const auto activation = [&](ActivationKind kind) {
    view.value = graph.emit_same(Activation{kind, 0, 0, none}, {view.value});
  };
  const auto times = [&](ValueId other) {
    view.value = graph.emit_same(Binary{BinaryKind::mul}, {view.value, other});
  };
  if (power == 2) {
    times(view.value);
  } else if (power == 3) {
    const ValueId base = view.value;
    times(base);
    times(base);
  } else if (power == 0.5) {
    activation(ActivationKind::sqrt);
  } else if (power == -0.5) {
    activation(ActivationKind::sqrt);
    activation(ActivationKind::reciprocal);
  } else if (power == -1) {
    activation(ActivationKind::reciprocal);
  } else if (power != 1) {
    return import_binary(graph);
  }
  graph.set_output(0, std::move(view));
}

constexpr ImportEntry entries[] = {
    {"Add", import_binary},   {"Sub", import_binary},   {"Mul", import_binary},
    {"Div", import_binary},   {"Pow", import_pow},      {"Min", import_variadic},
    {"Max", import_variadic}, {"Sum", import_variadic},
};

}  // namespace

std::span<const ImportEntry> binary_imports() {
  return entries;
}

}  // namespace impasto::net
