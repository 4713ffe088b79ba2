#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/net/reference.h"
#include "tests/support/net_builder.h"

namespace impasto::net {
namespace {

using test::listed_tensor;
using test::NetBuilder;
using test::single_op;
using testing::ElementsAre;

/// The activation of a row of numbers.
std::vector<double> activate(const Activation& op, const std::vector<double>& x,
                             const std::vector<std::vector<float>>& parameters = {}) {
  const int width = static_cast<int>(x.size());
  const Net net = single_op(op, {1, 1, width}, {1, 1, width}, parameters);
  EXPECT_EQ(check(net), "");
  return evaluate(net, listed_tensor(1, 1, width, x)).data;
}

TEST(ReferenceActivation, PiecewiseLinear) {
  const std::vector<double> x = {-8, -2, 0, 2, 8};
  using enum ActivationKind;
  EXPECT_THAT(activate({.kind = relu}, x), ElementsAre(0, 0, 0, 2, 8));
  EXPECT_THAT(activate({.kind = leaky_relu, .a = 0.25F}, x), ElementsAre(-2, -0.5, 0, 2, 8));
  EXPECT_THAT(activate({.kind = prelu, .slope = 0}, x, {{0.5F}}), ElementsAre(-4, -1, 0, 2, 8));
  EXPECT_THAT(activate({.kind = clip, .a = -2, .b = 6}, x), ElementsAre(-2, -2, 0, 2, 6));
  EXPECT_THAT(activate({.kind = hard_sigmoid, .a = 0.125F, .b = 0.5F}, x),
              ElementsAre(0, 0.25, 0.5, 0.75, 1));
  EXPECT_THAT(activate({.kind = hard_swish}, {-8, -3, 0, 3, 8}), ElementsAre(0, 0, 0, 3, 8));
  EXPECT_DOUBLE_EQ(activate({.kind = hard_swish}, {1.5})[0], 1.125);
  EXPECT_THAT(activate({.kind = abs}, x), ElementsAre(8, 2, 0, 2, 8));
  EXPECT_THAT(activate({.kind = neg}, x), ElementsAre(8, 2, 0, -2, -8));
}

TEST(ReferenceActivation, PreluSlopePerChannel) {
  const Net net = single_op(Activation{.kind = ActivationKind::prelu, .slope = 0}, {2, 1, 2},
                            {2, 1, 2}, {{0.5F, 2}});
  EXPECT_THAT(evaluate(net, listed_tensor(2, 1, 2, {-1, 1, -1, 1})).data,
              ElementsAre(-0.5, 1, -2, 1));
}

TEST(ReferenceActivation, Transcendental) {
  using enum ActivationKind;
  EXPECT_NEAR(activate({.kind = elu, .a = 2}, {-1})[0], 2 * (1 / M_E - 1), 1e-15);
  EXPECT_EQ(activate({.kind = elu, .a = 2}, {1.5})[0], 1.5);
  EXPECT_NEAR(activate({.kind = sigmoid}, {std::log(3.0)})[0], 0.75, 1e-15);
  EXPECT_NEAR(activate({.kind = tanh}, {std::log(2.0)})[0], 0.6, 1e-15);
  EXPECT_NEAR(activate({.kind = exp}, {1})[0], M_E, 1e-15);
  EXPECT_EQ(activate({.kind = sqrt}, {6.25})[0], 2.5);
  EXPECT_EQ(activate({.kind = reciprocal}, {-4})[0], -0.25);
}

TEST(ReferenceActivation, SaturatesWithoutNan) {
  EXPECT_THAT(activate({.kind = ActivationKind::tanh}, {-1e4, 1e4}), ElementsAre(-1, 1));
  EXPECT_THAT(activate({.kind = ActivationKind::sigmoid}, {-1e4, 1e4}), ElementsAre(0, 1));
}

std::vector<double> combine(BinaryKind kind, const Tensor& a, const Tensor& b, test::Shape out) {
  NetBuilder builder({a.channels, a.height, a.width});
  builder.add(Binary{kind}, {builder.input(), builder.constant(b)}, out);
  EXPECT_EQ(check(builder.build()), "");
  return evaluate(builder.build(), a).data;
}

TEST(ReferenceBinary, Kinds) {
  const Tensor a = listed_tensor(1, 1, 2, {8, -2});
  const Tensor b = listed_tensor(1, 1, 2, {2, 3});
  const test::Shape shape{1, 1, 2};
  using enum BinaryKind;
  EXPECT_THAT(combine(add, a, b, shape), ElementsAre(10, 1));
  EXPECT_THAT(combine(sub, a, b, shape), ElementsAre(6, -5));
  EXPECT_THAT(combine(mul, a, b, shape), ElementsAre(16, -6));
  EXPECT_THAT(combine(div, a, b, shape), ElementsAre(4, -2.0 / 3));
  EXPECT_THAT(combine(pow, a, b, shape), ElementsAre(64, -8));
  EXPECT_THAT(combine(min, a, b, shape), ElementsAre(2, -2));
  EXPECT_THAT(combine(max, a, b, shape), ElementsAre(8, 3));
}

TEST(ReferenceBinary, BroadcastsBothWays) {
  const Tensor column = listed_tensor(1, 2, 1, {10, 20});
  const Tensor channels = listed_tensor(2, 1, 2, {1, 2, 3, 4});
  EXPECT_THAT(combine(BinaryKind::add, column, channels, {2, 2, 2}),
              ElementsAre(11, 12, 21, 22, 13, 14, 23, 24));
}

TEST(ReferenceBinaryParameter, VectorScalarAndReversed) {
  const Tensor in = listed_tensor(2, 1, 2, {1, 2, 4, 8});
  const auto run = [&](const BinaryParameter& op, const std::vector<float>& operand) {
    return evaluate(single_op(op, {2, 1, 2}, {2, 1, 2}, {operand}), in).data;
  };
  EXPECT_THAT(run({BinaryKind::sub, 0, false}, {1, 10}), ElementsAre(0, 1, -6, -2));
  EXPECT_THAT(run({BinaryKind::sub, 0, true}, {1, 10}), ElementsAre(0, -1, 6, 2));
  EXPECT_THAT(run({BinaryKind::div, 0, true}, {8}), ElementsAre(8, 4, 2, 1));
}

}  // namespace
}  // namespace impasto::net
