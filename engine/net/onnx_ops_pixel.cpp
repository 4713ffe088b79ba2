// Pad, Resize, Upsample, DepthToSpace, SpaceToDepth.
#include <algorithm>
#include <cmath>

#include "engine/net/onnx_graph.h"
#include "engine/net/onnx_resize.h"

namespace impasto::net {
namespace {

/// What a per-dimension list of the node says about the three axes of [C][H][W]; entries of other
/// dimensions must be neutral.
struct AxisMap {
  std::vector<int> axis_of;  ///< per logical dimension, -1: none
};

AxisMap map_axes(const GraphBuilder& graph, const View& view) {
  AxisMap map;
  for (std::size_t i = 0; i < view.dims.size(); ++i) {
    map.axis_of.push_back(whole_axis(view, i, graph.value(view.value)));
  }
  return map;
}

/// The dimensions a list with an optional 'axes' is about.
std::vector<std::size_t> listed_dimensions(const GraphBuilder& graph, const View& view,
                                           std::size_t axes_input, std::size_t entries) {
  std::vector<std::size_t> dimensions;
  if (const auto axes = graph.list("axes", axes_input)) {
    for (const std::int64_t axis : *axes) {
      dimensions.push_back(static_cast<std::size_t>(normalized_axis(axis, view.dims.size())));
    }
  } else {
    for (std::size_t i = 0; i < view.dims.size(); ++i) dimensions.push_back(i);
  }
  if (dimensions.size() != entries) refuse("its lists do not fit the input's rank");
  return dimensions;
}

void import_pad(GraphBuilder& graph) {
  const View& view = graph.image(0);
  const Value& from = graph.value(view.value);
  const auto pads = graph.list("pads", 1);
  if (!pads) refuse("it has no pads");
  const auto dimensions = listed_dimensions(graph, view, 3, pads->size() / 2);
  if (pads->size() != 2 * dimensions.size()) refuse("its lists do not fit the input's rank");
  const AxisMap map = map_axes(graph, view);
  Pad op;
  const std::string mode = graph.attributes().text("mode", "constant");
  if (mode == "reflect") {
    op.mode = PadMode::reflect;
  } else if (mode == "edge") {
    op.mode = PadMode::edge;
  } else if (mode != "constant") {
    refuse("mode '" + printable(mode) + "' is not supported");
  }
  op.value = graph.attributes().real("value", 0);
  if (graph.has(2)) {
    if (graph.constant(2).size() != 1) refuse("its value is no scalar");
    op.value = static_cast<float>(graph.constant(2).real(0));
  }
  if (!std::isfinite(op.value)) refuse("its value is no finite number");
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    const int before = checked_int((*pads)[i], -(1 << 20), 1 << 20, "a pad");
    const int after = checked_int((*pads)[i + dimensions.size()], -(1 << 20), 1 << 20, "a pad");
    if (before == 0 && after == 0) continue;
    const int axis = map.axis_of[dimensions[i]];
    if (axis != 1 && axis != 2) refuse("it pads other axes than rows and columns");
    (axis == 1 ? op.border.top : op.border.left) = before;
    (axis == 1 ? op.border.bottom : op.border.right) = after;
    const int size = axis == 1 ? from.height : from.width;
    if (op.mode == PadMode::reflect && std::max(before, after) >= size) {
      refuse("it reflects " + std::to_string(std::max(before, after)) + " of " +
             std::to_string(size) + " pixels: the frame is too small");
    }
    if (std::int64_t{size} + before + after < 1) refuse("it removes the whole frame");
  }
  if (op.border.empty()) return graph.set_output(0, view);
  const std::int64_t height = std::int64_t{from.height} + op.border.top + op.border.bottom;
  const std::int64_t width = std::int64_t{from.width} + op.border.left + op.border.right;
  View result = view;
  const int channels = from.channels;
  result.value = graph.emit(op, {view.value}, channels, height, width);
  // The padded dimensions are whole axes of the new value.
  const Value& padded = graph.value(result.value);
  for (std::size_t i = 0; i < result.dims.size(); ++i) {
    const int axis = map.axis_of[i];
    if (axis == 1) result.dims[i] = merged({{1, padded.height, 1}});
    if (axis == 2) result.dims[i] = merged({{2, padded.width, 1}});
  }
  graph.set_output(0, std::move(result));
}

/// Sizes, scales and the region of interest of one dimension.
struct ResizeInputs {
  std::vector<std::int64_t> sizes;
  std::vector<float> scales;
  std::vector<float> region;
  std::vector<std::size_t> dimensions;
};

std::vector<float> floats(const HostTensor& tensor) {
  std::vector<float> values;
  for (std::size_t i = 0; i < tensor.size(); ++i) {
    values.push_back(static_cast<float>(tensor.real(i)));
  }
  return values;
}

ResizeInputs read_resize(GraphBuilder& graph, const View& view) {
  ResizeInputs inputs;
  const Attributes attributes = graph.attributes();
  const bool old = graph.op() == "Upsample" || graph.opset() < 11;
  if (const auto scales = attributes.reals("scales")) inputs.scales = *scales;
  const std::size_t scales_at = old ? 1 : 2;
  if (graph.has(scales_at)) inputs.scales = floats(graph.constant(scales_at));
  if (!old && graph.has(3)) inputs.sizes = integers(graph.constant(3));
  if (!old && graph.has(1)) inputs.region = floats(graph.constant(1));
  if (inputs.sizes.empty() == inputs.scales.empty()) refuse("it needs either sizes or scales");
  if (!inputs.sizes.empty() &&
      attributes.text("keep_aspect_ratio_policy", "stretch") != "stretch") {
    refuse("keep_aspect_ratio_policy is not supported");
  }
  if (attributes.integer("antialias", 0) != 0) refuse("antialias is not supported");
  const std::size_t entries = std::max(inputs.sizes.size(), inputs.scales.size());
  inputs.dimensions = listed_dimensions(graph, view, 99, entries);
  return inputs;
}

void import_resize(GraphBuilder& graph) {
  const View& view = graph.image(0);
  const Value from = graph.value(view.value);
  const ResizeInputs inputs = read_resize(graph, view);
  const ResizeRule rule = read_resize_rule(graph);
  const AxisMap map = map_axes(graph, view);
  const Shape logical = logical_shape(view);
  AxisScale scale[2] = {{from.height, from.height, 1, 0, 1}, {from.width, from.width, 1, 0, 1}};
  for (std::size_t i = 0; i < inputs.dimensions.size(); ++i) {
    const std::size_t dimension = inputs.dimensions[i];
    const std::int64_t in = logical[dimension];
    AxisScale entry{in, in, 1, 0, 1};
    if (!inputs.sizes.empty()) {
      entry.out = checked_int(inputs.sizes[i], 1, 1 << 20, "a size");
      entry.scale = static_cast<double>(entry.out) / static_cast<double>(in);
    } else {
      const float factor = inputs.scales[i];
      if (!(factor > 0) || !(factor * static_cast<float>(in) <= 1 << 20)) {
        refuse("a scale is no usable number");
      }
      // In float, as runtimes do: 10 * 0.7 must give 7.
      entry.out = std::max<std::int64_t>(
          1, static_cast<std::int64_t>(std::floor(factor * static_cast<float>(in))));
      entry.scale = static_cast<double>(factor);
    }
    if (rule.uses_region) {
      if (inputs.region.size() != 2 * inputs.dimensions.size()) refuse("its roi has a wrong size");
      entry.start = static_cast<double>(inputs.region[i]);
      entry.end = static_cast<double>(inputs.region[i + inputs.dimensions.size()]);
    }
    const bool neutral = entry.out == in && entry.scale == 1 &&
                         (!rule.uses_region || (entry.start == 0 && entry.end == 1));
    if (neutral) continue;
    const int axis = map.axis_of[dimension];
    if (axis != 1 && axis != 2) refuse("it resizes other axes than rows and columns");
    scale[axis - 1] = entry;
  }
  graph.spend(3 * (scale[0].out + scale[1].out));
  Resize op;
  op.mode = rule.mode;
  SampledAxis rows = resize_axis(rule, scale[0]);
  SampledAxis columns = resize_axis(rule, scale[1]);
  op.y = std::move(rows.table);
  op.x = std::move(columns.table);
  op.nearest_factor = nearest_factor(op, from.height, from.width);
  View result = view;
  const auto height = static_cast<std::int64_t>(op.y.low.size());
  const auto width = static_cast<std::int64_t>(op.x.low.size());
  result.value = graph.emit(std::move(op), {view.value}, from.channels, height, width);
  Pad outside{{rows.before, columns.before, rows.after, columns.after}, PadMode::constant, 0};
  if (!outside.border.empty()) {
    outside.value = graph.attributes().real("extrapolation_value", 0);
    if (!std::isfinite(outside.value)) refuse("its extrapolation_value is no finite number");
    result.value = graph.emit(outside, {result.value}, from.channels, scale[0].out, scale[1].out);
  }
  const Value& resized = graph.value(result.value);
  for (std::size_t i = 0; i < result.dims.size(); ++i) {
    if (map.axis_of[i] == 1) result.dims[i] = merged({{1, resized.height, 1}});
    if (map.axis_of[i] == 2) result.dims[i] = merged({{2, resized.width, 1}});
  }
  graph.set_output(0, std::move(result));
}

int read_block(const GraphBuilder& graph) {
  return checked_int(graph.attributes().integer("blocksize", 0), 1, 256, "blocksize");
}

void import_depth_to_space(GraphBuilder& graph) {
  const ValueId id = graph.canonical(graph.image(0));
  const Value from = graph.value(id);
  const int block = read_block(graph);
  const std::string mode = graph.attributes().text("mode", "DCR");
  if (mode != "DCR" && mode != "CRD") refuse("mode '" + printable(mode) + "' is unknown");
  if (from.channels % (block * block) != 0) refuse("its block does not divide the channels");
  const ValueId result =
      graph.emit(DepthToSpace{block, mode == "CRD"}, {id}, from.channels / (block * block),
                 std::int64_t{from.height} * block, std::int64_t{from.width} * block);
  graph.set_output(0, canonical_view(result, graph.value(result)));
}

void import_space_to_depth(GraphBuilder& graph) {
  const ValueId id = graph.canonical(graph.image(0));
  const Value from = graph.value(id);
  const int block = read_block(graph);
  if (from.height % block != 0 || from.width % block != 0) {
    refuse("its block of " + std::to_string(block) + " does not divide " +
           std::to_string(from.height) + "x" + std::to_string(from.width) +
           ": pad frames to a multiple (metadata_props size_multiple)");
  }
  const ValueId result =
      graph.emit(SpaceToDepth{block}, {id}, std::int64_t{from.channels} * block * block,
                 from.height / block, from.width / block);
  graph.set_output(0, canonical_view(result, graph.value(result)));
}

constexpr ImportEntry entries[] = {
    {"Pad", import_pad},
    {"Resize", import_resize},
    {"Upsample", import_resize},
    {"DepthToSpace", import_depth_to_space},
    {"SpaceToDepth", import_space_to_depth},
};

}  // namespace

std::span<const ImportEntry> pixel_imports() {
  return entries;
}

}  // namespace impasto::net
