#include "engine/video/image_sink.h"

#include <array>

#include "engine/base/files.h"
#include "engine/base/log.h"
#include "engine/video/input.h"

namespace impasto::video {
namespace {

void write_bytes(const std::string& path, const std::string& bytes) {
  AVIOContext* file = nullptr;
  int result = avio_open(&file, path.c_str(), AVIO_FLAG_WRITE);
  if (result >= 0) {
    avio_write(file, reinterpret_cast<const unsigned char*>(bytes.data()),
               static_cast<int>(bytes.size()));
    avio_flush(file);
    result = file->error;
    const int closed = avio_closep(&file);
    if (result >= 0) result = closed;
  }
  if (result < 0) {
    throw Error(ExitCode::output, "cannot write " + path + ": " + error_text(result));
  }
}

}  // namespace

ImageSink::ImageSink(const SinkOptions& options, const AVOutputFormat& container,
                     const SourceInfo& info, InputStreams& input)
    : options_(options), input_(input) {
  sequence_ = is_sequence_pattern(options.output);
  if (!sequence_ && info.frame_count != 1) {
    throw Error(ExitCode::usage, options.output + " is one picture, but " + info.name +
                                     " is a video; name it like frame%04d.png, or use --frames 1");
  }
  if (options_.codec.empty()) {
    const AVCodecID id =
        av_guess_codec(&container, nullptr, options.output.c_str(), nullptr, AVMEDIA_TYPE_VIDEO);
    const AVCodec* codec = avcodec_find_encoder(id);
    if (codec == nullptr || id == AV_CODEC_ID_GIF) {
      throw Error(ExitCode::usage, options.output + ": images of this kind cannot be written; " +
                                       ".png, .jpg, .tiff and .webp can");
    }
    options_.codec = id == AV_CODEC_ID_WEBP ? "libwebp" : codec->name;
  }
  choice_ = choose_encoder(options_, container, info.format.color);
  source_format_ = info.format;
  sample_aspect_ratio_ = {info.sample_aspect_ratio.numerator, info.sample_aspect_ratio.denominator};
  number_ = info.first_number;
  frame_format(info.format);  // throws what cannot work
  // Before the first one is written, so that a clash in the middle leaves nothing behind.
  for (std::int64_t i = 1; i < info.frame_count; ++i) {
    OutputFile(path_of(number_ + i), options_.overwrite);
  }
  file_ = std::make_unique<OutputFile>(path_of(number_), options_.overwrite);
}

ImageSink::~ImageSink() {
  if (finished_) return;
  try {
    finish(ExitCode::output);
  } catch (const std::exception& failure) {
    log::warning(failure.what());
  }
}

std::string ImageSink::path_of(std::int64_t number) const {
  if (!sequence_) return options_.output;
  std::array<char, 4096> path{};
  if (av_get_frame_filename2(path.data(), static_cast<int>(path.size()), options_.output.c_str(),
                             static_cast<int>(number), 0) < 0) {
    throw Error(ExitCode::usage, options_.output + " is not a pattern like frame%04d.png");
  }
  return path.data();
}

FrameFormat ImageSink::frame_format(const FrameFormat& source) const {
  const bool resize = options_.width > 0 && options_.height > 0;
  return choose_picture(options_, choice_, source, resize ? options_.width : source.width,
                        resize ? options_.height : source.height)
      .format;
}

std::string ImageSink::encode(const Frame& frame) const {
  EncoderSettings settings;
  settings.choice = choice_;
  SinkOptions options = options_;
  options.pixel_format = frame.format.layout.name;
  settings.picture =
      choose_picture(options, choice_, frame.format, frame.format.width, frame.format.height);
  settings.tags = tags_for(settings.picture.format, input_.tags());
  settings.sample_aspect_ratio = sample_aspect_ratio_;
  settings.reordering = false;
  Encoder encoder(options, std::move(settings));
  encoder.send(frame, 0);
  encoder.drain();
  std::string bytes;
  while (PacketPtr packet = encoder.receive()) {
    bytes.append(reinterpret_cast<const char*>(packet->data),
                 static_cast<std::size_t>(packet->size));
  }
  return bytes;
}

void ImageSink::write(const Frame& frame) {
  if (!sequence_ && written_) {
    throw Error(ExitCode::output, options_.output + " is one picture; there are more frames");
  }
  if (!file_) file_ = std::make_unique<OutputFile>(path_of(number_), options_.overwrite);
  write_bytes(file_->working_path(), encode(frame));
  written_ = true;
  if (!sequence_) return;
  file_->finish(ExitCode::ok, true);
  file_.reset();
  ++number_;
}

void ImageSink::finish(ExitCode outcome) {
  if (finished_) return;
  finished_ = true;
  if (file_) file_->finish(outcome, written_ && !sequence_);
}

}  // namespace impasto::video
