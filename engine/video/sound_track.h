// Owns: the sound of a file that is played: read, decoded and converted ahead on a thread of its
// own, handed out in time with the play clock. It opens the file a second time, so that neither
// waits for the other however they are interleaved. Internal to engine/video.
// Depends on: input.h, play_clock.h, sound_block.h.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/video/play_clock.h"
#include "engine/video/sound_block.h"
#include "engine/video/source.h"

namespace impasto::video {

class SoundReader;

class SoundTrack {
 public:
  /// Play time and the file's time are the same until seek(). `loop_length`: microseconds, 0:
  /// unknown until set_loop_length(). `clock` outlives the track.
  SoundTrack(const SourceOptions& options, PlayClock& clock, bool loop, std::int64_t loop_length);
  ~SoundTrack();
  SoundTrack(const SoundTrack&) = delete;
  SoundTrack& operator=(const SoundTrack&) = delete;

  /// What the file has at `position` is heard at `play_time`; both in microseconds.
  void seek(std::int64_t position, std::int64_t play_time);
  void set_loop(bool loop);
  void set_loop_length(std::int64_t length);
  void set_listener(SoundListener listener);

  /// Fills `samples` with `count` times sound_channels samples whose first one is heard at
  /// `heard`: silence while the clock stands and where there is nothing for that time. Sound more
  /// than 40 ms from its time is moved there; below that the clock follows the sound.
  void pull(float* samples, std::size_t count, PlayClock::Instant heard);

  /// So many samples can be heard without waiting, or no more will come.
  bool ready(std::size_t count = 1) const;
  /// Why no sound can be read; empty while it can.
  std::string failure() const;

 private:
  struct Chunk {
    std::int64_t time = 0;  ///< play time of the first sample left
    std::size_t used = 0;   ///< samples of one channel already taken
    std::vector<float> samples;
    std::size_t left() const { return samples.size() / sound_channels - used; }
  };
  struct Jump {
    std::int64_t position = 0;
    std::int64_t play_time = 0;
  };
  void run();
  void play(SoundReader& reader);
  bool loops() const { return loop_ && loop_length_ > 0; }
  bool wait_at_end(std::int64_t& offset, SoundReader& reader);
  void add(Chunk chunk);
  void discard(std::size_t count);

  const SourceOptions options_;
  PlayClock& clock_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Chunk> chunks_;
  std::size_t waiting_ = 0;  ///< samples of one channel in chunks_
  std::optional<Jump> jump_;
  bool loop_ = false;
  bool closing_ = false;
  bool at_end_ = false;
  bool aligned_ = false;  ///< the sound was in time at the last pull
  std::int64_t loop_length_ = 0;
  std::string failure_;

  std::mutex listener_mutex_;
  SoundListener listener_;

  std::atomic<bool> cancel_ = false;
  std::thread thread_;
};

}  // namespace impasto::video
