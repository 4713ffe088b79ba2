// Owns: play time (live_source.h): when it runs, how far it may run, and how it follows the sound.
// Internal to engine/video.
// Depends on: the standard library only. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>

namespace impasto::video {

/// Microseconds that advance with the clock `now` while running and below the limit. The limit is
/// how far there is something to show: time waits there and goes on without a jump.
class PlayClock {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  static constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();

  /// Stands at `begin`, with nothing to show.
  explicit PlayClock(std::function<Instant()> now, std::int64_t begin = 0)
      : now_(std::move(now)), since_(now_()), base_(begin) {}

  Instant instant() const { return now_(); }
  std::int64_t now() const { return at(now_()); }
  /// What it was or will be at `instant`, if nothing changes it.
  std::int64_t at(Instant instant) const;
  bool running() const;

  void run(bool running);
  /// From now on; a limit below the time that has come already stops it there.
  void set_limit(std::int64_t limit);
  /// Stops where it stands until the next set_limit(); returns where.
  std::int64_t hold();
  /// Jumps ahead; times that have passed are ignored.
  void advance_to(std::int64_t time);
  /// The sound heard at this moment is `error` microseconds ahead of the clock: goes after it, an
  /// eighth of the way, so that the jitter of a device does not show.
  void follow(std::int64_t error);

 private:
  std::int64_t at_locked(Instant instant) const;
  void settle();

  const std::function<Instant()> now_;
  mutable std::mutex mutex_;
  Instant since_;
  std::int64_t base_;  ///< play time at since_
  std::int64_t limit_ = 0;
  bool running_ = false;
};

}  // namespace impasto::video
