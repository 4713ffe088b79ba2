// The barrier rule by brute force, on random passes and on compiled networks: two passes that touch
// the same bytes, one of them writing, have a barrier between them; and no barrier is idle. The
// same for where devices meet.
#include "engine/graph/order.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/graph/compile.h"
#include "tests/support/chain.h"

namespace impasto::test {
namespace {

using graph::Access;
using graph::Binding;
using graph::Pass;

// Byte by byte, so that the rule's own notion of overlap is not taken for granted.
bool share_bytes(const graph::Range& a, const graph::Range& b) {
  if (a.region != b.region || a.block != b.block) return false;
  for (std::uint64_t byte = a.offset; byte < a.offset + a.size; ++byte) {
    if (byte >= b.offset && byte < b.offset + b.size) return true;
  }
  return false;
}

// In byte ranges that `counts` says so of.
template <class Share, class Counts>
bool conflict(const Pass& a, const Pass& b, const Share& share, const Counts& counts) {
  for (const Binding& first : a.bindings) {
    for (const Binding& second : b.bindings) {
      const bool write =
          first.access == Access::storage_write || second.access == Access::storage_write;
      if (write && counts(a, b, first) && share(first.range, second.range)) return true;
    }
  }
  return false;
}

template <class Share, class Counts>
void expect_flag(const std::vector<Pass>& passes, bool Pass::*flag, const Share& share,
                 const Counts& counts) {
  std::size_t last = 0;
  for (std::size_t later = 0; later < passes.size(); ++later) {
    const std::size_t segment = last;
    if (passes[later].*flag) last = later;
    bool needed = false;
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      if (!conflict(passes[earlier], passes[later], share, counts)) continue;
      needed |= earlier >= segment;
      EXPECT_LT(earlier, last) << earlier << " and " << later << " race";
    }
    EXPECT_EQ(passes[later].*flag, needed) << later;
  }
}

template <class Share>
void expect_rule(const std::vector<Pass>& passes, const Share& share) {
  expect_flag(passes, &Pass::barrier, share,
              [](const Pass&, const Pass&, const Binding&) { return true; });
  expect_flag(passes, &Pass::meets, share,
              [](const Pass& a, const Pass& b, const Binding& binding) {
                const bool runs_of_one_layer = a.run && b.run && a.run->layer == b.run->layer;
                return !runs_of_one_layer && binding.range.region != graph::Region::scratch;
              });
}

Binding random_binding(Random& random) {
  static constexpr graph::Region regions[] = {graph::Region::arena, graph::Region::arena,
                                              graph::Region::scratch, graph::Region::frame_out};
  static constexpr Access accesses[] = {Access::storage_read, Access::storage_write,
                                        Access::texel_read};
  Binding binding;
  binding.range.region = regions[random.whole(0, 3)];
  binding.range.block = static_cast<std::uint32_t>(random.whole(0, 1));
  binding.range.offset = static_cast<std::uint64_t>(random.whole(0, 30));
  binding.range.size = static_cast<std::uint64_t>(random.whole(1, 9));
  binding.access = accesses[random.whole(0, 2)];
  return binding;
}

TEST(Order, random_passes) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Random random(seed);
    std::vector<Pass> passes(static_cast<std::size_t>(random.whole(1, 12)));
    for (Pass& pass : passes) {
      pass.bindings.resize(static_cast<std::size_t>(random.whole(1, 4)));
      std::generate(pass.bindings.begin(), pass.bindings.end(),
                    [&] { return random_binding(random); });
      if (random.whole(0, 1) == 0)
        pass.run = graph::Run{.layer = random.whole(0, 1) == 0 ? 1U : 2U};
    }
    graph::set_barriers(passes);
    expect_rule(passes, share_bytes);
  }
}

TEST(Order, neighbours_share_nothing) {
  std::vector<Pass> passes(2);
  passes[0].bindings = {{{graph::Region::arena, 0, 0, 16}, Access::storage_write}};
  passes[1].bindings = {{{graph::Region::arena, 0, 16, 16}, Access::storage_write}};
  graph::set_barriers(passes);
  EXPECT_FALSE(passes[1].barrier);
  passes[1].bindings[0].range.offset = 15;
  graph::set_barriers(passes);
  EXPECT_TRUE(passes[1].barrier);
}

TEST(Order, compiled_networks) {
  for (const bool fused : {true, false}) {
    for (const std::uint64_t range : {std::uint64_t{128} << 20, std::uint64_t{1} << 16}) {
      graph::CompileOptions options;
      if (!fused) options.fusions = graph::Fusions::none();
      options.device.max_storage_range = range;
      options.device.devices = fused ? 2 : 1;
      expect_rule(graph::compile_network(style_network(33, 46), options).passes,
                  [](const graph::Range& a, const graph::Range& b) { return a.overlaps(b); });
    }
  }
}

}  // namespace
}  // namespace impasto::test
