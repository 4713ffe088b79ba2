#include "engine/net/onnx_fold.h"

#include <algorithm>
#include <unordered_map>

namespace impasto::net {
namespace {

const std::unordered_map<std::string_view, FoldFunction>& table() {
  static const auto* entries = [] {
    auto* map = new std::unordered_map<std::string_view, FoldFunction>;
    for (const auto family : {elementwise_folds(), movement_folds(), algebra_folds()}) {
      for (const FoldEntry& entry : family) map->emplace(entry.op, entry.function);
    }
    return map;
  }();
  return *entries;
}

}  // namespace

const HostTensor& FoldCall::input(std::size_t i) const {
  if (!has(i)) refuse("input " + std::to_string(i) + " is missing");
  return *inputs[i];
}

std::optional<std::vector<std::int64_t>> FoldCall::list(const char* attribute,
                                                        std::size_t input) const {
  if (auto values = attributes().integers(attribute)) return values;
  if (!has(input)) return std::nullopt;
  return integers(*inputs[input]);
}

FoldResult fold(const FoldCall& call) {
  const auto found = table().find(call.node.op_type());
  if (found == table().end()) refuse("this op is not supported on constants or style weights");
  return found->second(call);
}

Shape broadcast(const Shape& a, const Shape& b) {
  const std::size_t rank = std::max(a.size(), b.size());
  Shape result(rank, 1);
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t from_a = i + a.size() >= rank ? a[i + a.size() - rank] : 1;
    const std::int64_t from_b = i + b.size() >= rank ? b[i + b.size() - rank] : 1;
    if (from_a != from_b && from_a != 1 && from_b != 1) {
      refuse("shapes " + to_text(a) + " and " + to_text(b) + " do not broadcast");
    }
    result[i] = from_a == 1 ? from_b : from_a;
  }
  return result;
}

Shape broadcast_strides(const Shape& shape, const Shape& full) {
  Shape strides(full.size(), 0);
  std::int64_t stride = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    if (shape[i] != 1) strides[i + full.size() - shape.size()] = stride;
    stride = checked_multiply(stride, shape[i]);
  }
  return strides;
}

int normalized_axis(std::int64_t axis, std::size_t rank) {
  const auto limit = static_cast<std::int64_t>(rank);
  if (axis < -limit || axis >= limit) {
    refuse("axis " + std::to_string(axis) + " is outside rank " + std::to_string(rank));
  }
  return static_cast<int>(axis < 0 ? axis + limit : axis);
}

Shape reshaped(const Shape& from, const std::vector<std::int64_t>& wanted, bool allow_zero) {
  Shape shape = wanted;
  if (shape.size() > 32) refuse("it has more than 32 dimensions");
  std::ptrdiff_t open = -1;
  std::int64_t known = 1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0 && !allow_zero) {
      if (i >= from.size()) refuse("the shape copies a dimension that is not there");
      shape[i] = from[i];
    }
    if (shape[i] == -1) {
      if (open >= 0) refuse("the shape has more than one -1");
      open = static_cast<std::ptrdiff_t>(i);
    } else {
      if (shape[i] < 0) refuse("shape " + to_text(wanted) + " has a negative dimension");
      known = checked_multiply(known, shape[i]);
    }
  }
  const std::int64_t count = element_count(from);
  if (open >= 0) {
    if (known == 0 || count % known != 0) {
      refuse("shape " + to_text(from) + " cannot become " + to_text(wanted));
    }
    shape[static_cast<std::size_t>(open)] = count / known;
  } else if (known != count) {
    refuse("shape " + to_text(from) + " cannot become " + to_text(wanted));
  }
  return shape;
}

Shape squeezed(const Shape& shape, const std::optional<std::vector<std::int64_t>>& axes) {
  std::vector<bool> drop(shape.size(), false);
  if (axes) {
    for (const std::int64_t axis : *axes) {
      const auto i = static_cast<std::size_t>(normalized_axis(axis, shape.size()));
      if (shape[i] != 1) refuse("it squeezes an axis of size " + std::to_string(shape[i]));
      drop[i] = true;
    }
  } else {
    for (std::size_t i = 0; i < shape.size(); ++i) drop[i] = shape[i] == 1;
  }
  Shape result;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (!drop[i]) result.push_back(shape[i]);
  }
  return result;
}

Shape unsqueezed(const Shape& shape, const std::vector<std::int64_t>& axes) {
  const std::size_t rank = shape.size() + axes.size();
  if (rank > 32) refuse("it has more than 32 dimensions");
  std::vector<bool> inserted(rank, false);
  for (const std::int64_t axis : axes) {
    const auto i = static_cast<std::size_t>(normalized_axis(axis, rank));
    if (inserted[i]) refuse("it inserts an axis twice");
    inserted[i] = true;
  }
  Shape result;
  std::size_t next = 0;
  for (std::size_t i = 0; i < rank; ++i) result.push_back(inserted[i] ? 1 : shape[next++]);
  return result;
}

std::vector<SliceRange> slice_ranges(const Shape& shape, const FoldCall& call) {
  const auto starts = call.list("starts", 1);
  const auto ends = call.list("ends", 2);
  auto axes = call.list("axes", 3);
  const auto steps = call.has(4) ? call.list("steps", 4) : std::nullopt;
  if (!starts || !ends || starts->size() != ends->size()) refuse("starts and ends do not match");
  if (!axes) {
    axes.emplace();
    for (std::size_t i = 0; i < starts->size(); ++i) {
      axes->push_back(static_cast<std::int64_t>(i));
    }
  }
  if (axes->size() != starts->size() || (steps && steps->size() != starts->size())) {
    refuse("starts, axes and steps do not match");
  }
  std::vector<SliceRange> ranges;
  for (const std::int64_t size : shape) ranges.push_back({0, size, 1});
  for (std::size_t i = 0; i < starts->size(); ++i) {
    const auto axis = static_cast<std::size_t>(normalized_axis((*axes)[i], shape.size()));
    const std::int64_t size = shape[axis];
    const std::int64_t step = steps ? (*steps)[i] : 1;
    // Beyond the int range a step reads one element only, whatever its size.
    if (step == 0) refuse("a step is 0");
    const std::int64_t limited = std::clamp<std::int64_t>(step, -(1LL << 40), 1LL << 40);
    const auto place = [&](std::int64_t at, std::int64_t low, std::int64_t high) {
      return std::clamp(at < 0 ? checked_add(std::max<std::int64_t>(at, -(1LL << 62)), size) : at,
                        low, high);
    };
    const bool forward = step > 0;
    const std::int64_t begin =
        forward ? place((*starts)[i], 0, size) : place((*starts)[i], size == 0 ? 0 : -1, size - 1);
    const std::int64_t end = forward ? place((*ends)[i], 0, size) : place((*ends)[i], -1, size - 1);
    const std::int64_t span = forward ? end - begin : begin - end;
    const std::int64_t stride = forward ? limited : -limited;
    ranges[axis] = {begin, span <= 0 ? 0 : (span + stride - 1) / stride, limited};
  }
  return ranges;
}

std::vector<std::int64_t> split_sizes(std::int64_t size, const FoldCall& call) {
  if (const auto sizes = call.list("split", 1)) {
    std::int64_t sum = 0;
    for (const std::int64_t part : *sizes) {
      if (part < 0) refuse("a part has a negative size");
      sum = checked_add(sum, part);
    }
    if (sum != size) refuse("its parts do not add up to " + std::to_string(size));
    return *sizes;
  }
  const std::int64_t parts = call.attributes().integer("num_outputs", call.node.output_size());
  if (parts < 1 || parts > 65536) refuse("it splits into " + std::to_string(parts) + " parts");
  const std::int64_t part = (size + parts - 1) / parts;
  std::vector<std::int64_t> sizes;
  for (std::int64_t left = size, i = 0; i < parts; ++i, left -= part) {
    sizes.push_back(std::clamp<std::int64_t>(left, 0, part));
  }
  return sizes;
}

}  // namespace impasto::net
