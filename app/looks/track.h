// Owns: looks over time: key frames between which looks are interpolated. Depends on: net/look.h.
#pragma once

#include <map>

#include "engine/net/look.h"

namespace impasto::app {

/// Before the first key its look, after the last one that one's.
class LookTrack {
 public:
  /// A second look at the same time replaces the first.
  void add(double seconds, net::Look look) { keys_[seconds] = std::move(look); }
  bool empty() const { return keys_.empty(); }
  bool constant() const { return keys_.size() < 2; }
  double end() const { return keys_.rbegin()->first; }
  /// Not when empty().
  net::Look at(double seconds) const;

 private:
  std::map<double, net::Look> keys_;
};

}  // namespace impasto::app
