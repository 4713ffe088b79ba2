// Owns: addresses of the arena: lifetimes of resources, best fit over them. Depends on: draft.h.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/graph/draft.h"

namespace impasto::graph {

struct Placement {
  std::vector<Range> ranges;                ///< by resource
  std::vector<std::uint64_t> arena_blocks;  ///< bytes
  std::uint64_t live_bytes = 0;             ///< the largest sum of live arena resources
};

/// Resources whose lifetimes (first to last pass that names them) are apart may share bytes, and so
/// may one that a pass writes with one that it reads last, of those that it can replace; each lies
/// within one block of at most the device's allocation limit. Throws Error{gpu} where one resource
/// alone exceeds it.
Placement place(const Draft& draft);

}  // namespace impasto::graph
