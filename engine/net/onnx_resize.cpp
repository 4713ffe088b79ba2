#include "engine/net/onnx_resize.h"

#include <algorithm>
#include <cmath>

namespace impasto::net {
namespace {

/// ONNX's own results for align_corners are those of the size before it is rounded.
double exact_length(const AxisScale& axis) {
  const double length = axis.scale * static_cast<double>(axis.in);
  const auto rounded = static_cast<double>(axis.out);
  return std::abs(length - rounded) < 1e-6 * rounded ? rounded : length;
}

/// The input coordinate of output `i`, by the formulas of ONNX's Resize.
double source_coordinate(CoordinateMode mode, const AxisScale& axis, std::int64_t i) {
  const auto at = static_cast<double>(i);
  const auto in = static_cast<double>(axis.in);
  const auto out = static_cast<double>(axis.out);
  switch (mode) {
    case CoordinateMode::half_pixel:
      return (at + 0.5) / axis.scale - 0.5;
    case CoordinateMode::half_pixel_symmetric: {
      // Keeps the centre in place where the size was rounded.
      const double adjustment = out / (axis.scale * in);
      return in / 2 * (1 - adjustment) + (at + 0.5) / axis.scale - 0.5;
    }
    case CoordinateMode::pytorch_half_pixel:
      return axis.out > 1 ? (at + 0.5) / axis.scale - 0.5 : 0;
    case CoordinateMode::align_corners:
      return axis.out > 1 ? at * (in - 1) / (exact_length(axis) - 1) : 0;
    case CoordinateMode::asymmetric:
      return at / axis.scale;
    case CoordinateMode::tf_half_pixel_for_nn:
      return (at + 0.5) / axis.scale;
    case CoordinateMode::tf_crop_and_resize:
      return axis.out > 1
                 ? axis.start * (in - 1) + at * (axis.end - axis.start) * (in - 1) / (out - 1)
                 : 0.5 * (axis.start + axis.end) * (in - 1);
  }
  return 0;
}

double rounded_index(NearestMode mode, double x) {
  switch (mode) {
    case NearestMode::round_prefer_floor:
      return std::ceil(x - 0.5);
    case NearestMode::round_prefer_ceil:
      return std::floor(x + 0.5);
    case NearestMode::floor:
      return std::floor(x);
    case NearestMode::ceil:
      return std::ceil(x);
  }
  return x;
}

CoordinateMode coordinate_mode(const std::string& name) {
  if (name == "half_pixel") return CoordinateMode::half_pixel;
  if (name == "half_pixel_symmetric") return CoordinateMode::half_pixel_symmetric;
  if (name == "pytorch_half_pixel") return CoordinateMode::pytorch_half_pixel;
  if (name == "align_corners") return CoordinateMode::align_corners;
  if (name == "asymmetric") return CoordinateMode::asymmetric;
  if (name == "tf_half_pixel_for_nn") return CoordinateMode::tf_half_pixel_for_nn;
  if (name == "tf_crop_and_resize") return CoordinateMode::tf_crop_and_resize;
  refuse("coordinate_transformation_mode '" + printable(name) + "' is unknown");
}

NearestMode nearest_mode(const std::string& name) {
  if (name == "round_prefer_floor") return NearestMode::round_prefer_floor;
  if (name == "round_prefer_ceil") return NearestMode::round_prefer_ceil;
  if (name == "floor") return NearestMode::floor;
  if (name == "ceil") return NearestMode::ceil;
  refuse("nearest_mode '" + printable(name) + "' is unknown");
}

}  // namespace

ResizeRule read_resize_rule(const GraphBuilder& graph) {
  const Attributes attributes = graph.attributes();
  const std::string mode = attributes.text("mode", "nearest");
  ResizeRule rule;
  if (mode == "linear" || mode == "bilinear") {
    rule.mode = ResizeMode::linear;
  } else if (mode != "nearest") {
    refuse("mode '" + printable(mode) + "' is not supported, nearest and linear are");
  }
  // Upsample and the first Resize had no choice of coordinates.
  const bool old = graph.op() == "Upsample" || graph.opset() < 11;
  rule.coordinates = coordinate_mode(
      attributes.text("coordinate_transformation_mode", old ? "asymmetric" : "half_pixel"));
  rule.nearest =
      nearest_mode(attributes.text("nearest_mode", old ? "floor" : "round_prefer_floor"));
  rule.uses_region = rule.coordinates == CoordinateMode::tf_crop_and_resize;
  return rule;
}

SampledAxis resize_axis(const ResizeRule& rule, const AxisScale& scale) {
  SampledAxis sampled;
  ResizeAxis& axis = sampled.table;
  const auto last = static_cast<double>(scale.in - 1);
  const auto index = [&](double x) { return static_cast<int>(std::clamp(x, 0.0, last)); };
  for (std::int64_t i = 0; i < scale.out; ++i) {
    const double x = source_coordinate(rule.coordinates, scale, i);
    if (!std::isfinite(x)) refuse("a coordinate is no number");
    if (rule.uses_region && (x < 0 || x > last)) {
      ++(axis.low.empty() ? sampled.before : sampled.after);
      continue;
    }
    if (rule.mode == ResizeMode::nearest) {
      axis.low.push_back(index(rounded_index(rule.nearest, x)));
      axis.high.push_back(axis.low.back());
      axis.fraction.push_back(0);
    } else {
      const double inside = std::clamp(x, 0.0, last);
      const double low = std::floor(inside);
      axis.low.push_back(index(low));
      axis.high.push_back(index(low + 1));
      axis.fraction.push_back(static_cast<float>(inside - low));
    }
  }
  if (axis.low.empty()) refuse("its roi lies outside the picture");
  return sampled;
}

int nearest_factor(const Resize& op, int height, int width) {
  if (op.mode != ResizeMode::nearest) return 0;
  const auto rows = static_cast<int>(op.y.low.size());
  const auto columns = static_cast<int>(op.x.low.size());
  const int factor = rows / height;
  if (factor < 1 || rows != height * factor || columns != width * factor) return 0;
  const auto exact = [&](const ResizeAxis& axis) {
    for (std::size_t i = 0; i < axis.low.size(); ++i) {
      if (axis.low[i] != static_cast<int>(i) / factor) return false;
    }
    return true;
  };
  return exact(op.y) && exact(op.x) ? factor : 0;
}

}  // namespace impasto::net
