// Owns: the channels of a feature view as one bitmap. Depends on: session/features.h, bitmap.h.
#pragma once

#include <optional>

#include "app/live/bitmap.h"
#include "engine/stylizer.h"

namespace impasto::live {

/// Tiles in rows, a pixel of nothing between them.
struct FeatureGrid {
  int columns = 1;
  int channels = 0;
  int tile_width = 0;
  int tile_height = 0;
  int width = 0;  ///< of the bitmap
  int height = 0;
  std::optional<std::size_t> channel_at(float x, float y) const;
};

FeatureGrid plan_feature_grid(const FeatureView& view);
/// Gray: a channel's mean is middle gray, three deviations away black and white. `after` is for
/// norms; what other layers store is shown as it is.
SharedBitmap draw_feature_grid(const FeatureView& view, bool after);

}  // namespace impasto::live
