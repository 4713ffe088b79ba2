// Owns: which encoder, quality and pixel format an output gets. Internal to engine/video.
// Depends on: libav.h, sink.h, pixel_formats.h. To add a default: a row in one of the two tables of
// encoder_choice.cpp.
#pragma once

#include <string>

#include "engine/video/libav.h"
#include "engine/video/sink.h"

namespace impasto::video {

struct EncoderChoice {
  const AVCodec* codec = nullptr;
  /// Options of this encoder that the user's own are laid over.
  std::vector<std::pair<std::string, std::string>> options;
  /// Time stamps are multiples of the frame time, because the container or the codec knows no
  /// others.
  bool constant_rate = false;
  /// Times -qscale; 0: the encoder has another rate control.
  double quantizer = 0.0;
};

/// Throws Error{usage} for a codec that does not exist, has no encoder or does not fit the
/// container.
EncoderChoice choose_encoder(const SinkOptions& options, const AVOutputFormat& container,
                             const ColorDescription& color);

/// For frames so large that those which x264 keeps take a gigabyte: it looks ahead at fewer, with a
/// thread per core.
void save_memory(EncoderChoice& encoder, int width, int height);

struct PictureChoice {
  AVPixelFormat pixel_format = AV_PIX_FMT_NONE;  ///< what the encoder is given
  FrameFormat format;  ///< what frames must be; differs from pixel_format in byte order at most
  std::string note;    ///< one line for the user when something is not as in the source, or empty
};

/// The format for frames of `source` scaled to width x height. Gray becomes colour of the same
/// depth, since a style paints in colour. Throws Error{usage} when options.pixel_format does not
/// work.
PictureChoice choose_picture(const SinkOptions& options, const EncoderChoice& encoder,
                             const FrameFormat& source, int width, int height);

}  // namespace impasto::video
