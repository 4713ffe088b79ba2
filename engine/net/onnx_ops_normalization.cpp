// InstanceNormalization, BatchNormalization, GroupNormalization, LayerNormalization, ReduceMean.
#include <algorithm>
#include <cmath>

#include "engine/net/onnx_graph.h"
#include "engine/net/onnx_operand.h"

namespace impasto::net {
namespace {

float read_epsilon(const GraphBuilder& graph) {
  const float epsilon = graph.attributes().real("epsilon", 1e-5F);
  if (!std::isfinite(epsilon) || epsilon < 0) refuse("its epsilon is no positive number");
  return epsilon;
}

/// 0 0 0 1 1 1 2 2 2: one number per group, repeated for its channels.
std::vector<std::int64_t> per_group(int channels, int groups) {
  std::vector<std::int64_t> source(static_cast<std::size_t>(channels));
  for (int c = 0; c < channels; ++c) {
    source[static_cast<std::size_t>(c)] = c / (channels / groups);
  }
  return source;
}

/// Groups of channels that dimension 1 of the view stands for: all channels, or their slow part.
/// What lies in the other dimensions does not matter to statistics over all of them.
int groups_of(const GraphBuilder& graph, const View& view) {
  const int channels = graph.value(view.value).channels;
  const Shape shape = logical_shape(view);
  if (shape.size() >= 2 && shape[0] == 1) {
    const std::int64_t groups = shape[1];
    if (channels % groups == 0 && view.dims[1] == merged({{0, groups, channels / groups}})) {
      return static_cast<int>(groups);
    }
  }
  refuse("its input has shape " + to_text(shape) + ", [1,C,H,W] is needed");
}

ParameterId grouped_parameter(GraphBuilder& graph, std::size_t input, int channels, int groups) {
  const ImportValue& value = graph.input(input);
  if (value.kind != ImportValue::Kind::image &&
      value.tensor.size() != static_cast<std::size_t>(groups)) {
    refuse("input '" + printable(value.name) + "' has shape " + to_text(value.tensor.shape) +
           " where " + std::to_string(groups) + " numbers are needed");
  }
  return graph.parameter(value, per_group(channels, groups));
}

void finish(GraphBuilder& graph, Norm op, const View& view) {
  View result = view;
  result.value = graph.emit_same(op, {view.value});
  graph.set_output(0, std::move(result));
}

void import_instance(GraphBuilder& graph) {
  const View& view = graph.image(0);
  const int channels = graph.value(view.value).channels;
  Norm op;
  op.groups = groups_of(graph, view);
  op.kind = op.groups == channels ? NormKind::instance : NormKind::group;
  op.epsilon = read_epsilon(graph);
  op.gamma = grouped_parameter(graph, 1, channels, op.groups);
  op.beta = grouped_parameter(graph, 2, channels, op.groups);
  if (op.kind == NormKind::instance) op.groups = 1;
  finish(graph, op, view);
}

void import_batch(GraphBuilder& graph) {
  const View& view = graph.image(0);
  const int channels = graph.value(view.value).channels;
  if (groups_of(graph, view) != channels) refuse("its input's channels are split");
  const Attributes attributes = graph.attributes();
  if (attributes.integer("spatial", 1) == 0) refuse("spatial=0 is not supported");
  Norm op;
  // Before opset 14 more than one output meant training.
  const bool training =
      graph.opset() >= 14 ? attributes.integer("training_mode", 0) != 0 : graph.output_count() > 1;
  op.kind = training ? NormKind::batch_frame : NormKind::batch_stored;
  op.epsilon = read_epsilon(graph);
  op.gamma = graph.whole_parameter(graph.input(1), channels);
  op.beta = graph.whole_parameter(graph.input(2), channels);
  if (!training) {
    op.mean = graph.whole_parameter(graph.input(3), channels);
    op.variance = graph.whole_parameter(graph.input(4), channels);
  }
  finish(graph, op, view);
}

/// Opset 18 has one scale per group, 21 one per channel; the count tells them apart.
void import_group(GraphBuilder& graph) {
  const View& view = graph.image(0);
  const int channels = graph.value(view.value).channels;
  if (groups_of(graph, view) != channels) refuse("its input's channels are split");
  Norm op;
  op.kind = NormKind::group;
  op.groups = checked_int(graph.attributes().integer("num_groups", 0), 1, channels, "num_groups");
  if (channels % op.groups != 0) {
    refuse(std::to_string(op.groups) + " groups do not divide " + std::to_string(channels) +
           " channels");
  }
  op.epsilon = read_epsilon(graph);
  const auto affine = [&](std::size_t i) {
    const ImportValue& value = graph.input(i);
    const bool by_group = graph.opset() < 21 && value.kind != ImportValue::Kind::image &&
                          value.tensor.size() == static_cast<std::size_t>(op.groups);
    return grouped_parameter(graph, i, channels, by_group ? op.groups : channels);
  };
  op.gamma = affine(1);
  op.beta = affine(2);
  finish(graph, op, view);
}

/// Scale or shift of a layer norm: a vector [C] where it varies along the channels only.
Operand layer_operand(GraphBuilder& graph, std::size_t input, const View& view) {
  const ImportValue& value = graph.input(input);
  if (value.kind == ImportValue::Kind::image) refuse("its scale depends on the picture");
  if (value.tensor.size() != 1) return read_operand(graph, view, value);
  const auto channels = static_cast<std::size_t>(graph.value(view.value).channels);
  return {graph.parameter(value, std::vector<std::int64_t>(channels, 0)), -1};
}

/// What the dimensions from `axis` on are: all of C,H,W, or exactly H,W.
NormKind layer_kind(const View& view, const Value& value, int axis) {
  std::array<std::int64_t, 3> covered{1, 1, 1};
  for (auto i = static_cast<std::size_t>(axis); i < view.dims.size(); ++i) {
    for (const Atom& atom : view.dims[i]) covered[static_cast<std::size_t>(atom.axis)] *= atom.size;
  }
  if (covered[1] == value.height && covered[2] == value.width) {
    if (covered[0] == value.channels) return NormKind::layer;
    if (covered[0] == 1) return NormKind::instance;
  }
  refuse("it must normalize over C,H,W together (axis 1), or over H,W");
}

/// A scale or shift that varies over the frame becomes an op of its own.
void import_layer(GraphBuilder& graph) {
  const View view = graph.image(0);
  const Value& from = graph.value(view.value);
  const int axis = normalized_axis(graph.attributes().integer("axis", -1), view.dims.size());
  Norm op;
  op.kind = layer_kind(view, from, axis);
  op.epsilon = read_epsilon(graph);
  const Operand scale = layer_operand(graph, 1, view);
  const Operand shift = graph.has(2) ? layer_operand(graph, 2, view) : Operand{};
  op.gamma = scale.parameter;
  if (scale.value < 0) op.beta = shift.parameter;
  View result = view;
  result.value = graph.emit_same(op, {view.value});
  if (scale.value >= 0) {
    result.value = graph.emit_same(Binary{BinaryKind::mul}, {result.value, scale.value});
  }
  if (shift.value >= 0) {
    result.value = graph.emit_same(Binary{BinaryKind::add}, {result.value, shift.value});
  } else if (shift.parameter != op.beta) {
    result.value =
        graph.emit_same(BinaryParameter{BinaryKind::add, shift.parameter, false}, {result.value});
  }
  graph.set_output(0, std::move(result));
}

/// The mean over exactly H and W, whatever the logical shape calls them.
void import_reduce_mean(GraphBuilder& graph) {
  const View& view = graph.image(0);
  const Value& from = graph.value(view.value);
  const auto axes = graph.list("axes", 1);
  const Attributes attributes = graph.attributes();
  const bool all = !axes || axes->empty();
  if (all && attributes.integer("noop_with_empty_axes", 0) != 0) return graph.set_output(0, view);
  std::vector<bool> reduced(view.dims.size(), all);
  for (std::size_t i = 0; !all && i < axes->size(); ++i) {
    reduced[static_cast<std::size_t>(normalized_axis((*axes)[i], view.dims.size()))] = true;
  }
  std::array<std::int64_t, 3> covered{1, 1, 1};
  View result{-1, {}};
  const bool keep = attributes.integer("keepdims", 1) != 0;
  for (std::size_t i = 0; i < view.dims.size(); ++i) {
    if (!reduced[i]) {
      result.dims.push_back(view.dims[i]);
      continue;
    }
    if (keep) result.dims.emplace_back();
    for (const Atom& atom : view.dims[i]) covered[static_cast<std::size_t>(atom.axis)] *= atom.size;
  }
  const bool plane = covered[1] == from.height && covered[2] == from.width;
  if (covered[0] != 1 || !plane) {
    if (covered[0] == 1 && covered[1] == 1 && covered[2] == 1) {
      result.value = view.value;
      return graph.set_output(0, std::move(result));
    }
    refuse("it must take the mean over H and W together, and nothing else");
  }
  result.value = graph.emit(GlobalPool{PoolKind::average}, {view.value}, from.channels, 1, 1);
  graph.set_output(0, std::move(result));
}

constexpr ImportEntry entries[] = {
    {"InstanceNormalization", import_instance}, {"BatchNormalization", import_batch},
    {"GroupNormalization", import_group},       {"LayerNormalization", import_layer},
    {"ReduceMean", import_reduce_mean},
};

}  // namespace

std::span<const ImportEntry> normalization_imports() {
  return entries;
}

}  // namespace impasto::net
