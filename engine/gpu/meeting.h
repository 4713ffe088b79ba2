// Owns: where devices of a CPU driver that work at one frame together wait for one another, within
// their commands. Depends on: memory.h, kernel.h, recorder.h. They must run at the same time, each
// on a core of its own: who waits does not sleep, which is why it takes about a microsecond.
#pragma once

#include <memory>

#include "engine/gpu/kernel.h"
#include "engine/gpu/memory.h"
#include "engine/gpu/recorder.h"

namespace impasto::gpu {

/// The place of one device in a meeting.
class Meeting {
 public:
  /// A new one. Throws Error{gpu}.
  Meeting(Device& device, KernelCache& kernels);
  /// Another device's place in it.
  Meeting(Device& device, KernelCache& kernels, const Meeting& other);

  /// Commands after it run when all devices have come to it; the memory that kernels wrote is seen
  /// by all. Each of `share.count` devices records as many of them.
  void record(Recorder& recorder, Share share) const;
  /// From now on nobody waits: one of them will not come.
  void abandon();
  /// Somebody called that, or waited for more than a minute: what was computed since is wrong.
  bool abandoned() const;

 private:
  const Kernel* kernel_ = nullptr;
  Buffer words_;
};

}  // namespace impasto::gpu
