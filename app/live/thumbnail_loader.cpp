#include "app/live/thumbnail_loader.h"

#include <sys/resource.h>

#include <exception>

#include "app/looks/thumbnails.h"
#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/video/source.h"

namespace impasto::live {
namespace {

constexpr int last_nice = 15;

}  // namespace

ThumbnailLoader::ThumbnailLoader(const app::ModelChoice& choice, std::size_t styles,
                                 const StylizerOptions& options)
    : bitmaps_(styles), thread_([this, choice, options] { run(choice, options); }) {}

ThumbnailLoader::~ThumbnailLoader() {
  cancel_ = true;
  thread_.join();
}

void ThumbnailLoader::run(const app::ModelChoice& choice, StylizerOptions options) {
  setpriority(PRIO_PROCESS, 0, last_nice);
  options.shared_device = nullptr;
  options.pictures = false;
  options.network_height = 0;
  try {
    const net::Model model = app::load_model(choice);
    const auto ready = [&](std::size_t style) {
      if (style >= bitmaps_.size()) return;
      const SharedBitmap bitmap = read_bitmap(app::thumbnail_path(model, style));
      const std::lock_guard lock(mutex_);
      bitmaps_[style] = bitmap;
    };
    app::render_thumbnails(app::load_model(choice), options, ready, &cancel_);
  } catch (const std::exception& error) {
    log::warning(std::string("thumbnails: ") + error.what());
  }
}

std::vector<SharedBitmap> ThumbnailLoader::bitmaps() const {
  const std::lock_guard lock(mutex_);
  return bitmaps_;
}

SharedBitmap read_bitmap(const std::string& file) {
  video::SourceOptions options;
  options.input = file;
  const auto source = video::open_source(options);
  const std::optional<video::Frame> frame = source->read();
  const video::PixelLayout& layout = source->info().format.layout;
  if (!frame || !layout.rgb || layout.plane_count != 1 || layout.components[0].depth != 8) {
    throw Error(ExitCode::input, file + " is no 8-bit RGB picture");
  }
  const int width = frame->format.width;
  const int height = frame->format.height;
  std::vector<std::uint8_t> rgba;
  for (int y = 0; y < height; ++y) {
    const std::byte* row = frame->planes[0] + frame->strides[0] * y;
    for (int x = 0; x < width; ++x) {
      for (std::size_t c = 0; c < 3; ++c) {
        const video::Component& component = layout.components[c];
        rgba.push_back(static_cast<std::uint8_t>(row[component.offset + component.step * x]));
      }
      rgba.push_back(255);
    }
  }
  return std::make_shared<const Bitmap>(width, height, std::move(rgba));
}

}  // namespace impasto::live
