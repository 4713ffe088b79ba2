// Owns: undo and redo of looks. Depends on: net/look.h. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>

#include "engine/net/look.h"

namespace impasto::app {

class LookHistory {
 public:
  using Clock = std::chrono::steady_clock;

  /// Keeps at most `limit` steps back; the oldest go first.
  explicit LookHistory(net::Look start, std::size_t limit = 200);

  /// The look after a change. Changes of the same `control` (a slider's id, say) within a second
  /// of each other are one step, so that a drag is one; an empty control, or finish() between,
  /// makes a step of its own. What was undone is forgotten. No change, no step.
  void change(net::Look look, const std::string& control = {},
              Clock::time_point now = Clock::now());
  /// The control was let go of.
  void finish() { control_.clear(); }

  const net::Look& look() const { return steps_[current_]; }
  bool can_undo() const { return current_ > 0; }
  bool can_redo() const { return current_ + 1 < steps_.size(); }
  /// The look to show now; the same one where there is nothing to undo or redo.
  const net::Look& undo();
  const net::Look& redo();
  /// Forgets everything (another model).
  void restart(net::Look start);

 private:
  std::size_t limit_;
  std::deque<net::Look> steps_;
  std::size_t current_ = 0;
  std::string control_;
  Clock::time_point changed_{};
};

}  // namespace impasto::app
