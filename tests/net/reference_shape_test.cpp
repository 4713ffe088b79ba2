#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "engine/net/reference.h"
#include "tests/support/net_builder.h"

namespace impasto::net {
namespace {

using test::listed_tensor;
using test::NetBuilder;
using test::Shape;
using test::single_op;
using testing::ElementsAre;

/// 0, 1, 2 ... in row-major order.
Tensor counted(Shape shape) {
  Tensor tensor(shape.channels, shape.height, shape.width);
  std::iota(tensor.data.begin(), tensor.data.end(), 0);
  return tensor;
}

std::vector<double> run(const Op& op, Shape in, Shape out) {
  const Net net = single_op(op, in, out);
  EXPECT_EQ(check(net), "");
  return evaluate(net, counted(in)).data;
}

TEST(ReferencePad, Modes) {
  const auto pad = [](PadMode mode) { return Pad{{0, 2, 0, 1}, mode, 9}; };
  EXPECT_THAT(run(pad(PadMode::constant), {1, 1, 3}, {1, 1, 6}), ElementsAre(9, 9, 0, 1, 2, 9));
  EXPECT_THAT(run(pad(PadMode::edge), {1, 1, 3}, {1, 1, 6}), ElementsAre(0, 0, 0, 1, 2, 2));
  EXPECT_THAT(run(pad(PadMode::reflect), {1, 1, 3}, {1, 1, 6}), ElementsAre(2, 1, 0, 1, 2, 1));
}

TEST(ReferencePad, RowsAndColumnsOfEveryChannel) {
  EXPECT_THAT(run(Pad{{1, 0, 0, 1}, PadMode::reflect, 0}, {2, 2, 2}, {2, 3, 3}),
              ElementsAre(2, 3, 2, 0, 1, 0, 2, 3, 2, 6, 7, 6, 4, 5, 4, 6, 7, 6));
}

TEST(ReferencePad, NegativeBordersCrop) {
  EXPECT_THAT(run(Pad{{-1, 1, 0, -2}, PadMode::constant, 7}, {1, 2, 4}, {1, 1, 3}),
              ElementsAre(7, 4, 5));
}

TEST(ReferencePad, ReflectionWiderThanThePictureIsPeriodic) {
  EXPECT_THAT(run(Pad{{0, 4, 0, 0}, PadMode::reflect, 0}, {1, 1, 3}, {1, 1, 7}),
              ElementsAre(0, 1, 2, 1, 0, 1, 2));
  EXPECT_THAT(run(Pad{{0, 2, 0, 1}, PadMode::reflect, 0}, {1, 1, 1}, {1, 1, 4}),
              ElementsAre(0, 0, 0, 0));
}

TEST(ReferenceResize, NearestFactor) {
  const ResizeAxis one{{0, 0}, {}, {}};
  const ResizeAxis two{{0, 0, 1, 1}, {}, {}};
  EXPECT_THAT(run(Resize{ResizeMode::nearest, one, two, 2}, {1, 1, 2}, {1, 2, 4}),
              ElementsAre(0, 0, 1, 1, 0, 0, 1, 1));
}

TEST(ReferenceResize, LinearIsSeparable) {
  const ResizeAxis y{{0, 0}, {1, 1}, {0, 0.5F}};
  const ResizeAxis x{{0, 0, 1}, {1, 1, 1}, {0, 0.25F, 0}};
  EXPECT_THAT(run(Resize{ResizeMode::linear, y, x, 0}, {1, 2, 2}, {1, 2, 3}),
              ElementsAre(0, 0.25, 1, 1, 1.25, 2));
}

TEST(ReferenceConcat, EveryAxis) {
  const Tensor a = listed_tensor(1, 1, 2, {1, 2});
  const Tensor b = listed_tensor(1, 1, 2, {3, 4});
  const auto join = [&](int axis, Shape out) {
    NetBuilder builder({1, 1, 2});
    builder.add(Concat{axis}, {builder.input(), builder.constant(b), builder.input()}, out);
    EXPECT_EQ(check(builder.build()), "");
    return evaluate(builder.build(), a);
  };
  for (const auto& [axis, shape] :
       {std::pair{0, Shape{3, 1, 2}}, {1, Shape{1, 3, 2}}, {2, Shape{1, 1, 6}}}) {
    EXPECT_THAT(join(axis, shape).data, ElementsAre(1, 2, 3, 4, 1, 2)) << axis;
  }
  NetBuilder builder({1, 2, 1});
  builder.add(Concat{2}, {builder.input(), builder.constant(listed_tensor(1, 2, 1, {5, 6}))},
              {1, 2, 2});
  EXPECT_THAT(evaluate(builder.build(), listed_tensor(1, 2, 1, {1, 2})).data,
              ElementsAre(1, 5, 2, 6));
}

TEST(ReferenceSlice, BeginAndStep) {
  EXPECT_THAT(run(Slice{{1, 0, 1}, {1, 2, 1}}, {2, 3, 3}, {1, 2, 2}), ElementsAre(10, 11, 16, 17));
  EXPECT_THAT(run(Slice{{0, 0, 2}, {1, 1, -1}}, {1, 1, 3}, {1, 1, 3}), ElementsAre(2, 1, 0));
}

// The listing of the ONNX operator's own documentation, first rows.
TEST(ReferenceDepthToSpace, DepthColumnRow) {
  EXPECT_THAT(run(DepthToSpace{2, false}, {8, 1, 2}, {2, 2, 4}),
              ElementsAre(0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15));
}

TEST(ReferenceDepthToSpace, ColumnRowDepth) {
  EXPECT_THAT(run(DepthToSpace{2, true}, {8, 1, 2}, {2, 2, 4}),
              ElementsAre(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15));
}

TEST(ReferenceSpaceToDepth, InvertsDepthToSpace) {
  NetBuilder builder({8, 3, 2});
  const ValueId picture = builder.add(DepthToSpace{2, false}, {builder.input()}, {2, 6, 4});
  builder.add(SpaceToDepth{2}, {picture}, {8, 3, 2});
  EXPECT_EQ(check(builder.build()), "");
  EXPECT_EQ(evaluate(builder.build(), counted({8, 3, 2})), counted({8, 3, 2}));
  EXPECT_THAT(run(SpaceToDepth{2}, {1, 2, 2}, {4, 1, 1}), ElementsAre(0, 1, 2, 3));
}

TEST(ReferenceConstant, IsItsData) {
  NetBuilder builder({1, 1, 1});
  builder.constant(listed_tensor(2, 1, 2, {1, 2, 3, 4}));
  EXPECT_THAT(evaluate(builder.build(), Tensor(1, 1, 1)).data, ElementsAre(1, 2, 3, 4));
}

}  // namespace
}  // namespace impasto::net
