// Owns: what a feature view shows of one layer of one frame. Depends on: graph/feature_graph.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/graph/feature_graph.h"

namespace impasto::session {

struct ChannelStatistics {
  float mean = 0;
  float deviation = 0;  ///< of all the frame's values, n in the denominator
};

/// The channels of what a layer stores, scaled down; of a norm those of its input, and what the
/// normalization makes of them.
struct FeatureView {
  std::size_t layer = 0;    ///< of feature_layers(net)
  bool absorbed = false;    ///< a neighbour's pass computes it on the way: nothing to show
  bool normalized = false;  ///< it is a norm; otherwise there is nothing `after`
  bool activated = false;   ///< the values are those after the activation that follows the layer
  std::int64_t pts = 0;     ///< of the frame that it shows
  int channels = 0;
  int height = 0;  ///< of a tile
  int width = 0;
  int layer_height = 0;  ///< of the layer itself
  int layer_width = 0;
  /// [channels][height][width]: means over equal boxes, before and after the normalization with
  /// its gamma and beta (and before the activation that follows).
  std::vector<float> before;
  std::vector<float> after;                          ///< of norms only, as statistics_after
  std::vector<ChannelStatistics> statistics_before;  ///< [channels], of the values at full size
  std::vector<ChannelStatistics> statistics_after;
};

/// From what the passes of `graph` wrote. Statistics are merged by Chan's formula; those after the
/// normalization follow from it, since it is affine in each channel.
FeatureView read_features(const graph::FeatureGraph& graph, std::span<const std::byte> bytes,
                          std::int64_t pts);

/// A tile as 8-bit gray, [height][width]: `middle` becomes 128, `middle` +- `reach` 1 and 255.
std::vector<std::uint8_t> gray_tile(const std::vector<float>& tiles, int height, int width,
                                    std::size_t channel, float middle, float reach);

}  // namespace impasto::session
