// Owns: what one device needs to work at an executor's frames, alone or with others: each runs its
// share of the workgroups of every pass on its own thread, and where a pass needs what another
// wrote, they meet (gpu/meeting.h). Depends on: graph_buffers.h, gpu.
// For CPU drivers, whose own threads are woken and waited for at every pass, and find in their
// core's cache what another one computed: here each keeps its part of the picture.
#pragma once

#include <optional>

#include "engine/gpu/meeting.h"
#include "engine/gpu/timeline.h"
#include "engine/session/first_dispatch.h"
#include "engine/session/graph_buffers.h"

namespace impasto::session {

struct Worker {
  gpu::Device& device;
  gpu::KernelCache& kernels;
  GraphBuffers buffers;
  gpu::Timeline timeline;
  std::optional<gpu::Meeting> meeting;  ///< while there are several

  Worker(gpu::Device& on, gpu::KernelCache& cache, GraphBuffers memory)
      : device(on), kernels(cache), buffers(std::move(memory)), timeline(on) {}
  KernelTarget target() { return {device, kernels, buffers, timeline}; }
};

}  // namespace impasto::session
