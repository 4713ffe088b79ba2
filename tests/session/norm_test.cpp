// The normalization family on the device: what instance, group, layer and batch norm must hold,
// for statistics from a pass of their own and from the epilogue of each kernel family. The formula
// is the reference's; what follows from it is stated test by test.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/session/rig.h"
#include "tests/support/chain.h"
#include "tests/support/net_builder.h"
#include "tests/support/tensors.h"

namespace impasto::test {
namespace {

using net::Norm;
using net::NormKind;

/// Who reduces: a pass of its own, or the convolution before the norm.
struct Producer {
  const char* name;
  bool convolution = false;
  graph::ConvFamily family = graph::ConvFamily::automatic;
  bool subgroups = true;
};
constexpr Producer alone{"statistics pass"};
constexpr Producer producers[] = {
    alone,
    {"statistics pass without subgroups", false, graph::ConvFamily::automatic, false},
    {"shuffle epilogue", true, graph::ConvFamily::shuffle},
    {"tiled epilogue", true, graph::ConvFamily::tiled},
    {"tiled epilogue without subgroups", true, graph::ConvFamily::tiled, false},
};

graph::CompileOptions options_of(const Producer& producer, std::size_t variant = 0) {
  graph::CompileOptions options = storage_variant(variant);
  options.family = producer.family;
  options.device.subgroup_arithmetic &= producer.subgroups;
  return options;
}

// Copies exactly: every product but one is 0.
net::Conv copying_convolution(int channels) {
  std::vector<float> identity(static_cast<std::size_t>(channels) * channels, 0.0F);
  for (int c = 0; c < channels; ++c) identity[static_cast<std::size_t>(c) * channels + c] = 1;
  net::Conv op;
  op.in_channels = op.out_channels = channels;
  op.weights = weights(std::move(identity));
  return op;
}

Shape shape_of(const net::Tensor& tensor) {
  return {tensor.channels, tensor.height, tensor.width};
}

struct Affine {
  std::vector<float> gamma;
  std::vector<float> beta;
};
Affine random_affine(int channels) {
  const auto size = static_cast<std::size_t>(channels);
  return {random_vector(size, 11, 0.5F, 2), random_vector(size, 12, -1, 1)};
}

net::Net norm_net(Norm op, Shape shape, bool convolution, const Affine& affine = {}) {
  NetBuilder builder(shape);
  net::ValueId value = builder.input();
  if (convolution) value = builder.add(copying_convolution(shape.channels), {value}, shape);
  if (!affine.gamma.empty()) {
    op.gamma = builder.parameter(affine.gamma);
    op.beta = builder.parameter(affine.beta);
  }
  if (op.kind == NormKind::batch_stored) {
    const auto size = static_cast<std::size_t>(shape.channels);
    op.mean = builder.parameter(random_vector(size, 13, -2, 2));
    op.variance = builder.parameter(random_vector(size, 14, 0.1F, 4));
  }
  builder.add(op, {value}, shape);
  return builder.build();
}

net::Tensor normalize(const Norm& op, const net::Tensor& input, const Producer& producer = alone,
                      const Affine& affine = {}, std::size_t variant = 0) {
  return run_network(norm_net(op, shape_of(input), producer.convolution, affine),
                     options_of(producer, variant), input)
      .result;
}

/// Channel c: (c + 1) * (ratio + a standard normal number).
net::Tensor noisy_channels(Shape shape, float ratio, std::uint64_t seed) {
  net::Tensor tensor = normal_tensor(shape.channels, shape.height, shape.width, seed, ratio, 1);
  for (int c = 0; c < shape.channels; ++c) {
    for (std::size_t i = 0; i < tensor.plane_size(); ++i) {
      double& value = tensor.row(c, 0)[i];
      value = static_cast<float>(value * (c + 1));
    }
  }
  return tensor;
}

/// All kinds and numbers of groups that these channels allow.
std::vector<Norm> family(int channels) {
  std::vector<Norm> ops = {
      {NormKind::instance}, {NormKind::layer}, {NormKind::batch_frame}, {NormKind::batch_stored}};
  for (int groups = 1; groups <= channels; ++groups) {
    if (channels % groups == 0) ops.push_back({NormKind::group, groups});
  }
  return ops;
}

std::string describe(const Norm& op, const Producer& producer, Shape shape) {
  return "kind " + std::to_string(static_cast<int>(op.kind)) + " groups " +
         std::to_string(op.groups) + " by " + producer.name + " on " +
         std::to_string(shape.channels) + "x" + std::to_string(shape.height) + "x" +
         std::to_string(shape.width);
}

struct Moments {
  double mean = 0;
  double variance = 0;
};
Moments moments(const double* values, std::size_t count) {
  Moments result;
  result.mean = std::accumulate(values, values + count, 0.0) / static_cast<double>(count);
  for (std::size_t i = 0; i < count; ++i) {
    result.variance += (values[i] - result.mean) * (values[i] - result.mean);
  }
  result.variance /= static_cast<double>(count);
  return result;
}
Moments channel_moments(const net::Tensor& tensor, int channel) {
  return moments(tensor.row(channel, 0), tensor.plane_size());
}

void expect_formula(const Norm& op, const Producer& producer, const net::Tensor& input,
                    std::size_t variant) {
  const Shape shape = shape_of(input);
  const net::Net net = norm_net(op, shape, producer.convolution, random_affine(shape.channels));
  const graph::CompileOptions options = options_of(producer, variant);
  const net::Tensor reference = reference_for(options, net, input);
  const bool half = options.precision == graph::Precision::fp16_everywhere;
  expect_result(describe(op, producer, shape), net, options, input, reference,
                half ? half_bound(reference) : norm_bound(reference));
}

// 1: the formula with the biased variance, up to a mean of 3000 deviations.
TEST(Norms, formula) {
  std::uint64_t seed = 1;
  for (const Shape& shape :
       {Shape{3, 5, 7}, Shape{5, 33, 47}, Shape{12, 40, 65}, Shape{6, 1, 130}, Shape{8, 90, 3}}) {
    for (const float ratio : {0.0F, 30.0F, 3000.0F}) {
      const net::Tensor input = noisy_channels(shape, ratio, ++seed);
      for (const Norm& op : family(shape.channels)) {
        for (const Producer& producer : producers) {
          expect_formula(op, producer, input, seed % 2 * 2);
        }
      }
    }
  }
}

TEST(Norms, formula_in_half_storage) {
  const Shape shape{7, 19, 26};
  // Squares of these leave what a half can hold.
  for (const float deviation : {1.0F, 300.0F}) {
    const net::Tensor input = normal_tensor(7, 19, 26, 5, 3 * deviation, deviation);
    for (const Norm& op : family(shape.channels)) {
      for (const Producer& producer : producers) {
        expect_formula(op, producer, input, 1);
        expect_formula(op, producer, input, 3);
      }
    }
  }
}

TEST(Norms, planes_of_1080p) {
  expect_formula({NormKind::instance}, alone, noisy_channels({1, 1080, 1920}, 3000, 3), 0);
  expect_formula({NormKind::layer}, producers[2], noisy_channels({2, 1080, 1920}, 3000, 4), 0);
}

// 1: a constant channel becomes beta exactly.
TEST(Norms, constant_planes_become_beta) {
  const Shape shape{6, 41, 70};
  const double values[] = {0, 1, -3.7F, 1e4, 0.1F, 3e-5F};
  const Affine affine = random_affine(shape.channels);
  for (const Producer& producer : producers) {
    for (const Norm& op : {Norm{NormKind::instance}, Norm{NormKind::batch_frame},
                           Norm{NormKind::group, 3}, Norm{NormKind::layer}}) {
      net::Tensor input(shape.channels, shape.height, shape.width);
      for (int c = 0; c < shape.channels; ++c) {
        const bool own = op.kind == NormKind::instance || op.kind == NormKind::batch_frame;
        const int group = own ? c : op.kind == NormKind::group ? c / 2 : 4;
        std::fill_n(input.row(c, 0), input.plane_size(), values[group]);
      }
      const net::Tensor result = normalize(op, input, producer, affine);
      net::Tensor expected = input;
      for (int c = 0; c < shape.channels; ++c) {
        std::fill_n(expected.row(c, 0), input.plane_size(),
                    affine.beta[static_cast<std::size_t>(c)]);
      }
      EXPECT_TRUE(compare(expected, result, exact_bound())) << describe(op, producer, shape);
    }
  }
}

// Also where a wide convolution computes the pixels of a tile in different ways.
TEST(Norms, constant_planes_stay_constant_through_wide_convolutions) {
  for (const auto& [channels, factor] : {std::pair{32, 1}, {32, 2}, {48, 1}, {48, 2}}) {
    Chain chain({channels, 13, 18}, 77);
    if (factor > 1) chain.upsample(factor);
    chain.pad(1, net::PadMode::reflect).conv(24, 3).norm(NormKind::instance);
    const net::Net net = chain.build();
    net::Tensor input(channels, 13, 18);
    for (int c = 0; c < channels; ++c) {
      std::fill_n(input.row(c, 0), input.plane_size(), 1e4F / static_cast<float>(c + 3));
    }
    // The four phases of an upsampled convolution sum in orders of their own: equal to rounding
    // only, which such planes show.
    graph::CompileOptions options = options_for_tests();
    options.fusions.upsample_phases = false;
    expect_result(std::to_string(channels) + " constant, upsampled by " + std::to_string(factor),
                  net, options, input, net::evaluate(net, input, {}), exact_bound());
  }
}

// 2: batch norm with the frame's own statistics is instance norm, bit for bit; with stored ones it
// does not look at the frame's.
TEST(Norms, batch_norm) {
  const net::Tensor input = noisy_channels({5, 17, 22}, 10, 8);
  const Affine affine = random_affine(5);
  for (const Producer& producer : producers) {
    for (std::size_t variant = 0; variant < 4; ++variant) {
      EXPECT_EQ(normalize({NormKind::batch_frame}, input, producer, affine, variant),
                normalize({NormKind::instance}, input, producer, affine, variant))
          << producer.name;
    }
    net::Tensor other = input;
    for (std::size_t i = 1; i < other.data.size(); ++i) other.data[i] = 100;
    const net::Tensor stored = normalize({NormKind::batch_stored}, input, producer, affine);
    EXPECT_EQ(normalize({NormKind::batch_stored}, other, producer, affine).data[0], stored.data[0])
        << producer.name;
  }
}

// 3: group norm with as many groups as channels is instance norm, with one group layer norm.
TEST(Norms, group_norm_has_both_ends) {
  for (const Shape& shape : {Shape{6, 13, 20}, Shape{8, 40, 33}}) {
    const net::Tensor input = noisy_channels(shape, 10, 9);
    const Affine affine = random_affine(shape.channels);
    for (const Producer& producer : producers) {
      EXPECT_EQ(normalize({NormKind::group, shape.channels}, input, producer, affine),
                normalize({NormKind::instance}, input, producer, affine));
      EXPECT_EQ(normalize({NormKind::group, 1}, input, producer, affine),
                normalize({NormKind::layer}, input, producer, affine));
    }
  }
}

// 4: of one pixel instance norm leaves beta alone; layer norm still sees the other channels.
TEST(Norms, one_pixel) {
  const net::Tensor input = random_tensor(7, 1, 1, 21, -5, 5);
  const Affine affine = random_affine(7);
  const net::Tensor beta = listed_tensor(7, 1, 1, {affine.beta.begin(), affine.beta.end()});
  for (const Producer& producer : producers) {
    EXPECT_EQ(normalize({NormKind::instance}, input, producer, affine), beta);
    expect_formula({NormKind::layer}, producer, input, 0);
    const net::Tensor layer = normalize({NormKind::layer}, input, producer);
    EXPECT_NEAR(moments(layer.data.data(), layer.data.size()).variance, 1, 1e-4);
  }
}

// 5: y(a x + b) = y(x) for a > 0 while epsilon is far below the variance.
TEST(Norms, forgets_contrast_and_offset) {
  const net::Tensor input = noisy_channels({4, 24, 31}, 0, 31);
  const net::Tensor plain = normalize({NormKind::instance, 1, 1e-12F}, input);
  for (const double a : {0.25, 1.0, 64.0}) {
    for (const double b : {0.0, -8.0, 100.0}) {
      net::Tensor changed = input;
      for (double& value : changed.data) value = static_cast<float>(a * value + b);
      // Rounding a x + b to a float moves x itself by this much.
      const double moved = (std::abs(b) + a * 16) * 0x1p-24 / a;
      EXPECT_TRUE(compare(plain, normalize({NormKind::instance, 1, 1e-12F}, changed),
                          [&](std::size_t, double) { return 2e-5 + 4 * moved; }))
          << a << " " << b;
    }
  }
}

// 5: of c s + n with s and n uncorrelated, s comes out with the gain c / sqrt(c^2 var s + var n):
// as the signal fades its noise is blown up to unit variance.
TEST(Norms, gain_on_a_fading_signal) {
  const Shape shape{1, 48, 64};
  net::Tensor signal = normal_tensor(1, 48, 64, 41);
  net::Tensor noise = normal_tensor(1, 48, 64, 42, 0, 0.5F);
  const std::size_t count = signal.data.size();
  const auto product = [&](const net::Tensor& a, const net::Tensor& b) {
    return std::inner_product(a.data.begin(), a.data.end(), b.data.begin(), 0.0);
  };
  const auto centre = [&](net::Tensor& tensor) {
    const double mean = moments(tensor.data.data(), count).mean;
    for (double& value : tensor.data) value -= mean;
  };
  centre(signal);
  centre(noise);
  const double overlap = product(signal, noise) / product(signal, signal);
  for (std::size_t i = 0; i < count; ++i) noise.data[i] -= overlap * signal.data[i];
  const double signal_variance = product(signal, signal) / static_cast<double>(count);
  const double noise_variance = product(noise, noise) / static_cast<double>(count);
  for (const double c : {100.0, 1.0, 0.01, 0.0}) {
    net::Tensor input(shape.channels, shape.height, shape.width);
    for (std::size_t i = 0; i < count; ++i) {
      input.data[i] = static_cast<float>(c * signal.data[i] + noise.data[i]);
    }
    const net::Tensor result = normalize({NormKind::instance, 1, 1e-12F}, input);
    const double deviation = std::sqrt(c * c * signal_variance + noise_variance);
    EXPECT_NEAR(product(result, signal) / product(signal, signal), c / deviation, 1e-5) << c;
    EXPECT_NEAR(product(result, noise) / product(noise, noise), 1 / deviation, 1e-5) << c;
    EXPECT_NEAR(moments(result.data.data(), count).variance, 1, 1e-5) << c;
  }
}

// 7: the bias of a convolution that feeds an instance norm changes nothing.
TEST(Norms, bias_before_instance_norm_is_dead) {
  const Shape shape{6, 21, 18};
  const net::Tensor input = noisy_channels(shape, 1, 51);
  for (const Producer& producer : producers) {
    if (!producer.convolution) continue;
    net::Net biased = norm_net({NormKind::instance}, shape, true, random_affine(6));
    const net::Tensor plain = run_network(biased, options_of(producer), input).result;
    biased.parameters.push_back({"bias", random_vector(6, 52, -3, 3), {}});
    std::get<net::Conv>(biased.nodes[0].op).bias =
        static_cast<net::ParameterId>(biased.parameters.size()) - 1;
    const net::Tensor with_bias = run_network(biased, options_of(producer), input).result;
    EXPECT_TRUE(compare(plain, with_bias, norm_bound(plain))) << producer.name;
  }
}

// 8: what a ReLU after, and a ReLU before, an instance norm leave of N(0, 1).
TEST(Norms, order_of_norm_and_relu) {
  const Shape shape{8, 120, 160};
  const net::Tensor input = normal_tensor(8, 120, 160, 61);
  const net::Activation relu{net::ActivationKind::relu};
  NetBuilder norm_first(shape);
  norm_first.add(relu, {norm_first.add(Norm{NormKind::instance}, {norm_first.input()}, shape)},
                 shape);
  NetBuilder relu_first(shape);
  relu_first.add(Norm{NormKind::instance}, {relu_first.add(relu, {relu_first.input()}, shape)},
                 shape);
  const net::Tensor after = run_network(norm_first.build(), options_for_tests(), input).result;
  const net::Tensor before = run_network(relu_first.build(), options_for_tests(), input).result;
  for (int c = 0; c < shape.channels; ++c) {
    const Moments rectified = channel_moments(after, c);
    EXPECT_NEAR(rectified.mean, 0.3989, 0.005);
    EXPECT_NEAR(rectified.variance, 0.3408, 0.01);
    const auto zeros = std::count(after.row(c, 0), after.row(c, 0) + after.plane_size(), 0.0);
    EXPECT_NEAR(static_cast<double>(zeros) / static_cast<double>(after.plane_size()), 0.5, 0.01);
    EXPECT_NEAR(channel_moments(before, c).mean, 0, 1e-5);
    EXPECT_NEAR(channel_moments(before, c).variance, 1, 1e-4);
  }
}

// 10: after a norm of the picture alone the statistics drift from layer to layer; a norm per layer
// holds them.
TEST(Norms, one_norm_of_the_picture_is_not_enough) {
  constexpr int layers = 4;
  const auto build = [](bool every_layer) {
    const Shape picture{3, 32, 40};
    const Shape hidden{8, 32, 40};
    NetBuilder builder(picture);
    net::ValueId value = builder.add(Norm{NormKind::instance}, {builder.input()}, picture);
    for (int layer = 0; layer < layers; ++layer) {
      net::Conv conv;
      conv.in_channels = layer == 0 ? 3 : 8;
      conv.out_channels = 8;
      conv.kernel = {3, 3};
      conv.border = {1, 1, 1, 1};
      conv.weights = weights(random_vector(static_cast<std::size_t>(conv.in_channels) * 72,
                                           static_cast<std::uint64_t>(70 + layer)));
      value = builder.add(net::Activation{net::ActivationKind::relu}, {value},
                          layer == 0 ? picture : hidden);
      value = builder.add(conv, {value}, hidden);
      if (every_layer) value = builder.add(Norm{NormKind::instance}, {value}, hidden);
    }
    return builder.build();
  };
  const net::Tensor input = random_tensor(3, 32, 40, 71, 0, 255);
  const net::Tensor once = run_network(build(false), options_for_tests(), input).result;
  const net::Tensor always = run_network(build(true), options_for_tests(), input).result;
  for (int c = 0; c < 8; ++c) {
    EXPECT_NEAR(channel_moments(always, c).mean, 0, 1e-5);
    EXPECT_NEAR(channel_moments(always, c).variance, 1, 1e-4);
    EXPECT_GT(channel_moments(once, c).variance, 100);
  }
}

TEST(Norms, repeat_bit_for_bit) {
  const net::Tensor input = noisy_channels({6, 70, 90}, 100, 81);
  for (const Producer& producer : producers) {
    for (const Norm& op : family(6)) {
      EXPECT_EQ(normalize(op, input, producer), normalize(op, input, producer));
    }
  }
}

}  // namespace
}  // namespace impasto::test
