#include "engine/video/sink.h"

#include <cstring>

#include "engine/video/file_sink.h"
#include "engine/video/image_sink.h"
#include "engine/video/open_sink.h"

namespace impasto::video {

std::unique_ptr<Sink> open_sink(const SinkOptions& options, Source& source) {
  return open_sink(options, source.info(), source.streams());
}

const AVOutputFormat& choose_container(const SinkOptions& options) {
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
  return *container;
}

bool is_picture(const AVOutputFormat& container) {
  // The last two are animations to FFmpeg; people mean one picture.
  const std::string_view name = container.name;
  return name == "image2" || name == "webp" || name == "apng";
}

std::unique_ptr<Sink> open_sink(const SinkOptions& options, const SourceInfo& info,
                                InputStreams& input) {
  route_libav_log();
  const AVOutputFormat& container = choose_container(options);
  if (is_picture(container)) {
    return std::make_unique<ImageSink>(options, *av_guess_format("image2", nullptr, nullptr), info,
                                       input);
  }
  return std::make_unique<FileSink>(options, container, info, input);
}

}  // namespace impasto::video
