// Owns: how a layer's outputs are cut into tiles of Winograd's convolution, these into runs whose
// sums and products stay in a cache, and which layers can have and pay for such tiles.
// Depends on: lower_conv.h, whose winograd_* functions are here too; winograd_filters.h.
#pragma once

#include <vector>

#include "engine/graph/lower_conv.h"
#include "engine/graph/winograd_filters.h"

namespace impasto::graph {

/// Some of a layer's tiles, counted row by row.
struct WinogradRun {
  int first = 0;
  int count =
      0;  ///< a multiple of what a workgroup of the product takes; may reach beyond the last
};

struct WinogradPlan {
  WinogradForm form;
  int tiles_x = 0;       ///< tiles of a row
  int tile_count = 0;    ///< of all rows
  int tile_groups = 0;   ///< groups of a subgroup's tiles per invocation of the product
  int block_planes = 0;  ///< planes of output channels per invocation of the product
  std::vector<WinogradRun> runs;
  int most_tiles = 0;  ///< of a run
};

/// For a layer that winograd_sides gives this side for.
WinogradPlan plan_winograd(const Draft& draft, const ConvTask& task, int tile_side);

}  // namespace impasto::graph
