#include "engine/net/onnx_view.h"

#include <algorithm>

namespace impasto::net {
namespace {

Dimension whole(int axis, int size) {
  return size == 1 ? Dimension{} : Dimension{{axis, size, 1}};
}

std::array<int, 3> extents(const Value& value) {
  return {value.channels, value.height, value.width};
}

}  // namespace

std::int64_t dimension_size(const Dimension& dimension) {
  std::int64_t size = 1;
  for (const Atom& atom : dimension) size *= atom.size;
  return size;
}

Shape logical_shape(const View& view) {
  Shape shape;
  for (const Dimension& dimension : view.dims) shape.push_back(dimension_size(dimension));
  return shape;
}

View canonical_view(ValueId id, const Value& value) {
  return {id, {{}, whole(0, value.channels), whole(1, value.height), whole(2, value.width)}};
}

View channels_last_view(ValueId id, const Value& value) {
  return {id, {{}, whole(1, value.height), whole(2, value.width), whole(0, value.channels)}};
}

Dimension merged(const Dimension& dimension) {
  Dimension result;
  for (const Atom& atom : dimension) {
    if (atom.size == 1) continue;
    Atom* last = result.empty() ? nullptr : &result.back();
    if (last && last->axis == atom.axis && last->stride == atom.size * atom.stride) {
      *last = {atom.axis, last->size * atom.size, atom.stride};
    } else {
      result.push_back(atom);
    }
  }
  return result;
}

std::optional<View> reshape_view(const View& view, const Shape& shape) {
  std::vector<Atom> atoms;
  for (const Dimension& dimension : view.dims) {
    atoms.insert(atoms.end(), dimension.begin(), dimension.end());
  }
  atoms = merged(atoms);
  View result{view.value, {}};
  std::size_t next = 0;
  for (const std::int64_t size : shape) {
    Dimension dimension;
    std::int64_t missing = size;
    while (missing > 1) {
      if (next == atoms.size()) return std::nullopt;
      Atom& atom = atoms[next];
      if (missing % atom.size == 0) {
        dimension.push_back(atom);
        missing /= atom.size;
        ++next;
      } else if (atom.size % missing == 0) {
        // The slow part of the atom belongs here, the fast part to what follows.
        const std::int64_t rest = atom.size / missing;
        dimension.push_back({atom.axis, missing, atom.stride * rest});
        atom.size = rest;
        missing = 1;
      } else {
        return std::nullopt;
      }
    }
    result.dims.push_back(merged(dimension));
  }
  return next == atoms.size() ? std::optional(result) : std::nullopt;
}

View transpose_view(const View& view, const std::vector<int>& order) {
  View result{view.value, {}};
  for (const int from : order) result.dims.push_back(view.dims[static_cast<std::size_t>(from)]);
  return result;
}

int whole_axis(const View& view, std::size_t dimension, const Value& value) {
  const std::array<int, 3> sizes = extents(value);
  const Dimension& atoms = view.dims[dimension];
  if (atoms.size() == 1) {
    return atoms[0].stride == 1 && atoms[0].size == sizes[static_cast<std::size_t>(atoms[0].axis)]
               ? atoms[0].axis
               : -1;
  }
  if (!atoms.empty()) return -1;
  // Axes taken by the dimensions before and after bound the free ones.
  int low = -1;
  int high = 3;
  for (std::size_t i = 0; i < view.dims.size(); ++i) {
    for (const Atom& atom : view.dims[i]) {
      if (i < dimension) low = std::max(low, atom.axis);
      if (i > dimension) high = std::min(high, atom.axis);
    }
  }
  // Counted from the end, so that the leading dimensions of size 1 (the batch) come out as none.
  const int behind = static_cast<int>(view.dims.size() - 1 - dimension);
  const int wanted = 2 - behind;
  if (wanted > low && wanted < high && wanted >= 0 &&
      sizes[static_cast<std::size_t>(wanted)] == 1) {
    return wanted;
  }
  if (view.dims.size() > 3) return -1;
  for (int axis = high - 1; axis > low; --axis) {
    if (sizes[static_cast<std::size_t>(axis)] == 1) return axis;
  }
  return -1;
}

std::int64_t dimension_index(const Dimension& dimension, const std::array<std::int64_t, 3>& at) {
  std::int64_t index = 0;
  for (const Atom& atom : dimension) {
    index = index * atom.size + at[static_cast<std::size_t>(atom.axis)] / atom.stride % atom.size;
  }
  return index;
}

}  // namespace impasto::net
