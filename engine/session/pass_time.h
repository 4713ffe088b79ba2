// Owns: how long the passes of a frame took, and those of a layer together. Depends on: nothing.
#pragma once

#include <string>
#include <vector>

namespace impasto::session {

struct PassTime {
  std::string name;
  std::string kernel;
  double ms = 0;
  double flops = 0;
  double bytes = 0;  ///< that cross the memory interface at least
};

/// Passes of the same name and kernel as one, where the first of them was. A layer that goes run by
/// run (graph::Run) has three passes for each; in a crew a run is one device's alone, and the times
/// are those of the first device, so only the sum says how long a layer takes.
std::vector<PassTime> sum_by_name(const std::vector<PassTime>& passes);

}  // namespace impasto::session
