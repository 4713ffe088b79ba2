// Owns: whether a crew works at the next frames, or its first device alone, by how long frames
// took. Depends on: nothing.
// A crew needs all its cores at once: where a window or other programs have some of them, all its
// devices wait at each meeting for one that does not run, and the first alone may be done sooner.
// Only time tells: now and then the other way is tried for some frames, and kept where it is
// better.
#pragma once

#include <vector>

namespace impasto::session {

class CrewPace {
 public:
  /// How the next frame is made.
  bool together() const { return together_; }
  /// A frame that was made in either way took so long.
  void note(bool together, double ms);

 private:
  static constexpr double least_patience_ms = 1000;
  void settle(double ms);
  double take_median();

  bool together_ = true;
  bool trial_ = false;
  double settled_ms_ = 0;  // a frame of the way that is not tried, at its best; 0: not known yet
  double before_ms_ = 0;   // the same, right before the trial
  double patience_ms_ = least_patience_ms;  // between trials, of the time that frames take
  double since_trial_ms_ = 0;
  std::vector<double> sample_;
};

}  // namespace impasto::session
