// Passes of a layer together.
#include "engine/session/pass_time.h"

#include <gtest/gtest.h>

namespace impasto::test {
namespace {

using session::PassTime;

TEST(PassTime, RunsOfALayerAreOne) {
  const std::vector<PassTime> sums =
      session::sum_by_name({{"in", "map", 1, 0, 8},
                            {"conv input", "input", 2, 0, 16},
                            {"conv multiply", "multiply", 3, 100, 32},
                            {"conv input", "input", 4, 0, 16},
                            {"conv multiply", "multiply", 5, 200, 64},
                            {"conv", "map", 6, 1, 2},
                            {"conv", "output", 7, 3, 4}});
  ASSERT_EQ(sums.size(), 5U);
  EXPECT_EQ(sums[0].name, "in");
  EXPECT_EQ(sums[1].ms, 6);
  EXPECT_EQ(sums[1].bytes, 32);
  EXPECT_EQ(sums[2].ms, 8);
  EXPECT_EQ(sums[2].flops, 300);
  EXPECT_EQ(sums[2].bytes, 96);
  EXPECT_EQ(sums[3].kernel, "map");
  EXPECT_EQ(sums[3].ms, 6);
  EXPECT_EQ(sums[4].kernel, "output");
  EXPECT_EQ(sums[4].flops, 3);
}

}  // namespace
}  // namespace impasto::test
