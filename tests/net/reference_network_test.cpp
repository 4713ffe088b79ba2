// Nodes together: order, styles, storage rounding, the release of dead values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/half.h"
#include "engine/net/reference.h"
#include "tests/support/net_builder.h"

namespace impasto::net {
namespace {

using test::listed_tensor;
using test::NetBuilder;
using test::random_tensor;
using testing::ElementsAre;

/// y = x * s + relu(x): the input is read again after other values.
Net residual_net() {
  NetBuilder builder({1, 1, 2});
  const ParameterId scale = builder.parameter({3});
  const ValueId scaled =
      builder.add(BinaryParameter{BinaryKind::mul, scale, false}, {builder.input()}, {1, 1, 2});
  const ValueId positive = builder.add(Activation{}, {builder.input()}, {1, 1, 2});
  builder.add(Binary{}, {scaled, positive}, {1, 1, 2});
  return builder.build();
}

TEST(ReferenceNetwork, EveryValueAndTheOutput) {
  const Net net = residual_net();
  const Tensor in = listed_tensor(1, 1, 2, {-1, 2});
  const std::vector<Tensor> values = evaluate_all(net, in);
  ASSERT_EQ(values.size(), 4U);
  EXPECT_EQ(values[0], in);
  EXPECT_THAT(values[1].data, ElementsAre(-3, 6));
  EXPECT_THAT(values[2].data, ElementsAre(0, 2));
  EXPECT_THAT(values[3].data, ElementsAre(-3, 8));
  EXPECT_EQ(evaluate(net, in), values[3]);
}

TEST(ReferenceNetwork, TheOutputMayBeAnInnerValueOrTheInput) {
  Net net = residual_net();
  const Tensor in = listed_tensor(1, 1, 2, {-1, 2});
  net.output = 1;
  EXPECT_THAT(evaluate(net, in).data, ElementsAre(-3, 6));
  net.output = net.input;
  EXPECT_EQ(evaluate(net, in), in);
}

TEST(ReferenceNetwork, StyleWeightsMakeTheParameters) {
  Net net = residual_net();
  net.parameters[0].from_style = [](std::span<const float> style) {
    return std::vector<float>{3 * style[0] + 5 * style[1]};
  };
  const Tensor in = listed_tensor(1, 1, 2, {-1, 2});
  const std::vector<float> mix = {0.5F, 0.5F};
  EXPECT_THAT(evaluate(net, in, mix).data, ElementsAre(-4, 10));
  EXPECT_THAT(evaluate(net, in).data, ElementsAre(-3, 8));
  EXPECT_THAT(evaluate_parameters(net, mix), ElementsAre(ElementsAre(4)));
}

TEST(ReferenceNetwork, HalfRoundsEveryStoredValue) {
  NetBuilder builder({1, 1, 1});
  const ParameterId third = builder.parameter({1.0F / 3});
  const ValueId product =
      builder.add(BinaryParameter{BinaryKind::mul, third, false}, {builder.input()}, {1, 1, 1});
  builder.add(BinaryParameter{BinaryKind::mul, third, false}, {product}, {1, 1, 1});
  const Net net = builder.build();
  const std::vector<Tensor> values =
      evaluate_all(net, listed_tensor(1, 1, 1, {0.1}), {}, Rounding::half);
  const double input = round_to_half(0.1F);
  const double once = round_to_half(static_cast<float>(input * (1.0F / 3)));
  const double twice = round_to_half(static_cast<float>(once * (1.0F / 3)));
  EXPECT_EQ(values[0].data[0], input);
  EXPECT_EQ(values[1].data[0], once);
  EXPECT_EQ(values[2].data[0], twice);
  EXPECT_NE(input, 0.1);
}

/// The whole of a small style network: reflection, stride, norm, residual, upsampling, tanh.
TEST(ReferenceNetwork, BrightnessAndContrastVanishBehindAnInstanceNorm) {
  NetBuilder builder({3, 12, 16});
  const ParameterId gamma = builder.parameter(test::random_vector(4, 1, 0.5F, 1.5F));
  const ParameterId beta = builder.parameter(test::random_vector(4, 2));
  const ValueId padded =
      builder.add(Pad{{1, 1, 1, 1}, PadMode::reflect, 0}, {builder.input()}, {3, 14, 18});
  const ValueId conv =
      builder.add(Conv{.in_channels = 3,
                       .out_channels = 4,
                       .kernel = {3, 3},
                       .stride = {2, 2},
                       .weights = test::weights(test::random_vector(4 * 3 * 9, 3))},
                  {padded}, {4, 6, 8});
  const ValueId norm =
      builder.add(Norm{.epsilon = 1e-9F, .gamma = gamma, .beta = beta}, {conv}, {4, 6, 8});
  builder.add(Activation{.kind = ActivationKind::tanh}, {norm}, {4, 6, 8});
  const Net net = builder.build();
  ASSERT_EQ(check(net), "");
  const Tensor in = random_tensor(3, 12, 16, 4);
  Tensor changed = in;
  for (double& value : changed.data) value = 0.5 * value + 40;
  const Tensor expected = evaluate(net, in);
  const Tensor result = evaluate(net, changed);
  for (std::size_t i = 0; i < result.data.size(); ++i) {
    ASSERT_NEAR(result.data[i], expected.data[i], 1e-7);
  }
}

}  // namespace
}  // namespace impasto::net
