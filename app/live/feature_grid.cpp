#include "app/live/feature_grid.h"

#include <algorithm>
#include <cmath>

namespace impasto::live {
namespace {

constexpr int gap = 2;
constexpr float deviations = 3;

}  // namespace

std::optional<std::size_t> FeatureGrid::channel_at(float x, float y) const {
  const int column = static_cast<int>(x) / (tile_width + gap);
  const int row = static_cast<int>(y) / (tile_height + gap);
  const int channel = row * columns + column;
  if (x < 0 || y < 0 || column >= columns || channel >= channels) return std::nullopt;
  return static_cast<std::size_t>(channel);
}

FeatureGrid plan_feature_grid(const FeatureView& view) {
  FeatureGrid grid;
  grid.channels = view.channels;
  grid.tile_width = view.width;
  grid.tile_height = view.height;
  // About square tiles on a tall panel: as many columns as make the grid as wide as 4 to 8 tiles.
  grid.columns = std::clamp(static_cast<int>(std::lround(std::sqrt(view.channels))), 1, 8);
  const int rows = (view.channels + grid.columns - 1) / grid.columns;
  grid.width = grid.columns * (view.width + gap) - gap;
  grid.height = rows * (view.height + gap) - gap;
  return grid;
}

SharedBitmap draw_feature_grid(const FeatureView& view, bool after) {
  const FeatureGrid grid = plan_feature_grid(view);
  std::vector<std::uint8_t> rgba(static_cast<std::size_t>(grid.width) *
                                 static_cast<std::size_t>(grid.height) * 4);
  const bool normalized = after && view.normalized;
  const auto& tiles = normalized ? view.after : view.before;
  const auto& statistics = normalized ? view.statistics_after : view.statistics_before;
  for (int channel = 0; channel < view.channels; ++channel) {
    const auto c = static_cast<std::size_t>(channel);
    const std::vector<std::uint8_t> gray =
        session::gray_tile(tiles, view.height, view.width, c, statistics[c].mean,
                           deviations * statistics[c].deviation);
    const int left = channel % grid.columns * (view.width + gap);
    const int top = channel / grid.columns * (view.height + gap);
    for (int y = 0; y < view.height; ++y) {
      for (int x = 0; x < view.width; ++x) {
        std::uint8_t* pixel =
            &rgba[(static_cast<std::size_t>(top + y) * grid.width + left + x) * 4];
        pixel[0] = pixel[1] = pixel[2] = gray[static_cast<std::size_t>(y * view.width + x)];
        pixel[3] = 255;
      }
    }
  }
  return std::make_shared<const Bitmap>(grid.width, grid.height, std::move(rgba));
}

}  // namespace impasto::live
