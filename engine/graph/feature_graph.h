// Owns: the passes that look at one layer while a frame runs: what it stores (of a norm: its input)
// scaled down, the statistics of that, a norm's table. Depends on: render_graph.h, options.h. They
// run between two passes of the graph, where the values lie in the arena, and write
// Region::features only: the graph itself, its memory and its results stay as they are.
#pragma once

#include <optional>

#include "engine/graph/options.h"
#include "engine/graph/render_graph.h"

namespace impasto::graph {

struct FeatureGraph {
  std::size_t layer = 0;     ///< of net::feature_layers, for who shows it
  std::size_t position = 0;  ///< they run before this pass of the graph
  std::vector<Pass> passes;
  std::uint64_t bytes = 0;  ///< of Region::features
  int channels = 0;
  int height = 0;  ///< of the scaled-down planes
  int width = 0;
  int layer_height = 0;
  int layer_width = 0;
  bool half = false;           ///< how the scaled-down planes are stored
  bool activated = false;      ///< LayerPlace::activated
  std::uint64_t tiles = 0;     ///< offset of the planes, packed as an activation
  std::uint64_t partials = 0;  ///< offset of the partial statistics, abi::PARTIAL_WORDS a record
  int records = 0;             ///< of each plane
  std::optional<std::uint64_t> norm_table;  ///< offset of a copy of it; only norms have one
};

/// For one of the layers of the graph that `options` gave; planes become at most `tile_side` high
/// and wide, each pixel the mean of an equal box (smaller at the right and lower edge).
FeatureGraph compile_features(const LayerPlace& place, const CompileOptions& options,
                              int tile_side);

/// A graph's passes with those of `features` between them, and the barriers that all need.
std::vector<Pass> passes_with(std::vector<Pass> passes, const FeatureGraph& features);

}  // namespace impasto::graph
