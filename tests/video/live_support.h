// Owns: what the tests of live playing share: a clock set by hand, waiting for another thread.
// Depends on: gtest, live_source.h.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "engine/video/live_source.h"

namespace impasto::video::test {

/// Time stands until it is advanced. Copies share it.
class HandClock {
 public:
  Instant operator()() const { return Instant() + std::chrono::microseconds(*time_); }
  void advance(std::int64_t microseconds) { *time_ += microseconds; }

 private:
  std::shared_ptr<std::atomic<std::int64_t>> time_ =
      std::make_shared<std::atomic<std::int64_t>>(1'000'000'000);
};

/// Whether it becomes true within a time that no working machine needs.
inline bool becomes(const std::function<bool()>& condition) {
  for (int i = 0; i < 30'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

/// The next frame that is due, waiting for it to be decoded; empty where none comes.
inline std::optional<LiveFrame> next_frame(LiveSource& source) {
  std::optional<LiveFrame> frame;
  becomes([&] { return (frame = source.poll()).has_value(); });
  return frame;
}

/// The same, but passes over frames from before.
inline std::optional<LiveFrame> frame_at(LiveSource& source, double position) {
  std::optional<LiveFrame> frame;
  becomes([&] {
    if (auto polled = source.poll()) frame = std::move(polled);
    return frame && std::abs(frame->position - position) < 1e-3;
  });
  return frame;
}

}  // namespace impasto::video::test
