// Ops that rename or select: Reshape and its kin change the view only; Concat, Slice, Split and
// Gather work along one axis of [C][H][W].
#include <algorithm>

#include "engine/net/onnx_graph.h"
#include "engine/net/onnx_operand.h"

namespace impasto::net {
namespace {

void set_reshaped(GraphBuilder& graph, const Shape& shape) {
  const View& view = graph.image(0);
  auto result = reshape_view(view, shape);
  if (!result) {
    refuse("shape " + to_text(logical_shape(view)) + " cannot become " + to_text(shape) +
           " without moving values");
  }
  graph.set_output(0, std::move(*result));
}

/// Reshape, Flatten, Squeeze, Unsqueeze: the fold says which shape, the view follows.
void import_reshape(GraphBuilder& graph) {
  graph.image(0);
  for (std::size_t i = 1; i < graph.input_count(); ++i) {
    if (graph.has(i)) graph.constant(i);
  }
  set_reshaped(graph, fold(graph.shape_call())[0].shape);
}

void import_transpose(GraphBuilder& graph) {
  const View& view = graph.image(0);
  const std::size_t rank = view.dims.size();
  std::vector<int> order;
  std::vector<bool> used(rank, false);
  if (const auto perm = graph.attributes().integers("perm")) {
    for (const std::int64_t axis : *perm) order.push_back(normalized_axis(axis, rank));
  } else {
    for (std::size_t i = rank; i-- > 0;) order.push_back(static_cast<int>(i));
  }
  for (const int axis : order) {
    if (used[static_cast<std::size_t>(axis)]) refuse("perm is no permutation");
    used[static_cast<std::size_t>(axis)] = true;
  }
  if (order.size() != rank) refuse("perm does not fit the rank");
  graph.set_output(0, transpose_view(view, order));
}

void import_expand(GraphBuilder& graph) {
  const Shape shape = logical_shape(graph.image(0));
  const Shape wanted = broadcast(shape, integers(graph.constant(1)));
  Shape trimmed = wanted;
  while (trimmed.size() > shape.size() && trimmed.front() == 1) trimmed.erase(trimmed.begin());
  if (trimmed != shape) refuse("it repeats the picture, which is not supported");
  set_reshaped(graph, wanted);
}

int extent(const Value& value, int axis) {
  return axis == 0 ? value.channels : axis == 1 ? value.height : value.width;
}

/// The axis of [C][H][W] behind a logical dimension, or a refusal.
int axis_of(const GraphBuilder& graph, const View& view, std::size_t dimension) {
  const int axis = whole_axis(view, dimension, graph.value(view.value));
  if (axis < 0) {
    refuse("axis " + std::to_string(dimension) + " of " + to_text(logical_shape(view)) +
           " is neither channels nor rows nor columns");
  }
  return axis;
}

void import_concat(GraphBuilder& graph) {
  std::vector<View> views;
  std::size_t rank = 0;
  for (std::size_t i = 0; i < graph.input_count(); ++i) {
    const ImportValue& part = graph.input(i);
    if (part.kind == ImportValue::Kind::image) rank = part.view.dims.size();
  }
  const auto dimension =
      static_cast<std::size_t>(normalized_axis(graph.attributes().integer("axis", 1), rank));
  int axis = -1;
  for (std::size_t i = 0; i < graph.input_count(); ++i) {
    const ImportValue& part = graph.input(i);
    View view = part.view;
    if (part.kind != ImportValue::Kind::image) {
      const ValueId id = emit_constant(graph, part);
      view = canonical_view(id, graph.value(id));
      const std::size_t constant_rank = part.tensor.shape.size();
      if (constant_rank < 4) view.dims.erase(view.dims.begin(), view.dims.end() - constant_rank);
    }
    if (view.dims.size() != rank) refuse("its inputs differ in rank");
    // Inputs in a different layout (a pixel shuffle before the join) are brought to [1,C,H,W].
    if (whole_axis(view, dimension, graph.value(view.value)) < 0) {
      const ValueId id = graph.canonical(view);
      view = canonical_view(id, graph.value(id));
    }
    // A dimension of size 1 does not tell its axis; the longest one does.
    if (axis < 0 || !view.dims[dimension].empty()) axis = axis_of(graph, view, dimension);
    views.push_back(std::move(view));
  }
  std::vector<ValueId> inputs;
  std::int64_t sizes[3] = {0, 0, 0};
  for (std::size_t i = 0; i < views.size(); ++i) {
    if (whole_axis(views[i], dimension, graph.value(views[i].value)) != axis) {
      refuse("its inputs differ in layout");
    }
    for (std::size_t d = 0; d < rank; ++d) {
      if (d != dimension && views[i].dims[d] != views[0].dims[d]) {
        refuse("its inputs have shapes " + to_text(logical_shape(views[0])) + " and " +
               to_text(logical_shape(views[i])));
      }
    }
    const Value& value = graph.value(views[i].value);
    for (int a = 0; a < 3; ++a) {
      if (a == axis) {
        sizes[a] += extent(value, a);
      } else if (i == 0) {
        sizes[a] = extent(value, a);
      } else if (sizes[a] != extent(value, a)) {
        refuse("its inputs differ in layout");
      }
    }
    inputs.push_back(views[i].value);
  }
  View result = views[0];
  result.value = graph.emit(Concat{axis}, std::move(inputs), sizes[0], sizes[1], sizes[2]);
  result.dims[dimension] = merged({{axis, sizes[axis], 1}});
  graph.set_output(0, std::move(result));
}

/// The part of a view that ranges select, one range per logical dimension.
View sliced(GraphBuilder& graph, const View& view, const std::vector<SliceRange>& ranges) {
  const Value from = graph.value(view.value);
  const Shape shape = logical_shape(view);
  Slice op;
  std::int64_t sizes[3] = {from.channels, from.height, from.width};
  View result = view;
  bool whole = true;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const SliceRange& range = ranges[i];
    if (range.count < 1) refuse("it selects nothing");
    if (range.count == shape[i] && (range.step == 1 || range.count == 1)) continue;
    whole = false;
    const int axis = axis_of(graph, view, i);
    op.begin[axis] = static_cast<int>(range.begin);
    op.step[axis] = range.count == 1 ? 1 : static_cast<int>(range.step);
    sizes[axis] = range.count;
    result.dims[i] = merged({{axis, range.count, 1}});
  }
  if (!whole) result.value = graph.emit(op, {view.value}, sizes[0], sizes[1], sizes[2]);
  return result;
}

std::vector<SliceRange> whole_ranges(const Shape& shape) {
  std::vector<SliceRange> ranges;
  for (const std::int64_t size : shape) ranges.push_back({0, size, 1});
  return ranges;
}

void import_slice(GraphBuilder& graph) {
  for (std::size_t i = 1; i < graph.input_count(); ++i) {
    if (graph.has(i)) graph.constant(i);
  }
  const View& view = graph.image(0);
  graph.set_output(0, sliced(graph, view, slice_ranges(logical_shape(view), graph.shape_call())));
}

void import_split(GraphBuilder& graph) {
  const View view = graph.image(0);
  if (graph.has(1)) graph.constant(1);
  const Shape shape = logical_shape(view);
  const auto axis = static_cast<std::size_t>(
      normalized_axis(graph.attributes().integer("axis", 0), view.dims.size()));
  std::vector<SliceRange> ranges = whole_ranges(shape);
  std::int64_t begin = 0;
  const std::vector<std::int64_t> sizes = split_sizes(shape[axis], graph.shape_call());
  for (std::size_t i = 0; i < sizes.size() && i < graph.output_count(); ++i) {
    ranges[axis] = {begin, sizes[i], 1};
    graph.set_output(i, sliced(graph, view, ranges));
    begin += sizes[i];
  }
}

/// Indices as runs of equal steps: [2,1,0] is one run, [0,2,1] two.
std::vector<SliceRange> runs_of(const HostTensor& indices, std::int64_t size) {
  std::vector<SliceRange> runs;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    std::int64_t at = indices.integer(i);
    if (at < -size || at >= size) {
      refuse("index " + std::to_string(at) + " is outside an axis of " + std::to_string(size));
    }
    if (at < 0) at += size;
    SliceRange* last = runs.empty() ? nullptr : &runs.back();
    if (last && last->count == 1 && at != last->begin) {
      last->step = at - last->begin;
      last->count = 2;
    } else if (last && last->count > 1 && at == last->begin + last->count * last->step) {
      ++last->count;
    } else {
      runs.push_back({at, 1, 1});
    }
  }
  return runs;
}

void import_gather(GraphBuilder& graph) {
  const View view = graph.image(0);
  const HostTensor& indices = graph.constant(1);
  const Shape shape = logical_shape(view);
  const auto dimension = static_cast<std::size_t>(
      normalized_axis(graph.attributes().integer("axis", 0), view.dims.size()));
  if (indices.shape.size() > 1 || indices.size() == 0) refuse("its indices are no list");
  const int axis = axis_of(graph, view, dimension);
  const std::vector<SliceRange> runs = runs_of(indices, shape[dimension]);
  if (runs.size() > 64) refuse("its indices are too irregular");
  std::vector<SliceRange> ranges = whole_ranges(shape);
  std::vector<ValueId> parts;
  View result;
  for (const SliceRange& run : runs) {
    ranges[dimension] = run;
    result = sliced(graph, view, ranges);
    parts.push_back(result.value);
  }
  if (parts.size() > 1) {
    const Value from = graph.value(view.value);
    std::int64_t sizes[3] = {from.channels, from.height, from.width};
    sizes[axis] = static_cast<std::int64_t>(indices.size());
    result.value = graph.emit(Concat{axis}, std::move(parts), sizes[0], sizes[1], sizes[2]);
    result.dims[dimension] = merged({{axis, sizes[axis], 1}});
  }
  if (indices.shape.empty()) {
    result.dims.erase(result.dims.begin() + static_cast<std::ptrdiff_t>(dimension));
  }
  graph.set_output(0, std::move(result));
}

constexpr ImportEntry entries[] = {
    {"Reshape", import_reshape},   {"Flatten", import_reshape},     {"Squeeze", import_reshape},
    {"Unsqueeze", import_reshape}, {"Transpose", import_transpose}, {"Expand", import_expand},
    {"Concat", import_concat},     {"Slice", import_slice},         {"Split", import_split},
    {"Gather", import_gather},
};

}  // namespace

std::span<const ImportEntry> shape_imports() {
  return entries;
}

}  // namespace impasto::net
