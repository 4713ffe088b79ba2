// Owns: one open video encoder and the wrapping of our frames for it. Internal to engine/video.
// Depends on: encoder_choice.h, color.h, converter.h.
#pragma once

#include "engine/video/color.h"
#include "engine/video/converter.h"
#include "engine/video/encoder_choice.h"
#include "engine/video/libav.h"

namespace impasto::video {

struct EncoderSettings {
  EncoderChoice choice;
  PictureChoice picture;
  ColorTags tags;
  AVRational time_base{1, 25};
  AVRational frame_rate{0, 1};
  AVRational sample_aspect_ratio{0, 1};
  bool global_header = false;
  bool reordering = true;               ///< frames may be stored out of order
  const AVFrame* properties = nullptr;  ///< of the first frame: light levels for HDR
};

class Encoder {
 public:
  /// Throws Error{usage} for options that the encoder does not take.
  Encoder(const SinkOptions& options, EncoderSettings settings);

  const AVCodecContext& context() const { return *context_; }
  /// `pts` in the encoder's time base. The frame's memory is shared, not copied.
  void send(const Frame& frame, std::int64_t pts);
  /// No more frames.
  void drain();
  /// The next packet, in the encoder's time base; null when it wants more frames, or has ended.
  PacketPtr receive();

 private:
  FramePtr wrap(const Frame& frame) const;

  EncoderSettings settings_;
  CodecPtr context_;
  Converter converter_;
};

}  // namespace impasto::video
