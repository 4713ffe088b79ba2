#include "engine/graph/order.h"

#include <algorithm>
#include <span>

namespace impasto::graph {
namespace {

bool conflicts(const Binding& a, const Binding& b) {
  const bool write = a.access == Access::storage_write || b.access == Access::storage_write;
  return write && a.range.overlaps(b.range);
}

bool conflicts(const Pass& a, const Pass& b) {
  return std::ranges::any_of(a.bindings, [&](const Binding& first) {
    return std::ranges::any_of(b.bindings,
                               [&](const Binding& second) { return conflicts(first, second); });
  });
}

bool in_scratch(const Binding& a, const Binding& b) {
  return a.range.region == Region::scratch && b.range.region == Region::scratch;
}

// Where each may run on a device of its own.
bool conflicts_apart(const Pass& a, const Pass& b) {
  if (a.run && b.run && a.run->layer == b.run->layer) return false;
  return std::ranges::any_of(a.bindings, [&](const Binding& first) {
    return std::ranges::any_of(b.bindings, [&](const Binding& second) {
      return !in_scratch(first, second) && conflicts(first, second);
    });
  });
}

// Sets `flag` of each pass that is in conflict with one since the last whose flag is set.
template <class Conflicts>
void mark(std::vector<Pass>& passes, bool Pass::*flag, const Conflicts& conflicts) {
  std::size_t first = 0;
  for (std::size_t i = 0; i < passes.size(); ++i) {
    const auto since = std::span(passes).subspan(first, i - first);
    passes[i].*flag =
        std::ranges::any_of(since, [&](const Pass& each) { return conflicts(each, passes[i]); });
    if (passes[i].*flag) first = i;
  }
}

}  // namespace

void set_barriers(std::vector<Pass>& passes) {
  mark(passes, &Pass::barrier,
       [](const Pass& earlier, const Pass& pass) { return conflicts(earlier, pass); });
  mark(passes, &Pass::meets,
       [](const Pass& earlier, const Pass& pass) { return conflicts_apart(earlier, pass); });
}

}  // namespace impasto::graph
