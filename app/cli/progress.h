// Owns: the progress line on stderr: frames, fps, time left. Depends on: base/log.h. On a terminal
// one line is rewritten; elsewhere a line is written now and then.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace impasto::app {

class Progress {
 public:
  /// `frames`: expected, 0 where unknown; quiet: says nothing.
  Progress(std::int64_t frames, bool quiet);
  ~Progress();  ///< clears the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::int64_t done);
  double seconds() const;

 private:
  using Clock = std::chrono::steady_clock;
  void clear();
  std::int64_t frames_;
  bool quiet_;
  bool terminal_;
  bool shown_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_shown_ = start_;
};

/// "1:07", "1:02:07".
std::string as_clock(double seconds);

}  // namespace impasto::app
