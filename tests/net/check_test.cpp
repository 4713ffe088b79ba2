// check() accepts the nets of the other tests; here it must name each violation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/net/net.h"
#include "tests/support/net_builder.h"

namespace impasto::net {
namespace {

using test::Shape;
using test::single_op;
using test::weights;
using testing::HasSubstr;

TEST(Check, Order) {
  Net net = single_op(Activation{}, {1, 2, 2}, {1, 2, 2});
  EXPECT_EQ(check(net), "");
  net.nodes[0].inputs[0] = 1;
  EXPECT_THAT(check(net), HasSubstr("reads a value before it is written"));
  net = single_op(Activation{}, {1, 2, 2}, {1, 2, 2});
  net.nodes.push_back(net.nodes[0]);
  EXPECT_THAT(check(net), HasSubstr("writes a value again"));
  net.nodes.clear();
  EXPECT_THAT(check(net), HasSubstr("no node writes the output"));
}

TEST(Check, Values) {
  Net net = single_op(Activation{}, {1, 2, 2}, {1, 2, 2});
  net.values[1].width = 0;
  EXPECT_THAT(check(net), HasSubstr("is empty"));
  net.output = 7;
  EXPECT_THAT(check(net), HasSubstr("no value"));
}

struct BadNode {
  const char* message;
  Op op;
  Shape in;
  Shape out;
  std::vector<std::vector<float>> parameters = {};
};

TEST(Check, EveryOpAgainstItsShapes) {
  const auto conv = [](std::size_t weight_count, int in_channels = 1) {
    Conv op{.in_channels = in_channels, .out_channels = 1, .kernel = {3, 3}};
    op.weights = weights(std::vector<float>(weight_count));
    return op;
  };
  Conv biased = conv(9);
  biased.bias = 0;
  Conv grouped = conv(9);
  grouped.groups = 2;
  const BadNode rows[] = {
      {"weights of a wrong size", conv(8), {1, 4, 4}, {1, 2, 2}},
      {"wrong channels", conv(18, 2), {1, 4, 4}, {1, 2, 2}},
      {"wrong output shape", conv(9), {1, 4, 4}, {1, 4, 4}},
      {"parameter of a wrong size", biased, {1, 4, 4}, {1, 2, 2}, {{1, 2}}},
      {"groups that do not divide", grouped, {1, 4, 4}, {1, 2, 2}},
      {"lacks a parameter", Norm{.kind = NormKind::batch_stored}, {1, 2, 2}, {1, 2, 2}},
      {"groups that do not divide",
       Norm{.kind = NormKind::group, .groups = 2},
       {3, 2, 2},
       {3, 2, 2}},
      {"parameter of a wrong size", Norm{.gamma = 0}, {3, 2, 2}, {3, 2, 2}, {{1}}},
      {"names no parameter", Norm{.gamma = 3}, {3, 2, 2}, {3, 2, 2}},
      {"wrong output shape", Pad{{1, 0, 0, 0}, PadMode::edge, 0}, {1, 2, 2}, {1, 2, 2}},
      {"wrong resize table", Resize{.y = {{0}, {}, {}}, .x = {{5}, {}, {}}}, {1, 1, 1}, {1, 1, 1}},
      {"not its table",
       Resize{.y = {{0}, {}, {}}, .x = {{0, 1}, {}, {}}, .nearest_factor = 2},
       {1, 1, 2},
       {1, 1, 2}},
      {"window outside", Pool{.kernel = {1, 1}, .stride = {2, 2}}, {1, 2, 2}, {1, 2, 1}},
      {"wrong output shape", GlobalPool{}, {1, 2, 2}, {1, 2, 2}},
      {"lacks a parameter", Activation{.kind = ActivationKind::prelu}, {1, 2, 2}, {1, 2, 2}},
      {"wrong number of inputs", Binary{}, {1, 2, 2}, {1, 2, 2}},
      {"lacks a parameter", BinaryParameter{}, {1, 2, 2}, {1, 2, 2}},
      {"wrong output shape", Concat{}, {1, 2, 2}, {2, 2, 2}},
      {"reads outside", Slice{{0, 0, 1}, {1, 1, 1}}, {1, 2, 2}, {1, 2, 2}},
      {"does not divide", DepthToSpace{2, false}, {3, 2, 2}, {1, 4, 4}},
      {"does not divide", SpaceToDepth{2}, {1, 3, 2}, {4, 1, 1}},
      {"wrong number of inputs", Constant{weights({1})}, {1, 1, 1}, {1, 1, 1}},
  };
  for (const BadNode& row : rows) {
    EXPECT_THAT(check(single_op(row.op, row.in, row.out, row.parameters)), HasSubstr(row.message))
        << op_name(row.op);
  }
}

TEST(Check, Broadcast) {
  const auto net = [](Shape a, Shape b, Shape out) {
    test::NetBuilder builder(a);
    builder.add(Binary{},
                {builder.input(), builder.constant(Tensor(b.channels, b.height, b.width))}, out);
    return builder.build();
  };
  EXPECT_EQ(check(net({1, 2, 3}, {4, 1, 3}, {4, 2, 3})), "");
  EXPECT_THAT(check(net({2, 2, 3}, {4, 1, 3}, {4, 2, 3})), HasSubstr("do not broadcast"));
  EXPECT_THAT(check(net({1, 1, 1}, {1, 1, 1}, {4, 1, 1})), HasSubstr("do not broadcast"));
}

}  // namespace
}  // namespace impasto::net
