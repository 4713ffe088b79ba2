// Ops on host tensors that move, repeat or make elements without arithmetic.
#include <algorithm>
#include <cmath>

#include "engine/net/onnx_fold.h"

namespace impasto::net {
namespace {

using onnx::TensorProto;

/// The tensor of `shape` whose element i is element source[i] of `from`.
HostTensor gathered(const FoldCall& call, const HostTensor& from, Shape shape,
                    const std::vector<std::int64_t>& source) {
  call.budget.spend(static_cast<std::int64_t>(source.size()));
  HostTensor result{from.type, std::move(shape), nullptr, nullptr, nullptr};
  const auto pick = [&](const auto& data) {
    auto picked = std::make_shared<typename std::decay_t<decltype(data)>>(source.size());
    for (std::size_t i = 0; i < source.size(); ++i) {
      (*picked)[i] = data[static_cast<std::size_t>(source[i])];
    }
    return picked;
  };
  if (from.floats) result.floats = pick(*from.floats);
  if (from.doubles) result.doubles = pick(*from.doubles);
  if (from.integers) result.integers = pick(*from.integers);
  return result;
}

/// Positions in a strided array: begin + sum of index * stride over `shape`.
std::vector<std::int64_t> strided(const FoldCall& call, const Shape& shape, const Shape& strides,
                                  std::int64_t begin) {
  const std::int64_t count = element_count(shape);
  call.budget.spend(count);
  std::vector<std::int64_t> positions(static_cast<std::size_t>(count));
  Shape index(shape.size(), 0);
  std::int64_t at = begin;
  for (std::int64_t& position : positions) {
    position = at;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      at += strides[axis];
      if (++index[axis] < shape[axis]) break;
      at -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return positions;
}

FoldResult identity(const FoldCall& call) {
  return {call.input(0)};
}

FoldResult constant(const FoldCall& call) {
  const Attributes attributes = call.attributes();
  if (const auto* tensor = attributes.tensor("value")) return {decode_tensor(*tensor, {})};
  if (attributes.has("value_int")) {
    return {make_tensor(TensorProto::INT64, {},
                        std::vector<std::int64_t>{attributes.integer("value_int", 0)})};
  }
  if (attributes.has("value_float")) {
    return {make_tensor(TensorProto::FLOAT, {},
                        std::vector<double>{attributes.real("value_float", 0)})};
  }
  if (const auto list = attributes.integers("value_ints")) return {make_integers(*list)};
  if (const auto list = attributes.reals("value_floats")) {
    return {make_tensor(TensorProto::FLOAT, {static_cast<std::int64_t>(list->size())},
                        std::vector<double>(list->begin(), list->end()))};
  }
  refuse("it has no value of a supported kind");
}

FoldResult constant_of_shape(const FoldCall& call) {
  const Shape shape = integers(call.input(0));
  const std::int64_t count = element_count(shape);
  call.budget.spend(count);
  const auto* proto = call.attributes().tensor("value");
  if (!proto) {
    return {make_tensor(TensorProto::FLOAT, shape,
                        std::vector<double>(static_cast<std::size_t>(count), 0.0))};
  }
  const HostTensor value = decode_tensor(*proto, {});
  if (value.size() != 1) refuse("its value is no scalar");
  return {gathered(call, value, shape, std::vector<std::int64_t>(static_cast<std::size_t>(count)))};
}

FoldResult range(const FoldCall& call) {
  for (std::size_t i = 0; i < 3; ++i) {
    if (call.input(i).size() != 1) refuse("start, limit and delta are scalars");
  }
  const double start = call.input(0).real(0);
  const double delta = call.input(2).real(0);
  const double steps = std::ceil((call.input(1).real(0) - start) / delta);
  if (!(steps < 1e9)) refuse("its range is endless");
  const auto count = static_cast<std::int64_t>(std::max(steps, 0.0));
  call.budget.spend(count);
  std::vector<double> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = start + delta * static_cast<double>(i);
  return {make_tensor(call.input(0).type, {count}, values)};
}

FoldResult shape_of(const FoldCall& call) {
  const Shape& shape = call.input(0).shape;
  const auto rank = static_cast<std::int64_t>(shape.size());
  const Attributes attributes = call.attributes();
  const auto place = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? checked_add(at, rank) : at, 0, rank);
  };
  const std::int64_t begin = place(attributes.integer("start", 0));
  const std::int64_t end = std::max(begin, place(attributes.integer("end", rank)));
  return {make_integers({shape.begin() + begin, shape.begin() + end})};
}

FoldResult size_of(const FoldCall& call) {
  return {make_tensor(TensorProto::INT64, {},
                      std::vector<std::int64_t>{element_count(call.input(0).shape)})};
}

FoldResult reshape(const FoldCall& call) {
  const auto wanted = call.list("shape", 1);
  if (!wanted) refuse("it has no shape");
  const bool allow_zero = call.attributes().integer("allowzero", 0) != 0;
  return {with_shape(call.input(0), reshaped(call.input(0).shape, *wanted, allow_zero))};
}

FoldResult flatten(const FoldCall& call) {
  const Shape& shape = call.input(0).shape;
  const std::int64_t given = call.attributes().integer("axis", 1);
  const auto rank = static_cast<std::int64_t>(shape.size());
  const int axis = given == rank ? static_cast<int>(rank) : normalized_axis(given, shape.size());
  const std::int64_t outer = element_count({shape.begin(), shape.begin() + axis});
  return {with_shape(call.input(0), {outer, element_count({shape.begin() + axis, shape.end()})})};
}

FoldResult squeeze(const FoldCall& call) {
  return {with_shape(call.input(0), squeezed(call.input(0).shape, call.list("axes", 1)))};
}

FoldResult unsqueeze(const FoldCall& call) {
  const auto axes = call.list("axes", 1);
  if (!axes) refuse("it has no axes");
  return {with_shape(call.input(0), unsqueezed(call.input(0).shape, *axes))};
}

FoldResult transpose(const FoldCall& call) {
  const HostTensor& from = call.input(0);
  const std::size_t rank = from.shape.size();
  auto order = call.attributes().integers("perm");
  if (!order) {
    order.emplace();
    for (std::size_t i = rank; i-- > 0;) order->push_back(static_cast<std::int64_t>(i));
  }
  if (order->size() != rank) refuse("perm does not fit the rank");
  const Shape strides = broadcast_strides(from.shape, from.shape);
  Shape shape;
  Shape moved;
  std::vector<bool> used(rank, false);
  for (const std::int64_t axis : *order) {
    const auto i = static_cast<std::size_t>(normalized_axis(axis, rank));
    if (used[i]) refuse("perm is no permutation");
    used[i] = true;
    shape.push_back(from.shape[i]);
    moved.push_back(strides[i]);
  }
  return {gathered(call, from, shape, strided(call, shape, moved, 0))};
}

FoldResult expand(const FoldCall& call) {
  const HostTensor& from = call.input(0);
  const Shape shape = broadcast(from.shape, integers(call.input(1)));
  return {
      gathered(call, from, shape, strided(call, shape, broadcast_strides(from.shape, shape), 0))};
}

FoldResult tile(const FoldCall& call) {
  const HostTensor& from = call.input(0);
  const std::vector<std::int64_t> repeats = integers(call.input(1));
  const std::size_t rank = from.shape.size();
  if (repeats.size() != rank) refuse("repeats does not fit the rank");
  Shape shape;
  Shape split;
  Shape strides;
  const Shape dense = broadcast_strides(from.shape, from.shape);
  for (std::size_t i = 0; i < rank; ++i) {
    shape.push_back(checked_multiply(from.shape[i], repeats[i]));
    split.insert(split.end(), {repeats[i], from.shape[i]});
    strides.insert(strides.end(), {0, dense[i]});
  }
  return {gathered(call, from, shape, strided(call, split, strides, 0))};
}

FoldResult slice(const FoldCall& call) {
  const HostTensor& from = call.input(0);
  const std::vector<SliceRange> ranges = slice_ranges(from.shape, call);
  Shape shape;
  Shape strides = broadcast_strides(from.shape, from.shape);
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    shape.push_back(ranges[i].count);
    begin += ranges[i].begin * strides[i];
    strides[i] = checked_multiply(strides[i], ranges[i].step);
  }
  return {gathered(call, from, shape, strided(call, shape, strides, begin))};
}

FoldResult split(const FoldCall& call) {
  const HostTensor& from = call.input(0);
  const auto axis = static_cast<std::size_t>(
      normalized_axis(call.attributes().integer("axis", 0), from.shape.size()));
  const Shape strides = broadcast_strides(from.shape, from.shape);
  FoldResult result;
  std::int64_t begin = 0;
  for (const std::int64_t size : split_sizes(from.shape[axis], call)) {
    Shape shape = from.shape;
    shape[axis] = size;
    result.push_back(
        gathered(call, from, shape, strided(call, shape, strides, begin * strides[axis])));
    begin += size;
  }
  return result;
}

FoldResult gather(const FoldCall& call) {
  const HostTensor& from = call.input(0);
  const HostTensor& indices = call.input(1);
  const auto axis = static_cast<std::size_t>(
      normalized_axis(call.attributes().integer("axis", 0), from.shape.size()));
  const std::int64_t size = from.shape[axis];
  const std::int64_t outer = element_count({from.shape.begin(), from.shape.begin() + axis});
  const std::int64_t inner = element_count({from.shape.begin() + axis + 1, from.shape.end()});
  Shape shape(from.shape.begin(), from.shape.begin() + axis);
  shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
  shape.insert(shape.end(), from.shape.begin() + axis + 1, from.shape.end());
  call.budget.spend(element_count(shape));
  std::vector<std::int64_t> source;
  source.reserve(static_cast<std::size_t>(element_count(shape)));
  for (std::int64_t o = 0; o < outer && element_count(shape) > 0; ++o) {
    for (std::size_t i = 0; i < indices.size(); ++i) {
      std::int64_t at = indices.integer(i);
      if (at < -size || at >= size) {
        refuse("index " + std::to_string(at) + " is outside an axis of " + std::to_string(size));
      }
      if (at < 0) at += size;
      for (std::int64_t k = 0; k < inner; ++k) source.push_back((o * size + at) * inner + k);
    }
  }
  return {gathered(call, from, shape, source)};
}

FoldResult concat(const FoldCall& call) {
  const HostTensor& first = call.input(0);
  const auto axis = static_cast<std::size_t>(
      normalized_axis(call.attributes().integer("axis", 1), first.shape.size()));
  Shape shape = first.shape;
  shape[axis] = 0;
  for (std::size_t i = 0; i < call.inputs.size(); ++i) {
    Shape part = call.input(i).shape;
    if (part.size() != shape.size() || call.input(i).type != first.type) {
      refuse("its inputs differ in rank or type");
    }
    shape[axis] = checked_add(shape[axis], part[axis]);
    part[axis] = shape[axis];
    if (part != shape) refuse("its inputs differ in shape");
  }
  const std::int64_t count = element_count(shape);
  call.budget.spend(count);
  const std::int64_t outer = element_count({shape.begin(), shape.begin() + axis});
  const auto join = [&](auto values) {
    for (std::int64_t o = 0; o < outer && count > 0; ++o) {
      for (const HostTensor* part : call.inputs) {
        const std::size_t run = part->size() / static_cast<std::size_t>(outer);
        for (std::size_t i = 0; i < run; ++i) {
          const std::size_t at = static_cast<std::size_t>(o) * run + i;
          if constexpr (std::is_same_v<typename decltype(values)::value_type, double>) {
            values.push_back(part->real(at));
          } else {
            values.push_back(part->integer(at));
          }
        }
      }
    }
    return make_tensor(first.type, shape, values);
  };
  return {first.integers ? join(std::vector<std::int64_t>()) : join(std::vector<double>())};
}

FoldResult dropout(const FoldCall& call) {
  if (call.has(2) && call.input(2).size() == 1 && call.input(2).real(0) != 0) {
    refuse("training mode is not supported");
  }
  return {call.input(0)};
}

constexpr FoldEntry entries[] = {
    {"Identity", identity},   {"Constant", constant},   {"ConstantOfShape", constant_of_shape},
    {"Range", range},         {"Shape", shape_of},      {"Size", size_of},
    {"Reshape", reshape},     {"Flatten", flatten},     {"Squeeze", squeeze},
    {"Unsqueeze", unsqueeze}, {"Transpose", transpose}, {"Expand", expand},
    {"Tile", tile},           {"Slice", slice},         {"Split", split},
    {"Gather", gather},       {"Concat", concat},       {"Dropout", dropout},
};

}  // namespace

std::span<const FoldEntry> movement_folds() {
  return entries;
}

}  // namespace impasto::net
