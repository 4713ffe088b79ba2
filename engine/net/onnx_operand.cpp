#include "engine/net/onnx_operand.h"

#include <algorithm>
#include <cmath>

namespace impasto::net {
namespace {

float finite(const ImportValue& operand, std::int64_t i) {
  const auto value = static_cast<float>(operand.tensor.real(static_cast<std::size_t>(i)));
  if (!std::isfinite(value)) {
    refuse("input '" + printable(operand.name) + "' holds NaN or infinity");
  }
  return value;
}

/// Where the element at [c][y][x] of an activation reads a broadcast operand.
class Reader {
 public:
  Reader(const View& view, const Shape& shape) : view_(view) {
    const Shape logical = logical_shape(view);
    Shape trimmed = shape;
    while (trimmed.size() > logical.size() && trimmed.front() == 1) trimmed.erase(trimmed.begin());
    if (broadcast(trimmed, logical) != logical) {
      refuse("shape " + to_text(shape) + " does not broadcast to " + to_text(logical));
    }
    strides_ = broadcast_strides(trimmed, logical);
    for (std::size_t i = 0; i < logical.size(); ++i) {
      for (const Atom& atom : view.dims[i]) {
        if (strides_[i] != 0) varies_[static_cast<std::size_t>(atom.axis)] = true;
      }
    }
  }

  bool varies_along(std::size_t axis) const { return varies_[axis]; }

  std::int64_t at(std::int64_t c, std::int64_t y, std::int64_t x) const {
    std::int64_t position = 0;
    for (std::size_t i = 0; i < strides_.size(); ++i) {
      if (strides_[i] != 0) position += strides_[i] * dimension_index(view_.dims[i], {c, y, x});
    }
    return position;
  }

 private:
  const View& view_;
  Shape strides_;
  std::array<bool, 3> varies_{false, false, false};
};

/// Every plane holds one number only.
bool is_flat(const std::vector<float>& data, std::size_t plane) {
  for (std::size_t begin = 0; begin < data.size(); begin += plane) {
    const auto same = [&](float value) { return value == data[begin]; };
    if (!std::all_of(data.begin() + static_cast<std::ptrdiff_t>(begin),
                     data.begin() + static_cast<std::ptrdiff_t>(begin + plane), same)) {
      return false;
    }
  }
  return true;
}

}  // namespace

Operand read_operand(GraphBuilder& graph, const View& view, const ImportValue& operand) {
  if (operand.kind == ImportValue::Kind::image) {
    refuse("input '" + printable(operand.name) + "' must not depend on the picture");
  }
  const Reader reader(view, operand.tensor.shape);
  const Value from = graph.value(view.value);
  if (operand.tensor.size() == 1)
    return {graph.parameter(operand, std::vector<std::int64_t>{0}), -1};
  if (!reader.varies_along(1) && !reader.varies_along(2)) {
    std::vector<std::int64_t> source(static_cast<std::size_t>(from.channels));
    for (std::size_t c = 0; c < source.size(); ++c) {
      source[c] = reader.at(static_cast<std::int64_t>(c), 0, 0);
    }
    return {graph.parameter(operand, std::move(source)), -1};
  }
  if (operand.kind == ImportValue::Kind::style) {
    refuse("input '" + printable(operand.name) +
           "' depends on the style and varies over rows or columns; only one number per channel "
           "may");
  }
  const int channels = reader.varies_along(0) ? from.channels : 1;
  const int height = reader.varies_along(1) ? from.height : 1;
  const int width = reader.varies_along(2) ? from.width : 1;
  graph.spend(std::int64_t{channels} * height * width);
  auto data = std::make_shared<std::vector<float>>();
  data->reserve(static_cast<std::size_t>(channels) * height * width);
  for (int c = 0; c < channels; ++c) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) data->push_back(finite(operand, reader.at(c, y, x)));
    }
  }
  // An Expand in the file may have spread one number per channel over the frame.
  const std::size_t plane = static_cast<std::size_t>(height) * width;
  if (channels == from.channels && is_flat(*data, plane)) {
    std::vector<std::int64_t> source;
    for (int c = 0; c < channels; ++c) source.push_back(reader.at(c, 0, 0));
    return {graph.parameter(operand, std::move(source)), -1};
  }
  return {none, graph.emit(Constant{std::move(data)}, {}, channels, height, width)};
}

ValueId emit_constant(GraphBuilder& graph, const ImportValue& operand) {
  if (operand.kind != ImportValue::Kind::constant) {
    refuse("input '" + printable(operand.name) + "' must be a constant");
  }
  Shape shape = operand.tensor.shape;
  while (shape.size() < 4) shape.insert(shape.begin(), 1);
  if (shape.size() > 4 || shape[0] != 1) {
    refuse("input '" + printable(operand.name) + "' has shape " + to_text(shape));
  }
  graph.spend(static_cast<std::int64_t>(operand.tensor.size()));
  auto data = std::make_shared<std::vector<float>>();
  for (std::size_t i = 0; i < operand.tensor.size(); ++i) {
    data->push_back(finite(operand, static_cast<std::int64_t>(i)));
  }
  return graph.emit(Constant{std::move(data)}, {}, shape[1], shape[2], shape[3]);
}

}  // namespace impasto::net
