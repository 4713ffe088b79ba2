// Owns: the implementation of LiveSource: what its thread and its callers share. Internal to
// engine/video.
// Depends on: live_source.h, play_clock.h, sound_track.h, sound_output.h. live_player.cpp has what
// callers do, live_reading.cpp what the thread does.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "engine/video/live_source.h"
#include "engine/video/play_clock.h"
#include "engine/video/sound_output.h"
#include "engine/video/sound_track.h"

namespace impasto::video {

/// Frames per second over the last one.
class RateMeter {
 public:
  void count(Instant instant, std::size_t frames);
  double rate(Instant now) const;

 private:
  std::deque<Instant> recent_;
};

class LiveSource::Implementation {
 public:
  explicit Implementation(const LiveOptions& options);
  ~Implementation();

  std::optional<LiveFrame> poll();
  LiveStatus status() const;
  std::int64_t play_time() const;
  void pause();
  void resume();
  void step();
  void step_back();
  void seek(double seconds);
  void set_loop(bool loop);
  void set_volume(double volume) { volume_ = static_cast<float>(volume); }
  void set_sound_listener(SoundListener listener);

 private:
  /// The file's `position` is shown at `play_time`; microseconds.
  struct Jump {
    std::int64_t position = 0;
    std::int64_t play_time = 0;
  };

  // The thread.
  void run();
  void play_once();
  void play_live(Source& source);
  void play_file(std::unique_ptr<Source>& source);
  std::optional<Jump> next_jump();
  void start_sound(const SourceInfo& info);
  void show(const SourceInfo& info);
  void add_live(Frame frame, const SourceInfo& info);
  void add_timed(Frame frame, const SourceInfo& info);
  void end_of_file(const SourceInfo& info);
  void wait_for_camera(const std::string& reason);
  void find_camera_again();
  void fail(const std::string& message);

  // Callers, with the lock.
  bool at_the_end() const;
  void jump(std::int64_t position);
  bool loops() const { return loop_ && can_loop_; }
  bool silent(Instant::duration longest) const;

  LiveOptions options_;
  std::string camera_;      ///< its path now; empty: not a camera
  std::string camera_bus_;  ///< the thread's
  PlayClock clock_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<LiveFrame> frames_;  ///< in order of their play times
  LiveStatus status_;
  RateMeter rate_;
  bool paused_ = false;
  bool loop_ = false;
  bool can_loop_ = false;
  bool step_ = false;      ///< the next frame that is decoded becomes due
  bool read_all_ = false;  ///< the file's last frame was read
  bool closing_ = false;
  std::optional<Jump> jump_;
  std::int64_t offset_;           ///< play time of the file's beginning
  std::int64_t loop_length_ = 0;  ///< 0: not known before the end was read
  std::int64_t last_time_;        ///< play time of the frame read last
  std::int64_t polled_time_;      ///< play time of the frame polled last
  std::int64_t last_end_ = 0;     ///< of the file, where that frame ends
  bool first_of_jump_ = true;
  Instant last_sign_;  ///< of life: a frame, or an attempt to open
  SoundListener listener_;

  std::atomic<bool> interrupt_ = false;  ///< ends the source's blocking calls
  std::atomic<float> volume_ = 1.0F;
  std::unique_ptr<SoundTrack> track_;
  std::unique_ptr<SoundOutput> output_;  ///< uses track_
  std::thread thread_;
};

}  // namespace impasto::video
