// Owns: what passes from a source to a sink beside frames: the other streams' descriptions and
// packets, metadata, chapters, exact colour tags. Internal to engine/video. Depends on: libav.h,
// color.h.
#pragma once

#include <deque>
#include <functional>
#include <mutex>

#include "engine/video/color.h"
#include "engine/video/libav.h"

namespace impasto::video {

/// Hands packets of the copied streams from the reading thread to whoever consumes them. Packets
/// wait here until the picture has come as far (so that an output cut short has sound of the same
/// length), at most `most_bytes` of them once a consumer is connected.
class PacketRelay {
 public:
  using Consumer = std::function<void(PacketPtr)>;
  static constexpr std::size_t most_bytes = std::size_t{32} << 20;

  /// Packets go to `consumer` from now on, on the reading thread (those due already: at once,
  /// here). An empty function disconnects; returns when no call is under way.
  void connect(Consumer consumer);
  /// `time`: in microseconds, or AV_NOPTS_VALUE to be due at once.
  void add(PacketPtr packet, std::int64_t time);
  /// Everything that begins before `time` (microseconds) is due.
  void advance(std::int64_t time);
  /// The picture ended: everything left is due, or is dropped.
  void end(bool complete);

 private:
  struct Waiting {
    PacketPtr packet;
    std::int64_t time;
  };
  void deliver();

  std::mutex mutex_;
  Consumer consumer_;
  std::deque<Waiting> waiting_;
  std::size_t bytes_ = 0;
  std::int64_t due_ = INT64_MIN;
};

struct InputStreams {
  AVFormatContext* format = nullptr;
  int video_index = -1;
  bool copy = false;          ///< packets of the other streams are kept
  bool encode_sound = false;  ///< it is raw: not to be copied, and nobody need be told
  unsigned stream_count = 0;  ///< streams known when the source was opened
  FramePtr first_frame;       ///< its properties, without the picture
  bool yuvj = false;          ///< the decoder's format says full range itself
  PacketRelay relay;

  const AVStream& video() const { return *format->streams[video_index]; }
  ColorTags tags() const { return tags_of(*first_frame); }
};

}  // namespace impasto::video
