// Owns: which of the source's other streams an output gets, and their packets' way into it,
// unchanged. Internal to engine/video. Depends on: streams.h.
#pragma once

#include <string>
#include <vector>

#include "engine/video/audio_transcoder.h"
#include "engine/video/libav.h"
#include "engine/video/streams.h"

namespace impasto::video {

class StreamCopy {
 public:
  /// Adds a stream to `output` for each of the source's streams, in their order (the picture's
  /// too), and copies metadata and chapters. Streams that the container cannot hold are left out;
  /// each is named in one warning.
  StreamCopy(const InputStreams& input, AVFormatContext& output);

  /// The picture's stream; its codec parameters are the caller's to fill.
  AVStream& video() const { return *video_; }
  bool copies_any() const { return copies_any_; }
  /// Hands the packet on with the output's stream index and time stamps, if the output has it.
  void convert(AVPacket& packet, const AudioTranscoder::Writer& write);
  /// The packets have ended.
  void drain(const AudioTranscoder::Writer& write);

 private:
  /// Matroska's CodecDelay: readers subtract it, but FFmpeg before 6 writes it without adding it.
  std::int64_t unwritten_delay(const AVStream& target) const;
  void add_video(const InputStreams& input, AVFormatContext& output);
  void add_other(const AVStream& source, AVFormatContext& output, bool encode);
  void add_delay(AVPacket& packet, const AVStream& target) const;

  struct Route {
    AVStream* target = nullptr;  ///< null: left out, or the picture
    AVRational time_base{1, 1};  ///< of the source's stream
    std::unique_ptr<AudioTranscoder> transcoder;
  };
  std::vector<Route> routes_;  ///< by the source's stream index

  AVStream* video_ = nullptr;
  bool copies_any_ = false;
  bool matroska_ = false;
};

}  // namespace impasto::video
