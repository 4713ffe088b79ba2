// Owns: the measurement of a device's own arithmetic peak, the yardstick of `bench`.
// Depends on: device, kernel, recorder, timeline, and the modules peak.* of shaders/peak.comp.
#pragma once

#include <string>

#include "engine/gpu/kernel.h"

namespace impasto::gpu {

struct Peak {
  double gflops = 0;    ///< 1e9 fp32 operations per second; a multiply-add counts as two
  std::string variant;  ///< the module and workgroup size that reached it
};

/// Runs chains of multiply-adds (several numbers of independent accumulators and workgroup sizes)
/// and returns the best; takes about a second. Throws Error{gpu}.
Peak measure_peak(Device& device, KernelCache& kernels);

}  // namespace impasto::gpu
