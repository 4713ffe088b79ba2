#include "engine/graph/order.h"

#include <algorithm>
#include <span>

namespace impasto::graph {
namespace {

bool conflicts(const Binding& a, const Binding& b) {
  const bool write = a.access == Access::storage_write || b.access == Access::storage_write;
  return write && a.range.overlaps(b.range);
}

// `apart`: each may run on a device with scratch memory of its own.
bool conflicts(const Pass& a, const Pass& b, bool apart) {
  if (apart && a.run && b.run && a.run->layer == b.run->layer) return false;
  return std::ranges::any_of(a.bindings, [&](const Binding& first) {
    if (apart && first.range.region == Region::scratch) return false;
    return std::ranges::any_of(b.bindings,
                               [&](const Binding& second) { return conflicts(first, second); });
  });
}

// Sets `flag` of each pass that is in conflict with one since the last whose flag is set.
void mark(std::vector<Pass>& passes, bool Pass::*flag, bool apart) {
  std::size_t first = 0;
  for (std::size_t i = 0; i < passes.size(); ++i) {
    const auto since = std::span(passes).subspan(first, i - first);
    passes[i].*flag = std::ranges::any_of(
        since, [&](const Pass& each) { return conflicts(each, passes[i], apart); });
    if (passes[i].*flag) first = i;
  }
}

}  // namespace

void set_barriers(std::vector<Pass>& passes) {
  mark(passes, &Pass::barrier, false);
  mark(passes, &Pass::meets, true);
}

}  // namespace impasto::graph
