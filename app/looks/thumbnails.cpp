#include "app/looks/thumbnails.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>

#include "app/looks/mixer.h"
#include "app/packs.h"
#include "engine/base/error.h"
#include "engine/base/files.h"
#include "engine/video/sink.h"
#include "engine/video/source.h"

namespace impasto::app {
namespace {

namespace fs = std::filesystem;

// Part of the name of every file: another photograph or size makes other pictures.
constexpr const char* edition = "1";

std::size_t picture_count(const net::Model& model) {
  return std::max<std::size_t>(1, model.info().styles.size());
}

void render(Stylizer& stylizer, std::size_t style, const fs::path& target) {
  const std::unique_ptr<video::Source> source =
      video::open_source({.input = (shipped_folder() / "photo.jpg").string()});
  // A name of its own: several threads and programs may render the same picture.
  fs::path unfinished = target;
  static std::atomic<unsigned> serial = 0;
  unfinished.replace_extension("." + std::to_string(getpid()) + "-" + std::to_string(serial++) +
                               ".png");
  video::SinkOptions options;
  options.output = unfinished.string();
  options.overwrite = true;
  options.width = thumbnail_width;
  options.height = thumbnail_height;
  const std::unique_ptr<video::Sink> sink = video::open_sink(options, *source);
  Look look = default_look(stylizer.model());
  if (!look.style.empty()) look.style = only_style(stylizer.model(), style);
  stylizer.set_look(look);
  const video::Frame photo = *source->read();
  stylizer.submit(photo, sink->frame_format(photo.format));
  sink->write(*stylizer.receive());
  sink->finish(ExitCode::ok);
  std::error_code failure;
  fs::rename(unfinished, target, failure);
  if (failure) {
    throw Error(ExitCode::output, "cannot write " + target.string() + ": " + failure.message());
  }
}

}  // namespace

fs::path thumbnail_path(const net::Model& model, std::size_t style) {
  char digest[17];
  std::snprintf(digest, sizeof digest, "%016llx", static_cast<unsigned long long>(model.digest()));
  return files::cache_folder() / "thumbnails" / digest /
         (std::to_string(style) + "-" + edition + ".png");
}

bool thumbnails_complete(const net::Model& model) {
  for (std::size_t style = 0; style < picture_count(model); ++style) {
    if (!files::file_exists(thumbnail_path(model, style))) return false;
  }
  return true;
}

void render_thumbnails(net::Model model, const StylizerOptions& options,
                       const std::function<void(std::size_t style)>& ready,
                       const std::atomic<bool>* cancel) {
  std::vector<fs::path> targets;
  for (std::size_t style = 0; style < picture_count(model); ++style) {
    targets.push_back(thumbnail_path(model, style));
  }
  std::unique_ptr<Stylizer> stylizer;
  for (std::size_t style = 0; style < targets.size(); ++style) {
    if (cancel && *cancel) return;
    if (!files::file_exists(targets[style])) {
      if (!stylizer) {
        StylizerOptions own = options;
        own.network_height = 0;
        stylizer = std::make_unique<Stylizer>(std::move(model), own);
        std::error_code failure;
        fs::create_directories(targets[style].parent_path(), failure);
        if (failure) {
          throw Error(ExitCode::output, "cannot create " + targets[style].parent_path().string() +
                                            ": " + failure.message());
        }
      }
      render(*stylizer, style, targets[style]);
    }
    if (ready) ready(style);
  }
}

}  // namespace impasto::app
