// Owns: small pictures that the panel shows: thumbnails, channels of a layer, the letters.
// Depends on: the standard library only. A bitmap never changes once it is shared; the window keeps
// it on the device for as long as it is drawn.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace impasto::live {

struct Bitmap {
  Bitmap(int columns, int rows, std::vector<std::uint8_t> samples)
      : width(columns), height(rows), rgba(std::move(samples)), id(next_id()) {}
  int width;
  int height;
  std::vector<std::uint8_t> rgba;  ///< rows without padding
  std::uint64_t id;                ///< no two bitmaps share one

 private:
  static std::uint64_t next_id() {
    static std::atomic<std::uint64_t> last = 16;  // below: the window's own pictures
    return ++last;
  }
};
using SharedBitmap = std::shared_ptr<const Bitmap>;

}  // namespace impasto::live
