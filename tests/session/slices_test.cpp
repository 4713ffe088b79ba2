// A frame cut over many submits, with passes cut in parts, gives the bits of the frame as one.
#include <gtest/gtest.h>

#include "tests/session/rig.h"
#include "tests/support/chain.h"
#include "tests/support/tensors.h"

namespace impasto::test {
namespace {

std::uint64_t submits() {
  return device().counters().submits;
}

void expect_same_bits(const graph::CompileOptions& options) {
  const net::Net net = every_kernel();
  const net::Tensor input = random_tensor(3, 45, 38, 1);
  const std::uint64_t start = submits();
  const Outcome whole = run_network(net, options, input);
  const std::uint64_t one = submits() - start;
  for (const std::size_t ahead : {0U, 1U, 3U}) {
    // A pace at which the widest passes take several slices.
    const session::Slices slices{.ms = 1, .gflops = 2, .gigabytes_per_s = 0.05, .ahead = ahead};
    const std::uint64_t before = submits();
    const Outcome cut = run_network(net, options, input, {}, slices);
    EXPECT_GT(submits() - before, one + 8) << describe(options);
    EXPECT_EQ(cut.result.data, whole.result.data) << describe(options);
    EXPECT_EQ(cut.guards, "") << describe(options);
  }
}

TEST(Slices, GiveTheBitsOfTheWhole) {
  expect_same_bits(options_for_tests());
}

TEST(Slices, GiveTheBitsOfTheWholeInTiles) {
  graph::CompileOptions options = options_for_tests();
  options.family = graph::ConvFamily::tiled;
  expect_same_bits(options);
  options.texel_reads = false;
  options.device.max_groups = 9;  // grids that wrap into z
  expect_same_bits(options);
}

}  // namespace
}  // namespace impasto::test
