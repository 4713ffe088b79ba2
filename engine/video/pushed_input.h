// Owns: the description that a sink needs of its source, for frames and sound that are handed in
// instead of read. Internal to engine/video. Depends on: streams.h, source.h, sound_block.h.
#pragma once

#include <memory>

#include "engine/video/source.h"
#include "engine/video/streams.h"

namespace impasto::video {

/// A picture's stream with the properties of `first`, in microseconds, and, where info.has_audio, a
/// stream of raw sound as SoundBlock has it, whose packets go through streams.relay.
struct PushedInput {
  /// `info`: of what is to be written; its format, time base and codec are set here.
  PushedInput(SourceInfo info, const Frame& first);

  static constexpr int sound_index = 1;
  SourceInfo info;
  InputStreams streams;

 private:
  struct Deleter {
    void operator()(AVFormatContext* context) const { avformat_free_context(context); }
  };
  std::unique_ptr<AVFormatContext, Deleter> format_;
};

}  // namespace impasto::video
