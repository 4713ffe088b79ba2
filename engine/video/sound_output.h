// Owns: the device that sound is heard from, or a thread that takes its place where there is none.
// Internal to engine/video. Depends on: SDL's audio, sound_block.h.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace impasto::video {

class SoundOutput {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  /// Gives the next `count` times sound_channels samples; the first one is heard at the instant.
  using Fill = std::function<void(float* samples, std::size_t count, Instant heard)>;

  /// Opens the device on a thread and calls `fill` on one from then on, at the device's pace, or,
  /// where there is none, at that of `now`.
  SoundOutput(Fill fill, std::function<Instant()> now);
  ~SoundOutput();
  SoundOutput(const SoundOutput&) = delete;
  SoundOutput& operator=(const SoundOutput&) = delete;

  /// Whether it is heard; empty until that is known.
  std::optional<bool> audible() const;
  /// Why it is not; empty while it is.
  std::string message() const;

 private:
  void run();
  void run_silent(std::unique_lock<std::mutex>& lock);

  const Fill fill_;
  const std::function<Instant()> now_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool closing_ = false;
  std::optional<bool> audible_;
  std::string message_;
  std::thread thread_;
};

}  // namespace impasto::video
