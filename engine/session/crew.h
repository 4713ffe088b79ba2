// Owns: the devices of a CPU driver that work at each frame of a session beside its own, one per
// core: when they are opened, made ready on a thread and let in. Depends on: executor.h, gpu.
// A session runs alone until they are ready, so that no first frame waits for them, and again while
// other programs have the cores (crew_pace.h).
#pragma once

#include <future>
#include <memory>
#include <vector>

#include "engine/base/cores.h"
#include "engine/gpu/device.h"
#include "engine/gpu/kernel.h"
#include "engine/session/crew_pace.h"
#include "engine/session/executor.h"

namespace impasto::session {

/// While it lives, a device that is opened dispatches on the thread of its queue, which stays on a
/// core: what each device of a crew must be.
class CrewSeat {
 public:
  explicit CrewSeat(unsigned core) : threads_(0), core_(core) {}
  bool in_effect() const { return threads_.in_effect(); }

 private:
  gpu::DriverThreads threads_;
  OnCore core_;
};

/// How many devices a crew would have here, with the first; 1: a crew is of no use.
unsigned crew_size();

class Crew {
 public:
  /// For sessions on `own`, which was opened on a CrewSeat of core 0, with the modules of
  /// `kernels`.
  Crew(const gpu::Device& own, const gpu::KernelCache& kernels);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// Opens the devices, the first time, and makes them ready for this executor, which is shared and
  /// must stay until leave().
  void join(const Executor& executor);
  /// Waits for the thread that makes them ready.
  void leave();
  /// Lets those in that join() was for, once they are ready, and says who works at the next frame.
  /// A crew that cannot work is a warning, and the executor goes on alone by the graph's kernels.
  void let_in(Executor& executor);
  /// The same, waiting for them; until the next join() all work at each frame.
  void let_in_for_good(Executor& executor);
  /// After each frame that this executor is done with.
  void note(const Executor& executor, int slot);
  /// 1e9 fp32 operations per second of all but the first, at once, as gpu::measure_peak.
  std::future<double> measure_peak_gflops();

 private:
  struct Helper {
    std::unique_ptr<gpu::Device> device;
    std::unique_ptr<gpu::KernelCache> kernels;
  };
  const gpu::Device& own_;
  const gpu::KernelCache& kernels_;
  std::vector<Helper> helpers_;
  std::future<std::vector<std::unique_ptr<Worker>>> ready_;
  CrewPace pace_;
  bool for_good_ = false;
};

}  // namespace impasto::session
