#include "engine/graph/feature_graph.h"

#include <algorithm>
#include <cassert>

#include "engine/graph/finish.h"
#include "engine/graph/lower.h"
#include "engine/graph/order.h"

namespace impasto::graph {
namespace {

/// What a draft writes goes to Region::features, one after the other; its passes join the others'.
void append(Draft& draft, FeatureGraph& features) {
  for (Resource& resource : draft.resources) {
    if (resource.region != Region::arena || resource.at) continue;
    resource.at = Range{Region::features, 0, features.bytes, resource.bytes};
    features.bytes += draft.aligned(resource.bytes);
  }
  for (Pass& pass : finish(draft).passes) features.passes.push_back(std::move(pass));
}

std::uint64_t offset_of(const Draft& draft, ResourceId resource) {
  return draft.resources[static_cast<std::size_t>(resource)].at->offset;
}

}  // namespace

FeatureGraph compile_features(const LayerPlace& place, const CompileOptions& options,
                              int tile_side) {
  assert(tile_side > 0);
  const int box = (std::max(place.height, place.width) + tile_side - 1) / tile_side;
  FeatureGraph features;
  features.position = place.position;
  features.channels = place.channels;
  features.layer_height = place.height;
  features.layer_width = place.width;
  features.height = (place.height + box - 1) / box;
  features.width = (place.width + box - 1) / box;
  features.half = place.half;
  features.activated = place.activated;

  Draft draft(options);
  const TensorView source{.tensor = {draft.existing("features source", place.values),
                                     place.channels, place.height, place.width, place.half}};
  const TensorRef tiles =
      draft.tensor("features", place.channels, features.height, features.width, place.half);
  net::Pool pool;
  pool.kind = net::PoolKind::average;
  pool.kernel = pool.stride = {box, box};
  lower_pool(draft, "features", pool, source, tiles);
  const PartialStatistics partials = lower_statistics(draft, "features", source);
  append(draft, features);
  features.tiles = offset_of(draft, tiles.resource);
  features.partials = offset_of(draft, partials.table);
  features.records = partials.tiles;
  if (!place.norm_table) return features;

  // Tables are fp32 whatever activations are: a copy by the map kernel of fp32 tensors.
  Draft table_draft(options);
  const int words = static_cast<int>(place.norm_table->size / 16);
  const TensorRef copy = table_draft.tensor("features table", 4, 1, words, false);
  const TensorRef table{table_draft.existing("norm table", *place.norm_table), 4, 1, words};
  lower_map(table_draft, "features table", {.tensor = table}, {}, {}, -1, copy);
  append(table_draft, features);
  features.norm_table = offset_of(table_draft, copy.resource);
  return features;
}

std::vector<Pass> passes_with(std::vector<Pass> passes, const FeatureGraph& features) {
  passes.insert(passes.begin() + static_cast<std::ptrdiff_t>(features.position),
                features.passes.begin(), features.passes.end());
  set_barriers(passes);
  return passes;
}

}  // namespace impasto::graph
