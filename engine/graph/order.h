// Owns: the one rule for barriers. Depends on: render_graph.h.
#pragma once

#include <vector>

#include "engine/graph/render_graph.h"

namespace impasto::graph {

/// Sets Pass::barrier where a pass touches bytes that a pass since the last barrier wrote, or
/// writes bytes that one of them read: data dependencies and reuse of memory alike.
void set_barriers(std::vector<Pass>& passes);

}  // namespace impasto::graph
