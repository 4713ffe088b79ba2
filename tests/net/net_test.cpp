#include "engine/net/net.h"

#include <gtest/gtest.h>

#include "tests/support/net_builder.h"

namespace impasto::net {
namespace {

using test::single_op;
using test::weights;

TEST(Net, OpNamesAreThoseOfOnnx) {
  EXPECT_STREQ(op_name(Conv{}), "Conv");
  EXPECT_STREQ(op_name(Norm{}), "InstanceNormalization");
  EXPECT_STREQ(op_name(Norm{.kind = NormKind::batch_stored}), "BatchNormalization");
  EXPECT_STREQ(op_name(Activation{.kind = ActivationKind::hard_swish}), "HardSwish");
  EXPECT_STREQ(op_name(Binary{BinaryKind::pow}), "Pow");
  EXPECT_STREQ(op_name(BinaryParameter{.kind = BinaryKind::sub}), "Sub");
  EXPECT_STREQ(op_name(Pool{.kind = PoolKind::average}), "AveragePool");
}

TEST(Net, MacsOfAConvolutionCountItsOutputs) {
  Conv conv{.in_channels = 4, .out_channels = 6, .kernel = {3, 5}, .stride = {2, 2}, .groups = 2};
  conv.border = {1, 2, 1, 2};
  conv.weights = weights(std::vector<float>(6 * 2 * 15));
  const Net net = single_op(conv, {4, 8, 8}, {6, 4, 4});
  EXPECT_EQ(check(net), "");
  EXPECT_EQ(count_macs(net), 4 * 4 * 6 * 2 * 15);
}

TEST(Net, MacsOfATransposedConvolutionCountItsInputs) {
  ConvTranspose op{.in_channels = 4, .out_channels = 6, .kernel = {2, 2}, .stride = {2, 2}};
  op.weights = weights(std::vector<float>(4 * 6 * 4));
  const Net net = single_op(op, {4, 8, 8}, {6, 16, 16});
  EXPECT_EQ(check(net), "");
  EXPECT_EQ(count_macs(net), 8 * 8 * 4 * 6 * 4);
}

TEST(Net, OtherOpsCountNothing) {
  EXPECT_EQ(count_macs(single_op(Activation{}, {4, 8, 8}, {4, 8, 8})), 0);
}

}  // namespace
}  // namespace impasto::net
