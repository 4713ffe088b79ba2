#include "engine/video/sink.h"

#include <cstring>

#include "engine/video/file_sink.h"
#include "engine/video/image_sink.h"

namespace impasto::video {

std::unique_ptr<Sink> open_sink(const SinkOptions& options, Source& source) {
  route_libav_log();
  if (options.output.empty()) throw Error(ExitCode::usage, "the output has no name");
  const bool pipe = options.output == "-";
  const AVOutputFormat* container =
      av_guess_format(pipe ? "yuv4mpegpipe" : nullptr, options.output.c_str(), nullptr);
  if (container == nullptr || container->video_codec == AV_CODEC_ID_NONE ||
      std::strcmp(container->name, "gif") == 0) {
    throw Error(ExitCode::usage,
                "cannot tell from the name " + options.output +
                    " what to write; use .mp4, .mkv, .webm, .mov, .png, .jpg or -");
  }
  const std::string_view name = container->name;
  if (name == "image2" || name == "webp" || name == "apng") {
    // These two are animations to FFmpeg; people mean one picture.
    return std::make_unique<ImageSink>(options, *av_guess_format("image2", nullptr, nullptr),
                                       source);
  }
  return std::make_unique<FileSink>(options, *container, source);
}

}  // namespace impasto::video
