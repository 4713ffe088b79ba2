#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/net/reference.h"
#include "tests/support/net_builder.h"

namespace impasto::net {
namespace {

using test::listed_tensor;
using test::Shape;
using test::single_op;
using testing::ElementsAre;

std::vector<double> run(const Op& op, const Tensor& in, Shape out) {
  const Net net = single_op(op, {in.channels, in.height, in.width}, out);
  EXPECT_EQ(check(net), "");
  return evaluate(net, in).data;
}

const Tensor grid = listed_tensor(1, 3, 3, {1, 2, 3, 4, 5, 6, 7, 8, 9});

TEST(ReferencePool, Windows) {
  Pool pool{.kernel = {2, 2}};
  EXPECT_THAT(run(pool, grid, {1, 2, 2}), ElementsAre(5, 6, 8, 9));
  pool.kind = PoolKind::average;
  EXPECT_THAT(run(pool, grid, {1, 2, 2}), ElementsAre(3, 4, 6, 7));
}

TEST(ReferencePool, PaddingNeverWinsTheMaximum) {
  const Tensor negative = listed_tensor(1, 1, 2, {-5, -3});
  EXPECT_THAT(run(Pool{.kernel = {1, 3}, .border = {0, 1, 0, 1}}, negative, {1, 1, 2}),
              ElementsAre(-3, -3));
}

TEST(ReferencePool, PaddingCountsInTheAverageOnRequest) {
  const Tensor in = listed_tensor(1, 1, 3, {3, 6, 9});
  Pool pool{.kind = PoolKind::average, .kernel = {1, 3}, .border = {0, 1, 0, 1}};
  EXPECT_THAT(run(pool, in, {1, 1, 3}), ElementsAre(4.5, 6, 7.5));
  pool.count_include_pad = true;
  EXPECT_THAT(run(pool, in, {1, 1, 3}), ElementsAre(3, 6, 5));
}

/// The last window of ceil_mode reaches past the padding, and what lies there never counts.
TEST(ReferencePool, CeilMode) {
  const Tensor in = listed_tensor(1, 1, 4, {1, 2, 3, 6});
  Pool pool{.kind = PoolKind::average, .kernel = {1, 3}, .stride = {1, 2}};
  pool.count_include_pad = true;
  EXPECT_THAT(run(pool, in, {1, 1, 2}), ElementsAre(2, 4.5));
  pool.kind = PoolKind::max;
  EXPECT_THAT(run(pool, in, {1, 1, 2}), ElementsAre(3, 6));
}

TEST(ReferencePool, Dilation) {
  const Pool pool{.kernel = {2, 2}, .dilation = {2, 2}};
  EXPECT_THAT(run(pool, grid, {1, 1, 1}), ElementsAre(9));
  Pool average = pool;
  average.kind = PoolKind::average;
  EXPECT_THAT(run(average, grid, {1, 1, 1}), ElementsAre(5));
}

TEST(ReferenceGlobalPool, PerChannel) {
  const Tensor in = listed_tensor(2, 1, 3, {1, 2, 6, -1, -2, -6});
  EXPECT_THAT(run(GlobalPool{PoolKind::average}, in, {2, 1, 1}), ElementsAre(3, -3));
  EXPECT_THAT(run(GlobalPool{PoolKind::max}, in, {2, 1, 1}), ElementsAre(6, -1));
}

}  // namespace
}  // namespace impasto::net
