// Rewriting of imported networks: norms written out by hand, batch norms behind convolutions,
// affine parts that belong to a norm.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/net/reference.h"
#include "tests/support/accuracy.h"
#include "tests/support/onnx_builder.h"
#include "tests/support/tensors.h"

namespace impasto::test {
namespace {

constexpr int channels = 6;

OnnxBuilder picture_model(int opset = 17) {
  OnnxBuilder model(opset);
  model.input("picture", {1, channels, -1, -1});
  return model;
}

net::Net imported(OnnxBuilder& model, const std::string& output) {
  model.output(output);
  const net::Net net = parse(model).build(7, 9);
  EXPECT_EQ(net::check(net), "");
  return net;
}

net::Tensor picture() {
  return normal_tensor(channels, 7, 9, 1, 20, 5);
}

/// Near enough for parameters that were multiplied in float.
Bound rounding(const net::Tensor& reference) {
  return norm_bound(reference);
}

net::Tensor instance_normalized(const net::Tensor& x, double epsilon) {
  net::Tensor y = x;
  const std::size_t plane = x.plane_size();
  for (std::size_t begin = 0; begin < x.data.size(); begin += plane) {
    double mean = 0;
    double variance = 0;
    for (std::size_t i = 0; i < plane; ++i) mean += x.data[begin + i] / static_cast<double>(plane);
    for (std::size_t i = 0; i < plane; ++i) {
      variance += std::pow(x.data[begin + i] - mean, 2) / static_cast<double>(plane);
    }
    for (std::size_t i = 0; i < plane; ++i) {
      y.data[begin + i] = (x.data[begin + i] - mean) / std::sqrt(variance + epsilon);
    }
  }
  return y;
}

net::Tensor affine(net::Tensor x, const Floats& scale, const Floats& shift) {
  for (std::size_t i = 0; i < x.data.size(); ++i) {
    const std::size_t c = i / x.plane_size();
    x.data[i] = x.data[i] * static_cast<double>(scale[c]) + static_cast<double>(shift[c]);
  }
  return x;
}

/// mean, difference, square, mean, + epsilon, root, quotient, * scale, + shift.
TEST(ModelPatterns, HandWrittenInstanceNormBecomesOneNode) {
  const Floats scale = random_vector(channels, 2, 0.5F, 2);
  const Floats shift = random_vector(channels, 3);
  for (const bool by_pow : {false, true}) {
    for (const bool by_reciprocal : {false, true}) {
      OnnxBuilder model = picture_model();
      set(model.node("ReduceMean", {"picture"}, "mean"), "axes", Integers{2, 3});
      model.node("Sub", {"picture", "mean"}, "centred");
      if (by_pow) {
        model.node("Pow", {"centred", model.floats("two", {}, {2})}, "squares");
      } else {
        model.node("Mul", {"centred", "centred"}, "squares");
      }
      set(model.node("ReduceMean", {"squares"}, "variance"), "axes", Integers{2, 3});
      model.node("Add", {"variance", model.floats("epsilon", {}, {1e-3F})}, "above_zero");
      if (by_pow) {
        model.node("Pow", {"above_zero", model.floats("half", {}, {0.5F})}, "deviation");
      } else {
        model.node("Sqrt", {"above_zero"}, "deviation");
      }
      if (by_reciprocal) {
        model.node("Reciprocal", {"deviation"}, "inverse");
        model.node("Mul", {"centred", "inverse"}, "normal");
      } else {
        model.node("Div", {"centred", "deviation"}, "normal");
      }
      model.node("Mul", {"normal", model.floats("scale", {1, channels, 1, 1}, scale)}, "scaled");
      model.node("Add", {"scaled", model.floats("shift", {channels, 1, 1}, shift)}, "result");
      const net::Net net = imported(model, "result");
      ASSERT_EQ(net.nodes.size(), 1U);
      const auto* norm = std::get_if<net::Norm>(&net.nodes[0].op);
      ASSERT_NE(norm, nullptr);
      EXPECT_EQ(norm->kind, net::NormKind::instance);
      EXPECT_EQ(norm->epsilon, 1e-3F);
      const net::Tensor expected =
          affine(instance_normalized(picture(), static_cast<double>(1e-3F)), scale, shift);
      EXPECT_TRUE(compare(expected, net::evaluate(net, picture()), rounding(expected)));
    }
  }
}

/// The same chain with the mean of another value is no norm and stays what it is.
TEST(ModelPatterns, AnotherMeanIsNotTaken) {
  OnnxBuilder model = picture_model();
  model.node("Relu", {"picture"}, "other");
  set(model.node("ReduceMean", {"other"}, "mean"), "axes", Integers{2, 3});
  model.node("Sub", {"picture", "mean"}, "centred");
  model.node("Mul", {"centred", "centred"}, "squares");
  set(model.node("ReduceMean", {"squares"}, "variance"), "axes", Integers{2, 3});
  model.node("Add", {"variance", model.floats("epsilon", {}, {1e-3F})}, "above_zero");
  model.node("Sqrt", {"above_zero"}, "deviation");
  model.node("Div", {"centred", "deviation"}, "result");
  const net::Net net = imported(model, "result");
  for (const net::Node& node : net.nodes) EXPECT_FALSE(std::holds_alternative<net::Norm>(node.op));
}

/// PyTorch writes a group norm as Reshape, InstanceNormalization, Reshape, Mul, Add.
TEST(ModelPatterns, GroupNormByReshapeBecomesOneNode) {
  const Floats scale = random_vector(channels, 2, 0.5F, 2);
  const Floats shift = random_vector(channels, 3);
  OnnxBuilder model = picture_model();
  model.node("Shape", {"picture"}, "shape");
  model.node("Reshape", {"picture", model.integers("groups", {0, 2, -1})}, "grouped");
  model.node("InstanceNormalization",
             {"grouped", model.floats("ones", {2}, {1, 1}), model.floats("zeros", {2}, {0, 0})},
             "normal");
  model.node("Reshape", {"normal", "shape"}, "whole");
  model.node("Mul", {"whole", model.floats("scale", {channels, 1, 1}, scale)}, "scaled");
  model.node("Add", {"scaled", model.floats("shift", {channels, 1, 1}, shift)}, "result");
  const net::Net net = imported(model, "result");
  ASSERT_EQ(net.nodes.size(), 1U);
  const auto& norm = std::get<net::Norm>(net.nodes[0].op);
  EXPECT_EQ(norm.kind, net::NormKind::group);
  EXPECT_EQ(norm.groups, 2);
  // The same by the op of opset 21.
  OnnxBuilder direct = picture_model(21);
  direct.floats("scale", {channels}, scale);
  direct.floats("shift", {channels}, shift);
  set(direct.node("GroupNormalization", {"picture", "scale", "shift"}, "result"), "num_groups", 2);
  const net::Tensor expected = net::evaluate(imported(direct, "result"), picture());
  EXPECT_TRUE(compare(expected, net::evaluate(net, picture()), rounding(expected)));
}

struct Convolution {
  const char* op;
  Integers weights;
  int groups;
  bool bias;
};

class BatchNormBehind : public testing::TestWithParam<Convolution> {};

TEST_P(BatchNormBehind, IsFoldedIntoTheWeights) {
  const Convolution item = GetParam();
  const bool transposed = std::string(item.op) == "ConvTranspose";
  const std::int64_t outputs = transposed ? item.weights[1] * item.groups : item.weights[0];
  const auto count = static_cast<std::size_t>(outputs);
  std::size_t elements = 1;
  for (const std::int64_t size : item.weights) elements *= static_cast<std::size_t>(size);
  const auto convolution = [&] {
    OnnxBuilder model = picture_model();
    std::vector<std::string> inputs{
        "picture", model.floats("weights", item.weights, random_vector(elements, 4))};
    if (item.bias) inputs.push_back(model.floats("bias", {outputs}, random_vector(count, 5)));
    set(model.node(item.op, inputs, "conv"), "group", item.groups);
    return model;
  };
  const Floats scale = random_vector(count, 6, 0.5F, 2);
  const Floats shift = random_vector(count, 7);
  const Floats mean = random_vector(count, 8);
  const Floats variance = random_vector(count, 9, 0.1F, 2);
  OnnxBuilder model = convolution();
  model.node(
      "BatchNormalization",
      {"conv", model.floats("scale", {outputs}, scale), model.floats("shift", {outputs}, shift),
       model.floats("mean", {outputs}, mean), model.floats("variance", {outputs}, variance)},
      "result");
  const net::Net net = imported(model, "result");
  EXPECT_EQ(net.nodes.size(), 1U);
  OnnxBuilder plain = convolution();
  net::Tensor expected = net::evaluate(imported(plain, "conv"), picture());
  for (std::size_t i = 0; i < expected.data.size(); ++i) {
    const std::size_t c = i / expected.plane_size();
    const double deviation = std::sqrt(static_cast<double>(variance[c]) + 1e-5);
    expected.data[i] = (expected.data[i] - static_cast<double>(mean[c])) / deviation *
                           static_cast<double>(scale[c]) +
                       static_cast<double>(shift[c]);
  }
  EXPECT_TRUE(compare(expected, net::evaluate(net, picture()), rounding(expected)));
}

INSTANTIATE_TEST_SUITE_P(Convolutions, BatchNormBehind,
                         testing::Values(Convolution{"Conv", {4, 6, 3, 3}, 1, true},
                                         Convolution{"Conv", {4, 6, 3, 3}, 1, false},
                                         Convolution{"Conv", {12, 2, 3, 3}, 3, true},
                                         Convolution{"ConvTranspose", {6, 4, 3, 3}, 1, true},
                                         Convolution{"ConvTranspose", {6, 2, 2, 2}, 3, false}));

/// Where the convolution's result is read twice the batch norm stays.
TEST(ModelPatterns, BatchNormBehindASharedConvolutionStays) {
  OnnxBuilder model = picture_model();
  model.node("Conv", {"picture", model.floats("weights", {6, 6, 1, 1}, random_vector(36, 4))},
             "conv");
  const Floats ones(channels, 2);
  model.floats("ones", {channels}, ones);
  model.node("BatchNormalization", {"conv", "ones", "ones", "ones", "ones"}, "normal");
  model.node("Add", {"conv", "normal"}, "result");
  const net::Net net = imported(model, "result");
  EXPECT_EQ(net.nodes.size(), 3U);
  OnnxBuilder plain = picture_model();
  plain.floats("weights", {6, 6, 1, 1}, random_vector(36, 4));
  plain.node("Conv", {"picture", "weights"}, "conv");
  net::Tensor expected = net::evaluate(imported(plain, "conv"), picture());
  for (double& value : expected.data) value += (value - 2) / std::sqrt(2 + 1e-5) * 2 + 2;
  EXPECT_TRUE(compare(expected, net::evaluate(net, picture()), rounding(expected)));
}

TEST(ModelPatterns, ABiasBeforeAnInstanceNormIsDead) {
  OnnxBuilder model = picture_model();
  model.node("Conv",
             {"picture", model.floats("weights", {6, 6, 1, 1}, random_vector(36, 4)),
              model.floats("bias", {channels}, random_vector(channels, 5, 10, 20))},
             "conv");
  model.node("InstanceNormalization",
             {"conv", model.floats("ones", {channels}, Floats(channels, 1)),
              model.floats("zeros", {channels}, Floats(channels, 0))},
             "result");
  const net::Net net = imported(model, "result");
  ASSERT_EQ(net.nodes.size(), 2U);
  EXPECT_EQ(std::get<net::Conv>(net.nodes[0].op).bias, net::none);
}

TEST(ModelPatterns, WhatNothingReadsIsDropped) {
  OnnxBuilder model = picture_model();
  model.node("Relu", {"picture"}, "result");
  model.node("Sigmoid", {"picture"}, "unread");
  model.node("Tanh", {"unread"}, "unread_too");
  const net::Net net = imported(model, "result");
  EXPECT_EQ(net.nodes.size(), 1U);
  EXPECT_EQ(net.values.size(), 2U);
}

}  // namespace
}  // namespace impasto::test
