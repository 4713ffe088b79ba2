#include "engine/graph/order.h"

#include <algorithm>

namespace impasto::graph {
namespace {

bool conflicts(const Binding& a, const Binding& b) {
  const bool write = a.access == Access::storage_write || b.access == Access::storage_write;
  return write && a.range.overlaps(b.range);
}

}  // namespace

void set_barriers(std::vector<Pass>& passes) {
  std::vector<const Binding*> since;
  for (Pass& pass : passes) {
    pass.barrier = std::any_of(since.begin(), since.end(), [&](const Binding* earlier) {
      return std::any_of(pass.bindings.begin(), pass.bindings.end(),
                         [&](const Binding& own) { return conflicts(*earlier, own); });
    });
    if (pass.barrier) since.clear();
    for (const Binding& binding : pass.bindings) since.push_back(&binding);
  }
}

}  // namespace impasto::graph
