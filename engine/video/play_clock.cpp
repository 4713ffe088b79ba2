#include "engine/video/play_clock.h"

#include <algorithm>

namespace impasto::video {

std::int64_t PlayClock::at_locked(Instant instant) const {
  if (!running_ || limit_ <= base_) return base_;
  const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(instant - since_);
  return std::min(base_ + passed.count(), limit_);
}

void PlayClock::settle() {
  const Instant instant = now_();
  base_ = at_locked(instant);
  since_ = instant;
}

std::int64_t PlayClock::at(Instant instant) const {
  const std::lock_guard lock(mutex_);
  return at_locked(instant);
}

bool PlayClock::running() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

void PlayClock::run(bool running) {
  const std::lock_guard lock(mutex_);
  settle();
  running_ = running;
}

void PlayClock::set_limit(std::int64_t limit) {
  const std::lock_guard lock(mutex_);
  settle();
  limit_ = limit;
}

std::int64_t PlayClock::hold() {
  const std::lock_guard lock(mutex_);
  settle();
  limit_ = base_;
  return base_;
}

void PlayClock::advance_to(std::int64_t time) {
  const std::lock_guard lock(mutex_);
  settle();
  base_ = std::max(base_, time);
}

void PlayClock::follow(std::int64_t error) {
  constexpr std::int64_t part = 8;
  const std::lock_guard lock(mutex_);
  if (running_) base_ += error / part;
}

}  // namespace impasto::video
