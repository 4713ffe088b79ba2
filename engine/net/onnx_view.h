// Owns: the logical shape that ONNX gives an activation whose values lie as [C][H][W]. Reshape,
// Transpose, Squeeze and the like change only the view; a chain that comes back costs nothing, and
// what does not is recognised (pixel shuffle) or refused where the value is used (onnx_layout.h).
// Depends on: net.h, onnx_tensor.h.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "engine/net/net.h"
#include "engine/net/onnx_tensor.h"

namespace impasto::net {

/// A piece of an axis of [C][H][W]: `size` steps of `stride`.
struct Atom {
  int axis = 0;
  std::int64_t size = 1;
  std::int64_t stride = 1;
  bool operator==(const Atom&) const = default;
};

/// A logical dimension: the product of its atoms, the first varying slowest; none: size 1.
using Dimension = std::vector<Atom>;

/// An activation under its logical shape. Every axis of the value longer than 1 is covered by
/// exactly the atoms of that axis, neighbours merged.
struct View {
  ValueId value = -1;
  std::vector<Dimension> dims;
};

std::int64_t dimension_size(const Dimension& dimension);
Shape logical_shape(const View& view);

/// [1,C,H,W], the shape that convolutions see.
View canonical_view(ValueId id, const Value& value);
/// [1,H,W,C].
View channels_last_view(ValueId id, const Value& value);

/// Nothing where the new shape cuts across the atoms.
std::optional<View> reshape_view(const View& view, const Shape& shape);
View transpose_view(const View& view, const std::vector<int>& order);

/// The axis of [C][H][W] that the dimension is, whole and alone; -1 where it is none. A dimension
/// of size 1 is the axis of size 1 that stands between its neighbours' axes.
int whole_axis(const View& view, std::size_t dimension, const Value& value);

/// The index in a logical dimension of the element at [c][y][x].
std::int64_t dimension_index(const Dimension& dimension, const std::array<std::int64_t, 3>& at);

/// Merges atoms that continue each other.
Dimension merged(const Dimension& dimension);

}  // namespace impasto::net
