#include "engine/session/features.h"

#include <algorithm>
#include <cmath>

namespace impasto::session {

std::vector<std::uint8_t> gray_tile(const std::vector<float>& tiles, int height, int width,
                                    std::size_t channel, float middle, float reach) {
  const auto pixels = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  std::vector<std::uint8_t> codes(pixels);
  for (std::size_t i = 0; i < pixels; ++i) {
    const float step = reach > 0 ? (tiles[channel * pixels + i] - middle) / reach : 0;
    codes[i] = static_cast<std::uint8_t>(std::lround(128 + 127 * std::clamp(step, -1.0F, 1.0F)));
  }
  return codes;
}

}  // namespace impasto::session
