// Owns: the thread that renders and reads a model's thumbnails for the gallery. Depends on:
// looks/thumbnails.h, video. A failure leaves tiles empty and is said in the log.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/live/bitmap.h"
#include "app/packs.h"
#include "engine/stylizer.h"

namespace impasto::live {

class ThumbnailLoader {
 public:
  /// `options`: the device; rendering is done beside everything else, by threads that go last.
  ThumbnailLoader(const app::ModelChoice& choice, std::size_t styles,
                  const StylizerOptions& options);
  ~ThumbnailLoader();
  ThumbnailLoader(const ThumbnailLoader&) = delete;
  ThumbnailLoader& operator=(const ThumbnailLoader&) = delete;

  /// By style; null where there is none yet.
  std::vector<SharedBitmap> bitmaps() const;

 private:
  void run(const app::ModelChoice& choice, StylizerOptions options);
  mutable std::mutex mutex_;
  std::vector<SharedBitmap> bitmaps_;
  std::atomic<bool> cancel_ = false;
  std::thread thread_;
};

/// An 8-bit RGB or RGBA picture file. Throws Error{input}.
SharedBitmap read_bitmap(const std::string& file);

}  // namespace impasto::live
