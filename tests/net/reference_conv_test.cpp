#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/net/reference.h"
#include "tests/support/net_builder.h"

namespace impasto::net {
namespace {

using test::listed_tensor;
using test::random_tensor;
using test::random_vector;
using test::Shape;
using test::single_op;
using test::weights;
using testing::ElementsAre;

Tensor run(const Op& op, const Tensor& in, Shape out,
           const std::vector<std::vector<float>>& parameters = {}) {
  const Net net = single_op(op, {in.channels, in.height, in.width}, out, parameters);
  EXPECT_EQ(check(net), "");
  return evaluate(net, in);
}

/// Corner, edge and middle sums of a 3x3 kernel of ones show the zero border.
TEST(ReferenceConv, ZeroBorder) {
  Conv conv{.in_channels = 1, .out_channels = 1, .kernel = {3, 3}, .border = {1, 1, 1, 1}};
  conv.weights = weights(std::vector<float>(9, 1));
  EXPECT_THAT(run(conv, Tensor(1, 3, 4, 1), {1, 3, 4}).data,
              ElementsAre(4, 6, 6, 4, 6, 9, 9, 6, 4, 6, 6, 4));
}

TEST(ReferenceConv, IsCorrelationAndAddsBias) {
  Conv conv{.in_channels = 1, .out_channels = 2, .kernel = {1, 2}, .bias = 0};
  conv.weights = weights({1, 10, 100, 1000});
  const Tensor in = listed_tensor(1, 1, 3, {1, 2, 3});
  EXPECT_THAT(run(conv, in, {2, 1, 2}, {{0.5F, -0.5F}}).data,
              ElementsAre(21.5, 32.5, 2099.5, 3199.5));
}

TEST(ReferenceConv, StrideAndUnevenBorder) {
  Conv conv{.in_channels = 1,
            .out_channels = 1,
            .kernel = {1, 3},
            .stride = {1, 2},
            .border = {0, 0, 0, 1}};
  conv.weights = weights({1, 10, 100});
  const Tensor in = listed_tensor(1, 1, 4, {1, 2, 3, 4});
  EXPECT_THAT(run(conv, in, {1, 1, 2}).data, ElementsAre(321, 43));
}

TEST(ReferenceConv, Dilation) {
  Conv conv{.in_channels = 1, .out_channels = 1, .kernel = {2, 2}, .dilation = {2, 3}};
  conv.weights = weights({1, 10, 100, 1000});
  Tensor in(1, 3, 4);
  for (std::size_t i = 0; i < in.data.size(); ++i) in.data[i] = static_cast<double>(i);
  EXPECT_THAT(run(conv, in, {1, 1, 1}).data, ElementsAre(0 + 30 + 800 + 11000));
}

TEST(ReferenceConv, GroupsSeeTheirOwnChannels) {
  Conv conv{.in_channels = 4, .out_channels = 2, .groups = 2};
  conv.weights = weights({1, 10, 100, 1000});
  EXPECT_THAT(run(conv, listed_tensor(4, 1, 1, {1, 2, 3, 4}), {2, 1, 1}).data,
              ElementsAre(21, 4300));
}

/// Every index written out, with no shared code, over strides, dilations, borders and groups.
TEST(ReferenceConv, FormulaOverShapes) {
  struct Row {
    int in, out, groups, kernel, stride, dilation, before, after;
  };
  const Row rows[] = {{3, 5, 1, 3, 1, 1, 1, 1}, {4, 6, 2, 3, 2, 1, 0, 1}, {5, 5, 5, 5, 1, 1, 2, 2},
                      {2, 4, 1, 3, 3, 2, 4, 0}, {6, 3, 3, 1, 2, 1, 0, 0}, {1, 1, 1, 7, 1, 1, 9, 9}};
  std::uint64_t seed = 1;
  for (const Row& row : rows) {
    const int size = 11;
    const int out_size =
        (size + row.before + row.after - row.dilation * (row.kernel - 1) - 1) / row.stride + 1;
    const int group_in = row.in / row.groups;
    Conv conv{row.in,
              row.out,
              {row.kernel, row.kernel},
              {row.stride, row.stride},
              {row.dilation, row.dilation},
              {row.before, row.before, row.after, row.after},
              row.groups,
              nullptr,
              0};
    const auto w = random_vector(
        static_cast<std::size_t>(row.out * group_in * row.kernel * row.kernel), ++seed);
    conv.weights = weights(w);
    const auto bias = random_vector(static_cast<std::size_t>(row.out), ++seed);
    const Tensor in = random_tensor(row.in, size, size, ++seed);
    const Tensor result = run(conv, in, {row.out, out_size, out_size}, {bias});
    for (int o = 0; o < row.out; ++o) {
      for (int y = 0; y < out_size; ++y) {
        for (int x = 0; x < out_size; ++x) {
          double sum = bias[static_cast<std::size_t>(o)];
          for (int i = 0; i < row.in; ++i) {
            if (i / group_in != o / (row.out / row.groups)) continue;
            for (int u = 0; u < row.kernel; ++u) {
              for (int v = 0; v < row.kernel; ++v) {
                const int p = y * row.stride + u * row.dilation - row.before;
                const int q = x * row.stride + v * row.dilation - row.before;
                if (p < 0 || q < 0 || p >= size || q >= size) continue;
                const int at = ((o * group_in + i % group_in) * row.kernel + u) * row.kernel + v;
                sum += in.at(i, p, q) * w[static_cast<std::size_t>(at)];
              }
            }
          }
          ASSERT_NEAR(result.at(o, y, x), sum, 1e-12);
        }
      }
    }
  }
}

TEST(ReferenceConvTranspose, SpreadsOneInput) {
  ConvTranspose op{.in_channels = 1, .out_channels = 1, .kernel = {2, 3}, .stride = {2, 2}};
  op.weights = weights({1, 2, 3, 4, 5, 6});
  EXPECT_THAT(run(op, listed_tensor(1, 1, 2, {1, 10}), {1, 2, 5}).data,
              ElementsAre(1, 2, 13, 20, 30, 4, 5, 46, 50, 60));
}

TEST(ReferenceConvTranspose, BorderCropsAndExtraRowsHoldTheBias) {
  ConvTranspose op{.in_channels = 1,
                   .out_channels = 1,
                   .kernel = {1, 2},
                   .stride = {1, 3},
                   .border = {0, 1, 0, 0},
                   .bias = 0};
  op.weights = weights({1, 2});
  EXPECT_THAT(run(op, listed_tensor(1, 1, 2, {1, 10}), {1, 1, 6}, {{0.5F}}).data,
              ElementsAre(2.5, 0.5, 10.5, 20.5, 0.5, 0.5));
}

/// <conv(x), y> = <x, conv_transpose(y)>: the transposed convolution is the convolution's adjoint.
TEST(ReferenceConvTranspose, IsTheAdjointOfConv) {
  struct Row {
    int groups, kernel, stride, dilation, border;
  };
  const Row rows[] = {{1, 3, 1, 1, 1}, {1, 3, 2, 1, 1}, {2, 4, 2, 1, 1}, {1, 3, 2, 2, 0}};
  std::uint64_t seed = 50;
  for (const Row& row : rows) {
    const int size = 10;
    const int out_size =
        (size + 2 * row.border - row.dilation * (row.kernel - 1) - 1) / row.stride + 1;
    const Border border{row.border, row.border, row.border, row.border};
    const Pair kernel{row.kernel, row.kernel};
    const Pair stride{row.stride, row.stride};
    const Pair dilation{row.dilation, row.dilation};
    // A convolution 4 -> 6 has weights [6][4 / groups]; its adjoint reads the same array.
    const auto w = weights(random_vector(
        static_cast<std::size_t>(6 * 4 / row.groups * row.kernel * row.kernel), ++seed));
    const Conv conv{4, 6, kernel, stride, dilation, border, row.groups, w, none};
    const ConvTranspose back{6, 4, kernel, stride, dilation, border, row.groups, w, none};
    const Tensor x = random_tensor(4, size, size, ++seed);
    const Tensor y = random_tensor(6, out_size, out_size, ++seed);
    const Tensor forward = run(conv, x, {6, out_size, out_size});
    const Tensor backward = run(back, y, {4, size, size});
    double left = 0;
    double right = 0;
    for (std::size_t i = 0; i < y.data.size(); ++i) left += forward.data[i] * y.data[i];
    for (std::size_t i = 0; i < x.data.size(); ++i) right += x.data[i] * backward.data[i];
    EXPECT_NEAR(left, right, 1e-10);
  }
}

TEST(ReferenceConv, SumOfMagnitudes) {
  Conv conv{.in_channels = 1, .out_channels = 1, .kernel = {1, 2}, .bias = 0};
  conv.weights = weights({1, -10});
  const Net net = single_op(conv, {1, 1, 3}, {1, 1, 2}, {{-0.5F}});
  EXPECT_THAT(sum_of_magnitudes(net, net.nodes[0], listed_tensor(1, 1, 3, {1, -2, 3}),
                                evaluate_parameters(net, {}))
                  .data,
              ElementsAre(21.5, 32.5));
}

}  // namespace
}  // namespace impasto::net
