// Addresses: what lives at the same time shares no byte, every range can be bound, and the arena
// stays near to the largest sum of what lives at once.
#include "engine/graph/place.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/graph/compile.h"
#include "tests/support/chain.h"

namespace impasto::test {
namespace {

using graph::Draft;
using graph::Placement;

struct Use {
  int first = -1;
  int last = -1;
};

std::vector<Use> uses_of(const Draft& draft) {
  std::vector<Use> uses(draft.resources.size());
  for (int pass = 0; pass < static_cast<int>(draft.passes.size()); ++pass) {
    for (const graph::DraftBinding& binding :
         draft.passes[static_cast<std::size_t>(pass)].bindings) {
      Use& use = uses[static_cast<std::size_t>(binding.resource)];
      if (use.first < 0) use.first = pass;
      use.last = pass;
    }
  }
  return uses;
}

// Whether what a pass writes may lie where `read` does: it is that pass's to replace, and done
// with.
bool replaces(const Draft& draft, const std::vector<Use>& uses, std::size_t read,
              std::size_t written) {
  if (uses[read].last != uses[written].first) return false;
  const graph::DraftPass& pass = draft.passes[static_cast<std::size_t>(uses[read].last)];
  return std::ranges::find(pass.replaceable, static_cast<graph::ResourceId>(read)) !=
             pass.replaceable.end() &&
         draft.resources[read].bytes == draft.resources[written].bytes;
}

// Of all bytes that are alive at once, those of what is replaced once.
std::uint64_t largest_sum(const Draft& draft, const Placement& placement,
                          const std::vector<Use>& uses) {
  std::uint64_t most = 0;
  for (int pass = 0; pass < static_cast<int>(draft.passes.size()); ++pass) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < uses.size(); ++i) {
      const bool alive = uses[i].first >= 0 && uses[i].first <= pass && pass <= uses[i].last;
      if (!alive || draft.resources[i].region != graph::Region::arena) continue;
      bool shared = false;
      for (std::size_t j = 0; j < uses.size() && uses[i].first == pass; ++j) {
        shared |= j != i && uses[j].first >= 0 && replaces(draft, uses, j, i) &&
                  placement.ranges[i].overlaps(placement.ranges[j]);
      }
      if (!shared) sum += draft.resources[i].bytes;
    }
    most = std::max(most, sum);
  }
  return most;
}

// Every tensor is written once and read by a few passes after it.
Draft random_draft(Random& random, const graph::CompileOptions& options) {
  Draft draft(options);
  std::vector<graph::TensorRef> tensors;
  const int count = random.whole(2, 24);
  for (int i = 0; i < count; ++i) {
    graph::DraftPass pass;
    for (int read = 0; read < 2 && !tensors.empty(); ++read) {
      const int back = random.whole(1, std::min(static_cast<int>(tensors.size()), 4));
      pass.bindings.push_back(
          draft.tensor_in(tensors[tensors.size() - static_cast<std::size_t>(back)]));
    }
    const std::string name = "t" + std::to_string(i);
    if (i > 0 && random.whole(0, 1) == 1) {
      const graph::TensorRef& like = tensors.back();
      tensors.push_back(draft.tensor(name, like.channels, like.height, like.width, like.half));
      for (const graph::DraftBinding& read : pass.bindings) {
        pass.replaceable.push_back(read.resource);
      }
    } else {
      tensors.push_back(draft.tensor(name, random.whole(1, 40), random.whole(1, 60),
                                     random.whole(1, 60), random.whole(0, 1) == 1));
    }
    pass.bindings.push_back(draft.tensor_out(tensors.back()));
    draft.add(std::move(pass));
  }
  return draft;
}

void expect_sound(const Draft& draft, const Placement& placement) {
  const std::vector<Use> uses = uses_of(draft);
  EXPECT_EQ(placement.live_bytes, largest_sum(draft, placement, uses));
  for (std::size_t i = 0; i < uses.size(); ++i) {
    if (uses[i].first < 0 || draft.resources[i].region != graph::Region::arena) continue;
    const graph::Range& range = placement.ranges[i];
    EXPECT_EQ(range.size, draft.resources[i].bytes);
    EXPECT_LE(range.offset + range.size, placement.arena_blocks[range.block]);
    EXPECT_EQ(range.offset % draft.device().storage_alignment, 0U);
    EXPECT_EQ(range.offset % draft.device().texel_alignment, 0U);
    for (std::size_t j = 0; j < i; ++j) {
      if (uses[j].first < 0 || draft.resources[j].region != graph::Region::arena) continue;
      const bool together = uses[i].first <= uses[j].last && uses[j].first <= uses[i].last;
      if (!together || !range.overlaps(placement.ranges[j])) continue;
      EXPECT_TRUE(replaces(draft, uses, i, j) || replaces(draft, uses, j, i)) << i << " and " << j;
      EXPECT_EQ(range.offset, placement.ranges[j].offset);
    }
  }
}

TEST(Place, random_drafts) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Random random(seed);
    graph::CompileOptions options;
    options.device.storage_alignment = 16ULL << random.whole(0, 4);
    const Draft draft = random_draft(random, options);
    const Placement placement = graph::place(draft);
    expect_sound(draft, placement);
    EXPECT_LE(placement.arena_blocks.size(), 1U);
  }
}

TEST(Place, blocks_stay_below_the_allocation_limit) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    graph::CompileOptions options;
    options.device.max_allocation = 3 << 20;  // the largest tensor has 2.3 MB
    const Draft draft = random_draft(random, options);
    const Placement placement = graph::place(draft);
    expect_sound(draft, placement);
    for (const std::uint64_t bytes : placement.arena_blocks) {
      EXPECT_LE(bytes, options.device.max_allocation);
    }
  }
}

TEST(Place, refuses_what_fits_no_allocation) {
  graph::CompileOptions options;
  options.device.max_allocation = 1 << 16;
  EXPECT_THROW(graph::compile_network(style_network(120, 160), options), Error);
}

TEST(Place, networks_need_little_more_than_what_lives) {
  for (const bool fused : {true, false}) {
    for (const graph::Precision precision :
         {graph::Precision::fp32, graph::Precision::fp16, graph::Precision::fp16_everywhere}) {
      graph::CompileOptions options;
      options.precision = precision;
      if (!fused) options.fusions = graph::Fusions::none();
      const graph::RenderGraph graph = graph::compile_network(style_network(240, 320), options);
      EXPECT_LE(static_cast<double>(graph.arena_bytes()),
                1.3 * static_cast<double>(graph.live_bytes));
    }
  }
}

// Windows of planes and parts of concatenations begin where the device can bind them.
TEST(Place, bindings_are_aligned_and_small_enough) {
  for (const graph::Precision precision :
       {graph::Precision::fp32, graph::Precision::fp16, graph::Precision::fp16_everywhere}) {
    for (const std::uint64_t alignment : {16, 64, 256}) {
      graph::CompileOptions options;
      options.precision = precision;
      options.device.storage_alignment = alignment;
      options.device.max_storage_range = 1 << 18;
      Chain chain({5, 33, 35}, 1);
      chain.conv(17, 3);
      const Chain::Mark first = chain.mark();
      chain.norm(net::NormKind::instance).concat(first).concat(first);
      const graph::RenderGraph graph = graph::compile_network(chain.build(), options);
      for (const graph::Pass& pass : graph.passes) {
        for (const graph::Binding& binding : pass.bindings) {
          EXPECT_EQ(binding.range.offset % alignment, 0U) << graph::to_text(graph);
          if (binding.access == graph::Access::texel_read) continue;
          EXPECT_LE(binding.range.size, options.device.max_storage_range);
        }
      }
    }
  }
}

}  // namespace
}  // namespace impasto::test
