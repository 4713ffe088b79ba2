// The numbered statements of normalization theory, on the definition itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/net/reference.h"
#include "tests/support/net_builder.h"

namespace impasto::net {
namespace {

using test::listed_tensor;
using test::normal_tensor;
using test::random_tensor;
using test::single_op;
using testing::Each;
using testing::ElementsAre;

Tensor run(const Op& op, const Tensor& in, const std::vector<std::vector<float>>& parameters = {}) {
  const test::Shape shape{in.channels, in.height, in.width};
  const Net net = single_op(op, shape, shape, parameters);
  EXPECT_EQ(check(net), "");
  return evaluate(net, in);
}

double mean(const Tensor& tensor, int channel) {
  const double* const begin = tensor.row(channel, 0);
  return std::accumulate(begin, begin + tensor.plane_size(), 0.0) /
         static_cast<double>(tensor.plane_size());
}

/// Mean of the product of two channels' deviations.
double covariance(const Tensor& tensor, int a, int b) {
  const double mean_a = mean(tensor, a);
  const double mean_b = mean(tensor, b);
  double sum = 0;
  for (std::size_t i = 0; i < tensor.plane_size(); ++i) {
    sum += (tensor.row(a, 0)[i] - mean_a) * (tensor.row(b, 0)[i] - mean_b);
  }
  return sum / static_cast<double>(tensor.plane_size());
}

void expect_near(const Tensor& a, const Tensor& b, double tolerance) {
  ASSERT_EQ(a.data.size(), b.data.size());
  for (std::size_t i = 0; i < a.data.size(); ++i) ASSERT_NEAR(a.data[i], b.data[i], tolerance);
}

// 1: the formula with the biased variance: 1 2 3 4 has mean 2.5 and variance 1.25.
TEST(ReferenceNorm, Formula) {
  const Norm norm{.epsilon = 0.75F, .gamma = 0, .beta = 1};
  const double unit = 1 / std::sqrt(2.0);
  const Tensor out = run(norm, listed_tensor(1, 2, 2, {1, 2, 3, 4}), {{2}, {10}});
  EXPECT_NEAR(out.data[0], 10 - 3 * unit, 1e-14);
  EXPECT_NEAR(out.data[3], 10 + 3 * unit, 1e-14);
}

TEST(ReferenceNorm, WithoutGammaAndBeta) {
  const Tensor out = run(Norm{.epsilon = 0}, listed_tensor(1, 1, 2, {3, 5}));
  EXPECT_THAT(out.data, ElementsAre(-1, 1));
}

TEST(ReferenceNorm, ConstantChannelGivesBetaExactly) {
  for (const double value : {0.0, 0.1, -1234.56789, 3e30}) {
    const Tensor out = run(Norm{.gamma = 0, .beta = 1}, Tensor(1, 37, 41, value), {{3}, {0.625F}});
    EXPECT_THAT(out.data, Each(0.625)) << value;
  }
}

TEST(ReferenceNorm, LargeMeanKeepsItsDigits) {
  const Tensor in = normal_tensor(1, 64, 64, 7);
  Tensor shifted = in;
  for (double& value : shifted.data) value += 3000;
  expect_near(run(Norm{}, shifted), run(Norm{}, in), 1e-9);
}

// 2: batch norm with one instance.
TEST(ReferenceNorm, BatchNormOfOneFrameIsInstanceNormBitForBit) {
  const Tensor in = random_tensor(3, 9, 7, 11);
  const std::vector<std::vector<float>> affine = {{1, 2, 3}, {-1, 0, 1}};
  EXPECT_EQ(run(Norm{.kind = NormKind::batch_frame, .gamma = 0, .beta = 1}, in, affine),
            run(Norm{.kind = NormKind::instance, .gamma = 0, .beta = 1}, in, affine));
}

TEST(ReferenceNorm, StoredBatchNormUsesStoredStatistics) {
  const Norm norm{.kind = NormKind::batch_stored,
                  .epsilon = 1,
                  .gamma = 0,
                  .beta = 1,
                  .mean = 2,
                  .variance = 3};
  const Tensor out =
      run(norm, listed_tensor(2, 1, 2, {1, 2, 3, 4}), {{2, 1}, {0, 5}, {1, 3}, {3, 0}});
  EXPECT_THAT(out.data, ElementsAre(0, 1, 5, 6));
}

// 3: group norm between instance and layer norm.
TEST(ReferenceNorm, GroupNormWithOneChannelEachIsInstanceNorm) {
  const Tensor in = random_tensor(6, 5, 4, 12);
  const std::vector<std::vector<float>> affine = {{1, 2, 3, 4, 5, 6}, {6, 5, 4, 3, 2, 1}};
  EXPECT_EQ(run(Norm{.kind = NormKind::group, .groups = 6, .gamma = 0, .beta = 1}, in, affine),
            run(Norm{.kind = NormKind::instance, .gamma = 0, .beta = 1}, in, affine));
}

TEST(ReferenceNorm, GroupNormWithOneGroupIsLayerNorm) {
  const Tensor in = random_tensor(6, 5, 4, 13);
  EXPECT_EQ(run(Norm{.kind = NormKind::group, .groups = 1}, in),
            run(Norm{.kind = NormKind::layer}, in));
}

TEST(ReferenceNorm, GroupsShareStatisticsAndAffineStaysPerChannel) {
  const Norm norm{.kind = NormKind::group, .groups = 2, .epsilon = 0, .gamma = 0, .beta = 1};
  const Tensor out =
      run(norm, listed_tensor(4, 1, 1, {1, 3, 10, 30}), {{1, 2, 3, 4}, {0, 0, 0, 7}});
  EXPECT_THAT(out.data, ElementsAre(-1, 2, -3, 11));
}

// 4: a single position.
TEST(ReferenceNorm, OnePositionIsErasedByInstanceNormOnly) {
  const Tensor in = listed_tensor(3, 1, 1, {1, 2, 6});
  EXPECT_THAT(run(Norm{.beta = 0}, in, {{7, 8, 9}}).data, ElementsAre(7, 8, 9));
  const Tensor layer = run(Norm{.kind = NormKind::layer}, in);
  EXPECT_LT(layer.data[0], layer.data[1]);
  EXPECT_LT(layer.data[1], layer.data[2]);
}

// 5: contrast and brightness are removed; on dark frames noise is blown up, but boundedly.
TEST(ReferenceNorm, AffineInvariance) {
  const Tensor in = normal_tensor(2, 32, 32, 14);
  Tensor changed = in;
  for (double& value : changed.data) value = 12 * value + 250;
  expect_near(run(Norm{.epsilon = 1e-9F}, changed), run(Norm{.epsilon = 1e-9F}, in), 1e-7);
}

TEST(ReferenceNorm, GainOnADarkSignalIsBoundedByItsNoise) {
  const Tensor signal = normal_tensor(1, 128, 128, 15);
  const Tensor noise = normal_tensor(1, 128, 128, 16, 0, 0.02F);
  const double noise_variance = covariance(noise, 0, 0);
  for (const double contrast : {1.0, 0.1, 0.01, 0.001}) {
    Tensor in = noise;
    for (std::size_t i = 0; i < in.data.size(); ++i) in.data[i] += contrast * signal.data[i];
    const Tensor out = run(Norm{.epsilon = 0}, in);
    double correlation = 0;
    for (std::size_t i = 0; i < in.data.size(); ++i) correlation += out.data[i] * signal.data[i];
    const double gain = correlation / static_cast<double>(in.data.size());
    const double signal_variance = covariance(signal, 0, 0);
    const double expected = contrast * signal_variance /
                            std::sqrt(contrast * contrast * signal_variance + noise_variance);
    EXPECT_NEAR(gain, expected, 0.02) << contrast;
    EXPECT_NEAR(covariance(out, 0, 0), 1, 1e-9);
  }
}

// 6: the gradient formula against central differences of the definition.
TEST(ReferenceNorm, GradientFormula) {
  const double step = 1e-6;
  const Tensor in = random_tensor(1, 3, 4, 17);
  const Tensor upstream = random_tensor(1, 3, 4, 18);
  const Norm norm{.epsilon = 0.01F, .gamma = 0, .beta = 1};
  const std::vector<std::vector<float>> affine = {{1.5F}, {0.25F}};
  const auto loss = [&](const Tensor& x) {
    const Tensor y = run(norm, x, affine);
    return std::inner_product(y.data.begin(), y.data.end(), upstream.data.begin(), 0.0);
  };
  const auto m = static_cast<double>(in.data.size());
  const double deviation = std::sqrt(covariance(in, 0, 0) + norm.epsilon);
  std::vector<double> normalised;
  for (const double value : in.data) normalised.push_back((value - mean(in, 0)) / deviation);
  const double mean_g = mean(upstream, 0);
  const double mean_gx =
      std::inner_product(normalised.begin(), normalised.end(), upstream.data.begin(), 0.0) / m;
  double gradient_sum = 0;
  for (std::size_t i = 0; i < in.data.size(); ++i) {
    Tensor above = in;
    Tensor below = in;
    above.data[i] += step;
    below.data[i] -= step;
    const double expected =
        affine[0][0] / deviation * (upstream.data[i] - mean_g - normalised[i] * mean_gx);
    EXPECT_NEAR((loss(above) - loss(below)) / (2 * step), expected, 1e-8);
    gradient_sum += expected;
  }
  EXPECT_NEAR(gradient_sum, 0, 1e-12);
}

// 6: J (x - mean) = (x - mean) epsilon / (variance + epsilon)^1.5, and J 1 = 0.
TEST(ReferenceNorm, JacobianAlongContrastAndBrightness) {
  const double step = 1e-6;
  const Tensor in = random_tensor(1, 3, 4, 19);
  const Norm norm{.epsilon = 0.05F};
  const double variance = covariance(in, 0, 0);
  const auto derivative = [&](const std::vector<double>& direction) {
    Tensor above = in;
    Tensor below = in;
    for (std::size_t i = 0; i < in.data.size(); ++i) {
      above.data[i] += step * direction[i];
      below.data[i] -= step * direction[i];
    }
    Tensor difference = run(norm, above);
    const Tensor lower = run(norm, below);
    for (std::size_t i = 0; i < in.data.size(); ++i) {
      difference.data[i] = (difference.data[i] - lower.data[i]) / (2 * step);
    }
    return difference;
  };
  std::vector<double> deviations = in.data;
  for (double& value : deviations) value -= mean(in, 0);
  const Tensor along_contrast = derivative(deviations);
  const Tensor along_brightness = derivative(std::vector<double>(in.data.size(), 1));
  const double epsilon = norm.epsilon;
  for (std::size_t i = 0; i < in.data.size(); ++i) {
    EXPECT_NEAR(along_contrast.data[i], deviations[i] * epsilon / std::pow(variance + epsilon, 1.5),
                1e-8);
    EXPECT_NEAR(along_brightness.data[i], 0, 1e-8);
  }
}

// 7: a constant per channel before an instance norm is dead.
TEST(ReferenceNorm, BiasBeforeInstanceNormIsDead) {
  const Tensor in = random_tensor(2, 8, 8, 20);
  Tensor biased = in;
  for (double& value : biased.data) value += 0.75;
  expect_near(run(Norm{}, biased), run(Norm{}, in), 1e-12);
}

// 8: mean 1/sqrt(2 pi), variance 1/2 - 1/(2 pi), half zeros; the other way round mean 0,
// variance 1.
TEST(ReferenceNorm, OrderOfNormAndRelu) {
  const Tensor in = normal_tensor(1, 512, 512, 21, 5, 3);
  const Tensor norm_first = run(Activation{}, run(Norm{}, in));
  EXPECT_NEAR(mean(norm_first, 0), 0.3989, 0.004);
  EXPECT_NEAR(covariance(norm_first, 0, 0), 0.3408, 0.006);
  EXPECT_NEAR(static_cast<double>(std::ranges::count(norm_first.data, 0.0)) /
                  static_cast<double>(norm_first.data.size()),
              0.5, 0.005);
  const Tensor relu_first = run(Norm{.epsilon = 1e-12F}, run(Activation{}, in));
  EXPECT_NEAR(mean(relu_first, 0), 0, 1e-9);
  EXPECT_NEAR(covariance(relu_first, 0, 0), 1, 1e-9);
}

// 9: correlation between channels passes through unchanged.
TEST(ReferenceNorm, CorrelationBetweenChannelsSurvives) {
  Tensor in = normal_tensor(2, 64, 64, 22);
  for (std::size_t i = 0; i < in.plane_size(); ++i) {
    in.row(1, 0)[i] = 40 * in.row(0, 0)[i] + 30 * in.row(1, 0)[i] + 100;
  }
  const double correlation =
      covariance(in, 0, 1) / std::sqrt(covariance(in, 0, 0) * covariance(in, 1, 1));
  EXPECT_NEAR(covariance(run(Norm{.epsilon = 1e-12F}, in), 0, 1), correlation, 1e-9);
  EXPECT_GT(correlation, 0.7);
}

// 10: after one normalization of the input, a layer's statistics drift away from (0, 1) again.
TEST(ReferenceNorm, NormalisingTheInputOnceDoesNotNormaliseLaterLayers) {
  const Tensor input = run(Norm{}, random_tensor(3, 24, 24, 23, 0, 255));
  Conv conv{.in_channels = 3, .out_channels = 3, .kernel = {3, 3}, .border = {1, 1, 1, 1}};
  conv.weights = test::weights(test::random_vector(81, 24, 0, 0.5F));
  Tensor once = input;
  Tensor always = input;
  for (int layer = 0; layer < 4; ++layer) {
    once = run(Activation{}, run(conv, once));
    always = run(Activation{}, run(Norm{}, run(conv, always)));
  }
  const double drifted = covariance(run(conv, once), 0, 0);
  const double kept = covariance(run(Norm{}, run(conv, always)), 0, 0);
  EXPECT_GT(drifted, 10);
  EXPECT_NEAR(kept, 1, 1e-3);
}

}  // namespace
}  // namespace impasto::net
