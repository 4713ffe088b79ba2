// Owns: continuous time over formats whose clocks may restart (joined transport streams,
// broadcasts). Internal to engine/video. Depends on: libav.h.
#pragma once

#include <vector>

#include "engine/video/libav.h"

namespace impasto::video {

/// Shifts packets so that a stream whose decoding times jump back (by more than 0.1 s) or far ahead
/// (10 s) goes on where it was. All streams take the same shift where it fits them, so that sound
/// and picture stay together. Formats without AVFMT_TS_DISCONT pass unchanged.
class TimeMending {
 public:
  /// True where the clock of the packet's stream started anew.
  bool mend(AVPacket& packet, const AVFormatContext& format);

 private:
  struct Track {
    bool started = false;
    std::int64_t expected = 0;  ///< decoding time of the next packet, microseconds, mended
    std::int64_t shift = 0;
  };
  std::vector<Track> tracks_;
  std::int64_t latest_shift_ = 0;
};

}  // namespace impasto::video
