// Owns: an open input and its packets: those of the picture, in order and with mended times; those
// of the other streams, which go to the relay; what was found damaged on the way. Internal to
// engine/video. Depends on: input.h, streams.h, time_mending.h.
#pragma once

#include <cstdint>
#include <string>

#include "engine/video/input.h"
#include "engine/video/streams.h"
#include "engine/video/time_mending.h"

namespace impasto::video {

/// Not thread-safe, but for the relay.
class PacketReader {
 public:
  /// A demuxer or decoder that fails this often in a row has nothing more to give.
  static constexpr int most_failures = 64;

  /// Throws Error{input} where nothing can be opened or it holds no picture.
  explicit PacketReader(const SourceOptions& options);
  ~PacketReader();
  PacketReader(const PacketReader&) = delete;
  PacketReader& operator=(const PacketReader&) = delete;

  const Input& input() const { return input_; }
  InputStreams& streams() { return streams_; }
  AVStream& picture() const { return *input_.format->streams[streams_.video_index]; }
  bool cancelled() const { return options_.cancel != nullptr && options_.cancel->load(); }

  /// The picture's next packet, which the caller leaves empty; null at the end or when cancelled.
  AVPacket* next();
  /// After the last frame that is wanted, which ends at so many microseconds: the sound up to there
  /// may lie behind it in the file. How far a decoder has read ahead depends on its threads.
  void finish_sound(std::int64_t picture_end);
  /// Reading goes on at a key frame at or before `time`, in microseconds. Throws Error{input}.
  void rewind_to(std::int64_t time);

  /// Warns, the first time.
  void damage(const std::string& what);
  bool damaged() const { return damaged_; }

 private:
  bool read();
  std::int64_t packet_start() const;
  void pass_on();
  void look_for_gap(bool restarted);

  SourceOptions options_;
  Input input_;
  InputStreams streams_;
  TimeMending time_;
  PacketPtr packet_ = make_packet();
  bool damaged_ = false;
  int failures_ = 0;
  int packets_since_gap_ = 0;  ///< 0: there is none, or it is accounted for
};

}  // namespace impasto::video
