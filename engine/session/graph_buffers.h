// Owns: the device memory that the passes of a graph share, and what a pass is to gpu: its kernel
// and the ranges of buffers that it is bound to. Depends on: graph/render_graph.h, gpu.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/gpu/kernel.h"
#include "engine/gpu/memory.h"
#include "engine/gpu/recorder.h"
#include "engine/graph/render_graph.h"

namespace impasto::session {

struct GraphBuffers {
  /// Allocates; `shared`: on memory of the host, where other devices' may lie too. Throws
  /// Error{gpu}.
  GraphBuffers(gpu::Device& device, const graph::RenderGraph& graph, bool shared = false);
  /// On another device, the same memory as `own`, which is shared.
  GraphBuffers(gpu::Device& device, const GraphBuffers& own);

  /// `features`: the buffer of Region::features, which each slot has of its own.
  std::vector<gpu::Binding> bindings(const graph::Pass& pass, const gpu::Buffer& features) const;
  std::uint64_t bytes() const;

  std::vector<gpu::Buffer> arena;  ///< by block
  gpu::Buffer scratch;             ///< never shared
  gpu::Buffer constants;
  gpu::Buffer parameters;
  gpu::Buffer frame_in;
  gpu::Buffer frame_out;
};

/// `in_parts`: as KernelKey has it.
gpu::KernelKey kernel_key(const graph::Pass& pass, bool in_parts);

/// A buffer of no bytes still is one, so that every binding has one.
std::uint64_t at_least_one(std::uint64_t bytes);

}  // namespace impasto::session
