// Owns: having a driver make the machine code of a graph's kernels before they are needed.
// Depends on: graph_buffers.h, gpu. For drivers with DeviceInfo::translates_at_dispatch: one device
// makes the code of one kernel after another, and each device of the machine finds on disk what
// another has made. So helpers, one per core but this one, open a device each, and all dispatch
// their share of the kernels once, with nothing to do.
#pragma once

#include <vector>

#include "engine/gpu/kernel.h"
#include "engine/gpu/timeline.h"
#include "engine/graph/render_graph.h"
#include "engine/session/graph_buffers.h"

namespace impasto::session {

/// What the kernels of a graph are dispatched on.
struct KernelTarget {
  gpu::Device& device;
  gpu::KernelCache& kernels;
  const GraphBuffers& buffers;
  gpu::Timeline& timeline;
};

/// Returns when the code is there that these passes of the graph need and that the target's cache
/// on disk has not seen before; what was in the arena, parameters and frames of `target` is lost.
/// Does nothing for other drivers. `keys`: of each pass. Throws Error{gpu}.
void translate_kernels(const KernelTarget& target, const graph::RenderGraph& graph,
                       const std::vector<graph::Pass>& passes,
                       const std::vector<gpu::KernelKey>& keys);

/// The same on one other device, which is gone on return: only then is all that it made on disk.
/// Nothing is dispatched on `target`. Does not throw.
void translate_apart(const KernelTarget& target, const graph::RenderGraph& graph,
                     const std::vector<gpu::KernelKey>& keys) noexcept;

/// The same for `target` alone, without helpers, also of kernels that were seen: their code is
/// found on disk, or made. Nothing in the target's buffers, where a frame may be, changes.
void translate_alone(const KernelTarget& target, const graph::RenderGraph& graph,
                     const std::vector<gpu::KernelKey>& keys);

}  // namespace impasto::session
