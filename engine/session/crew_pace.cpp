#include "engine/session/crew_pace.h"

#include <algorithm>

namespace impasto::session {
namespace {

constexpr std::size_t frames_of_sample = 5;
// Of the time before; less is not worth changing over.
constexpr double better = 0.9;
// Something else has come that wants the cores.
constexpr double much_worse = 1.5;
constexpr double most_patience_ms = 30'000;

}  // namespace

double CrewPace::take_median() {
  const auto middle = sample_.begin() + static_cast<std::ptrdiff_t>(sample_.size() / 2);
  std::nth_element(sample_.begin(), middle, sample_.end());
  const double median = *middle;
  sample_.clear();
  return median;
}

void CrewPace::settle(double ms) {
  trial_ = false;
  settled_ms_ = ms;
  since_trial_ms_ = 0;
}

void CrewPace::note(bool together, double ms) {
  if (together != together_) return;  // submitted before a change
  sample_.push_back(ms);
  since_trial_ms_ += ms;
  if (sample_.size() < frames_of_sample) return;
  const double median = take_median();
  if (trial_) {
    const bool won = median < better * before_ms_;
    if (!won) together_ = !together_;
    patience_ms_ = won ? least_patience_ms : std::min(2 * patience_ms_, most_patience_ms);
    settle(won ? median : before_ms_);
    return;
  }
  if (settled_ms_ == 0 || median < settled_ms_) settled_ms_ = median;
  if (median > much_worse * settled_ms_) patience_ms_ = least_patience_ms;
  if (since_trial_ms_ < patience_ms_) return;
  trial_ = true;
  together_ = !together_;
  before_ms_ = median;
}

}  // namespace impasto::session
