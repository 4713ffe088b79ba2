// Owns: the way from the look that is shown to the one that was chosen. Depends on: net/look.h.
#pragma once

#include <chrono>

#include "engine/net/look.h"

namespace impasto::live {

class Fade {
 public:
  using Clock = std::chrono::steady_clock;

  /// Shows `look` from now on, at once.
  void jump(const net::Look& look) { from_ = to_ = look; }
  /// Goes there from what is shown at `now`, in so many seconds.
  void begin(const net::Look& look, float seconds, Clock::time_point now) {
    from_ = at(now);
    to_ = look;
    start_ = now;
    seconds_ = seconds;
  }
  bool running(Clock::time_point now) const { return from_ != to_ && share(now) < 1; }
  net::Look at(Clock::time_point now) const { return net::interpolate(from_, to_, share(now)); }

 private:
  float share(Clock::time_point now) const {
    const float passed = std::chrono::duration<float>(now - start_).count();
    return seconds_ > 0 && passed < seconds_ ? passed / seconds_ : 1;
  }
  net::Look from_;
  net::Look to_;
  Clock::time_point start_{};
  float seconds_ = 0;
};

}  // namespace impasto::live
