#include "engine/net/onnx_layout.h"

#include "engine/net/onnx_graph.h"

namespace impasto::net {
namespace {

using Planes = std::array<Dimension, 3>;

Planes normal(const Planes& planes) {
  return {merged(planes[0]), merged(planes[1]), merged(planes[2])};
}

/// The views that the pixel shuffles leave, written as atoms of their input.
Planes depth_to_space_planes(const Value& value, std::int64_t r, bool column_row) {
  const std::int64_t colors = value.channels / (r * r);
  if (column_row) {
    return normal({Dimension{{0, colors, r * r}}, Dimension{{1, value.height, 1}, {0, r, r}},
                   Dimension{{2, value.width, 1}, {0, r, 1}}});
  }
  return normal({Dimension{{0, colors, 1}}, Dimension{{1, value.height, 1}, {0, r, r * colors}},
                 Dimension{{2, value.width, 1}, {0, r, colors}}});
}

Planes space_to_depth_planes(const Value& value, std::int64_t r, bool column_row) {
  const Atom color{0, value.channels, 1};
  const Atom row{1, r, 1};
  const Atom column{2, r, 1};
  return normal({column_row ? Dimension{color, row, column} : Dimension{row, column, color},
                 Dimension{{1, value.height / r, r}}, Dimension{{2, value.width / r, r}}});
}

}  // namespace

Layout layout_of(const View& view, const Value& value) {
  Layout layout;
  if (view.dims.size() != 4 || !view.dims[0].empty()) return layout;
  const Planes planes{view.dims[1], view.dims[2], view.dims[3]};
  const View plain = canonical_view(view.value, value);
  const Planes wanted{plain.dims[1], plain.dims[2], plain.dims[3]};
  if (planes == wanted) {
    layout.kind = Layout::Kind::same;
    return layout;
  }
  const std::int64_t rows = dimension_size(planes[1]);
  const std::int64_t r = rows > value.height ? rows / value.height : value.height / rows;
  if (planes[1] == wanted[1] && planes[2] == wanted[2]) {
    // Two pieces of the channel axis, swapped.
    if (planes[0].size() == 2 && planes[0][0].stride == 1) {
      layout = {Layout::Kind::channel_transpose, 1, false, static_cast<int>(planes[0][1].size),
                static_cast<int>(planes[0][0].size)};
    }
    return layout;
  }
  for (const bool column_row : {false, true}) {
    if (rows > value.height && value.channels % (r * r) == 0 &&
        planes == depth_to_space_planes(value, r, column_row)) {
      return {Layout::Kind::depth_to_space, static_cast<int>(r), column_row, 1, 1};
    }
    if (rows < value.height && value.height % r == 0 && value.width % r == 0 &&
        planes == space_to_depth_planes(value, r, column_row)) {
      return {Layout::Kind::space_to_depth, static_cast<int>(r), column_row, 1, 1};
    }
  }
  return layout;
}

ValueId emit_channel_transpose(GraphBuilder& graph, ValueId id, int outer, int inner) {
  if (outer == 1 || inner == 1) return id;
  if (inner > 64) refuse("it transposes " + std::to_string(inner) + " groups of channels");
  const Value from = graph.value(id);
  std::vector<ValueId> parts;
  for (int i = 0; i < inner; ++i) {
    parts.push_back(
        graph.emit(Slice{{i, 0, 0}, {inner, 1, 1}}, {id}, outer, from.height, from.width));
  }
  return graph.emit(Concat{0}, std::move(parts), from.channels, from.height, from.width);
}

}  // namespace impasto::net
