// The barrier rule by brute force, on random passes and on compiled networks: two passes that touch
// the same bytes, one of them writing, have a barrier between them; and no barrier is idle.
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

template <class Share>
bool conflict(const Pass& a, const Pass& b, const Share& share) {
  for (const Binding& first : a.bindings) {
    for (const Binding& second : b.bindings) {
      const bool write =
          first.access == Access::storage_write || second.access == Access::storage_write;
      if (write && share(first.range, second.range)) return true;
    }
  }
  return false;
}

template <class Share>
void expect_rule(const std::vector<Pass>& passes, const Share& share) {
  std::size_t last_barrier = 0;
  for (std::size_t later = 0; later < passes.size(); ++later) {
    const std::size_t segment = last_barrier;
    if (passes[later].barrier) last_barrier = later;
    bool needed = false;
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      if (!conflict(passes[earlier], passes[later], share)) continue;
      needed |= earlier >= segment;
      EXPECT_LT(earlier, last_barrier) << earlier << " and " << later << " race";
    }
    EXPECT_EQ(passes[later].barrier, needed) << later;
  }
}

Binding random_binding(Random& random) {
  static constexpr graph::Region regions[] = {graph::Region::arena, graph::Region::arena,
                                              graph::Region::constants, graph::Region::frame_out};
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
      expect_rule(graph::compile_network(style_network(33, 46), options).passes,
                  [](const graph::Range& a, const graph::Range& b) { return a.overlaps(b); });
    }
  }
}

}  // namespace
}  // namespace impasto::test
