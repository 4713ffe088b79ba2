// Owns: what the tests of live playing share: a clock set by hand, waiting for another thread.
// Depends on: gtest, live_source.h.
#pragma once

#include <sys/ioctl.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
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

/// An endless stream, read as file://PATH of a FIFO, that is fed a frame at a time; each frame's
/// luma is its number.
class Feed {
 public:
  explicit Feed(const std::string& path) {
    writer_ = std::fopen(path.c_str(), "wb");
    std::fputs("YUV4MPEG2 W16 H16 F25:1 Ip A1:1 C420jpeg\n", writer_);
    std::fflush(writer_);
  }
  ~Feed() { std::fclose(writer_); }
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;
  void send(int luma) {
    std::string frame = "FRAME\n" + std::string(256, static_cast<char>(luma)) +
                        std::string(128, static_cast<char>(128));
    std::fwrite(frame.data(), 1, frame.size(), writer_);
    std::fflush(writer_);
  }
  /// Whether its reader has taken all that was sent.
  bool drained() const {
    int bytes = 0;
    return ::ioctl(::fileno(writer_), FIONREAD, &bytes) == 0 && bytes == 0;
  }

 private:
  FILE* writer_ = nullptr;
};

}  // namespace impasto::video::test
