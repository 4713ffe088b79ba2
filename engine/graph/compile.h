// Owns: compile: network + frame formats + limits -> RenderGraph. Depends on: render_graph.h,
// options.h, net; names no device. The stages are fuse.cpp, lower_*.cpp, place.cpp, order.cpp.
#pragma once

#include "engine/graph/options.h"
#include "engine/graph/render_graph.h"
#include "engine/net/net.h"

namespace impasto::graph {

/// The network alone: the input tensor is read from frame_in and the output written to frame_out,
/// both packed as activations are, in the storage type of options.precision (tests and tools use
/// it).
RenderGraph compile_network(const net::Net& net, const CompileOptions& options);

}  // namespace impasto::graph
