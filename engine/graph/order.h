// Owns: the one rule for barriers. Depends on: render_graph.h.
#pragma once

#include <vector>

#include "engine/graph/render_graph.h"

namespace impasto::graph {

/// Sets Pass::barrier where a pass touches bytes that a pass since the last barrier wrote, or
/// writes bytes that one of them read: data dependencies and reuse of memory alike. Sets
/// Pass::meets by the same rule for devices that share the work and meet there, each with scratch
/// memory of its own; passes of different runs of a layer do not touch the same bytes otherwise.
void set_barriers(std::vector<Pass>& passes);

}  // namespace impasto::graph
