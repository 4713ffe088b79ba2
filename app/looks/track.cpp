#include "app/looks/track.h"

namespace impasto::app {

net::Look LookTrack::at(double seconds) const {
  const auto next = keys_.upper_bound(seconds);
  if (next == keys_.begin()) return next->second;
  const auto last = std::prev(next);
  if (next == keys_.end()) return last->second;
  const double t = (seconds - last->first) / (next->first - last->first);
  return net::interpolate(last->second, next->second, static_cast<float>(t));
}

}  // namespace impasto::app
