#include "engine/video/encoder.h"

extern "C" {
#include <libavutil/mastering_display_metadata.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdio>
#include <cstring>

#include "engine/base/error.h"
#include "engine/video/pixel_formats.h"

namespace impasto::video {
namespace {

void release_owner(void* owner, std::uint8_t*) {
  delete static_cast<std::shared_ptr<const void>*>(owner);
}

/// SMPTE ST 2086 and CTA-861.3 as x265 spells them, in its units (0.00002 and 0.0001 cd/m2).
std::string light_parameters(const AVFrame& frame) {
  std::string text;
  std::array<char, 256> line{};
  if (const AVFrameSideData* data =
          av_frame_get_side_data(&frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA)) {
    const auto& display = *reinterpret_cast<const AVMasteringDisplayMetadata*>(data->data);
    const auto chromaticity = [](AVRational value) {
      return static_cast<int>(av_rescale_q(1, value, {1, 50000}));
    };
    const auto luminance = [](AVRational value) {
      return static_cast<int>(av_rescale_q(1, value, {1, 10000}));
    };
    if (display.has_primaries != 0 && display.has_luminance != 0) {
      const auto& primary = display.display_primaries;
      std::snprintf(
          line.data(), line.size(), ":master-display=G(%d,%d)B(%d,%d)R(%d,%d)WP(%d,%d)L(%d,%d)",
          chromaticity(primary[1][0]), chromaticity(primary[1][1]), chromaticity(primary[2][0]),
          chromaticity(primary[2][1]), chromaticity(primary[0][0]), chromaticity(primary[0][1]),
          chromaticity(display.white_point[0]), chromaticity(display.white_point[1]),
          luminance(display.max_luminance), luminance(display.min_luminance));
      text += line.data();
    }
  }
  if (const AVFrameSideData* data =
          av_frame_get_side_data(&frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL)) {
    const auto& light = *reinterpret_cast<const AVContentLightMetadata*>(data->data);
    std::snprintf(line.data(), line.size(), ":max-cll=%u,%u", light.MaxCLL, light.MaxFALL);
    text += line.data();
  }
  return text;
}

/// `crf`: the encoder's option of this name, or null where a quantizer takes its place.
void check_quality(double value, const AVCodec& codec, const AVOption* crf) {
  // x264 and x265 state no bound and clamp to this one.
  constexpr double most_of_unbounded = 51;
  const double low = crf != nullptr ? std::max(crf->min, 0.0) : 1;
  const double high = crf == nullptr ? 31 : crf->max > 1000 ? most_of_unbounded : crf->max;
  if (value >= low && value <= high) return;
  std::array<char, 160> text{};
  std::snprintf(text.data(), text.size(), "crf %g is not in %g..%g, the range of the encoder %s",
                value, low, high, codec.name);
  throw Error(ExitCode::usage, text.data());
}

/// What the user asked of the encoder, for messages.
std::string wishes(const SinkOptions& options) {
  std::string text;
  const auto add = [&](const std::string& key, const std::string& value) {
    text += (text.empty() ? " (" : ", ") + key + " " + value;
  };
  if (!options.preset.empty()) add("preset", options.preset);
  for (const auto& [key, value] : options.encoder_options) add(key, value);
  return text.empty() ? text : text + ")";
}

void set_options(const SinkOptions& options, const EncoderSettings& settings,
                 Dictionary& dictionary, AVCodecContext& context) {
  const AVCodec& codec = *settings.choice.codec;
  std::string parameters;
  for (const auto& [key, value] : settings.choice.options) {
    if (key == "x265-params") {
      parameters = value;
    } else {
      dictionary.set(key, value);
    }
  }
  for (const auto& [key, value] : options.encoder_options) {
    if (key == "x265-params") {
      parameters += ":" + value;
    } else {
      dictionary.set(key, value);
    }
  }
  if (std::strcmp(codec.name, "libx265") == 0) {
    if (settings.properties != nullptr) parameters += light_parameters(*settings.properties);
    dictionary.set("x265-params", parameters);
  }
  double quantizer = settings.choice.quantizer;
  if (options.crf) {
    const AVOption* crf = av_opt_find(context.priv_data, "crf", nullptr, 0, 0);
    if (crf == nullptr && quantizer <= 0.0) {
      throw Error(ExitCode::usage, std::string("the encoder ") + codec.name + " has no crf");
    }
    check_quality(*options.crf, codec, crf);
    if (crf != nullptr) {
      dictionary.set("crf", std::to_string(*options.crf));
    } else {
      quantizer = *options.crf;
    }
  }
  if (!options.preset.empty()) {
    if (av_opt_find(context.priv_data, "preset", nullptr, 0, 0) == nullptr) {
      throw Error(ExitCode::usage, std::string("the encoder ") + codec.name + " has no preset");
    }
    dictionary.set("preset", options.preset);
  }
  if (quantizer > 0.0) {
    context.flags |= AV_CODEC_FLAG_QSCALE;
    context.global_quality = static_cast<int>(FF_QP2LAMBDA * quantizer);
  }
}

}  // namespace

Encoder::Encoder(const SinkOptions& options, EncoderSettings settings)
    : settings_(std::move(settings)) {
  const AVCodec* codec = settings_.choice.codec;
  context_.reset(avcodec_alloc_context3(codec));
  if (!context_) throw std::bad_alloc();
  AVCodecContext& context = *context_;
  context.width = settings_.picture.format.width;
  context.height = settings_.picture.format.height;
  context.pix_fmt = settings_.picture.pixel_format;
  context.time_base = settings_.time_base;
  context.framerate = settings_.frame_rate;
  context.sample_aspect_ratio = settings_.sample_aspect_ratio;
  context.thread_count = 0;
  context.strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
  if (settings_.global_header) context.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  if (!settings_.reordering) context.max_b_frames = 0;
  apply_tags(settings_.tags, context);

  Dictionary dictionary;
  set_options(options, settings_, dictionary, context);
  const int result = avcodec_open2(&context, codec, dictionary.address());
  settings_.properties = nullptr;  // borrowed for opening only
  if (result < 0) {
    throw Error(ExitCode::usage, std::string("the encoder ") + codec->name + " refuses " +
                                     std::to_string(context.width) + "x" +
                                     std::to_string(context.height) + " " +
                                     av_get_pix_fmt_name(context.pix_fmt) + " or its options" +
                                     wishes(options) + ": " + error_text(result));
  }
  if (const std::string key = dictionary.first_key(); !key.empty()) {
    throw Error(ExitCode::usage,
                std::string("the encoder ") + codec->name + " has no option " + key);
  }
}

FramePtr Encoder::wrap(const Frame& frame) const {
  const FrameFormat& format = frame.format;
  FramePtr picture = make_frame();
  if (frame.properties != nullptr) {
    const auto* properties = static_cast<const AVFrame*>(frame.properties.get());
    if (av_frame_copy_props(picture.get(), properties) < 0) throw std::bad_alloc();
  }
  // Decisions of the first encoding are not those of this one.
  picture->pict_type = AV_PICTURE_TYPE_NONE;
  picture->key_frame = 0;
  picture->quality = 0;
  picture->sample_aspect_ratio = settings_.sample_aspect_ratio;
  apply_tags(settings_.tags, *picture);
  picture->width = format.width;
  picture->height = format.height;
  picture->format = settings_.picture.pixel_format;
  if (find_layout(av_get_pix_fmt_name(settings_.picture.pixel_format)) != format.layout) {
    picture->format = av_get_pix_fmt(format.layout.name.c_str());  // the other byte order
  }
  for (int plane = 0; plane < format.layout.plane_count; ++plane) {
    picture->data[plane] =
        reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(frame.planes[plane]));
    picture->linesize[plane] = static_cast<int>(frame.strides[plane]);
  }
  auto owner = std::make_unique<std::shared_ptr<const void>>(frame.owner);
  picture->buf[0] =
      av_buffer_create(picture->data[0], 1, release_owner, owner.get(), AV_BUFFER_FLAG_READONLY);
  if (picture->buf[0] == nullptr) throw std::bad_alloc();
  owner.release();
  return picture;
}

void Encoder::send(const Frame& frame, std::int64_t pts) {
  const FrameFormat& expected = settings_.picture.format;
  if (frame.format.width != expected.width || frame.format.height != expected.height ||
      frame.format.layout != expected.layout) {
    throw Error(ExitCode::output, "a frame of " + std::to_string(frame.format.width) + "x" +
                                      std::to_string(frame.format.height) + " " +
                                      frame.format.layout.name + " does not fit an output of " +
                                      std::to_string(expected.width) + "x" +
                                      std::to_string(expected.height) + " " + expected.layout.name);
  }
  FramePtr picture = wrap(frame);
  if (picture->format != settings_.picture.pixel_format) {
    picture = converter_.convert(*picture, settings_.picture.pixel_format);
  }
  picture->pts = pts;
  const int result = avcodec_send_frame(context_.get(), picture.get());
  assert(result != AVERROR(EAGAIN));  // the caller receives until empty after each frame
  if (result < 0) {
    throw Error(ExitCode::output, std::string("the encoder ") + context_->codec->name +
                                      " failed: " + error_text(result));
  }
}

void Encoder::drain() {
  avcodec_send_frame(context_.get(), nullptr);
}

PacketPtr Encoder::receive() {
  PacketPtr packet = make_packet();
  const int result = avcodec_receive_packet(context_.get(), packet.get());
  if (result == AVERROR(EAGAIN) || result == AVERROR_EOF) return nullptr;
  if (result < 0) {
    throw Error(ExitCode::output, std::string("the encoder ") + context_->codec->name +
                                      " failed: " + error_text(result));
  }
  return packet;
}

}  // namespace impasto::video
