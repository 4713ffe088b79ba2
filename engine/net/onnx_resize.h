// Owns: ONNX's coordinate and rounding rules for Resize and Upsample, as tables per axis.
// Depends on: onnx_graph.h. To add a rule: a case in source_coordinate or rounded_index.
#pragma once

#include "engine/net/onnx_graph.h"

namespace impasto::net {

enum class CoordinateMode {
  half_pixel,
  half_pixel_symmetric,
  pytorch_half_pixel,
  align_corners,
  asymmetric,
  tf_half_pixel_for_nn,
  tf_crop_and_resize,
};
enum class NearestMode { round_prefer_floor, round_prefer_ceil, floor, ceil };

struct ResizeRule {
  ResizeMode mode = ResizeMode::nearest;
  CoordinateMode coordinates = CoordinateMode::half_pixel;
  NearestMode nearest = NearestMode::round_prefer_floor;
  bool uses_region = false;
};

/// One axis: sizes, scale out / in, and the region of interest in 0..1.
struct AxisScale {
  std::int64_t in = 1;
  std::int64_t out = 1;
  double scale = 1;
  double start = 0;
  double end = 1;
};

/// From the attributes of the Resize or Upsample node at hand; refuses cubic modes.
ResizeRule read_resize_rule(const GraphBuilder& graph);

/// The outputs that read the picture, and how many before and after them lie outside of it.
struct SampledAxis {
  ResizeAxis table;
  int before = 0;
  int after = 0;
};
SampledAxis resize_axis(const ResizeRule& rule, const AxisScale& scale);
/// f where the whole resize is "output i reads input i / f" on both axes, else 0.
int nearest_factor(const Resize& op, int height, int width);

}  // namespace impasto::net
