// Sizes: what exporters compute from the input's shape, and models that state one size.
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/net/reference.h"
#include "tests/support/onnx_builder.h"
#include "tests/support/tensors.h"

namespace impasto::test {
namespace {

const net::Value& result_of(const net::Net& net) {
  return net.value(net.output);
}

/// "Half as large again" as PyTorch traces interpolate(scale_factor=1.5) in opset 9:
/// Shape, Gather, Cast, Mul, Cast, Floor for each side, and the quotient as Upsample's scales.
OnnxBuilder traced_upsample() {
  OnnxBuilder model(9);
  model.input("picture", {1, 3, -1, -1});
  model.node("Relu", {"picture"}, "features");
  model.floats("factor", {}, {1.5F});
  for (const std::string axis : {"2", "3"}) {
    model.node("Shape", {"features"}, "shape" + axis);
    model.initializer("axis" + axis, integer_tensor({}, {std::stoll(axis)}));
    set(model.node("Gather", {"shape" + axis, "axis" + axis}, "size" + axis), "axis", 0);
    set(model.node("Cast", {"size" + axis}, "real" + axis), "to", onnx::TensorProto::FLOAT);
    model.node("Mul", {"real" + axis, "factor"}, "larger" + axis);
    set(model.node("Cast", {"larger" + axis}, "cast" + axis), "to", onnx::TensorProto::FLOAT);
    model.node("Floor", {"cast" + axis}, "floor" + axis);
    set(model.node("Unsqueeze", {"floor" + axis}, "entry" + axis), "axes", Integers{0});
  }
  model.node("Concat", {"entry2", "entry3"}, "wanted");
  set(*model.graph().mutable_node(model.graph().node_size() - 1), "axis", 0);
  set(model.node("Cast", {"wanted"}, "whole"), "to", onnx::TensorProto::INT64);
  set(model.node("Cast", {"whole"}, "wanted_real"), "to", onnx::TensorProto::FLOAT);
  auto& slice = model.node("Slice", {"shape2"}, "present");
  set(slice, "axes", Integers{0});
  set(slice, "starts", Integers{2});
  set(slice, "ends", Integers{4});
  set(model.node("Cast", {"present"}, "present_real"), "to", onnx::TensorProto::FLOAT);
  model.node("Div", {"wanted_real", "present_real"}, "ratio");
  model.node("Concat", {model.floats("ones", {2}, {1, 1}), "ratio"}, "scales");
  set(*model.graph().mutable_node(model.graph().node_size() - 1), "axis", 0);
  model.node("Upsample", {"features", "scales"}, "result");
  model.output("result");
  return model;
}

TEST(ModelSizes, TracedScalesAreFoldedPerFrame) {
  const net::Model model = parse(traced_upsample());
  for (const auto& [height, width] : std::vector<std::pair<int, int>>{{16, 20}, {17, 23}, {3, 1}}) {
    const net::Net net = model.build(height, width);
    EXPECT_EQ(net::check(net), "");
    EXPECT_EQ(net.nodes.size(), 2U);
    EXPECT_EQ(result_of(net).height, height * 3 / 2);
    EXPECT_EQ(result_of(net).width, width * 3 / 2);
  }
}

/// Resize to the size of a skip connection, by Shape, Slice and Concat as in opset 13.
TEST(ModelSizes, ResizeToTheSizeOfASkip) {
  OnnxBuilder model(13);
  model.input("picture", {1, 3, -1, -1});
  model.floats("weights", {3, 3, 3, 3}, random_vector(81, 3));
  auto& conv = model.node("Conv", {"picture", "weights"}, "half");
  set(conv, "strides", Integers{2, 2});
  set(conv, "pads", Integers{1, 1, 1, 1});
  model.node("Shape", {"half"}, "half_shape");
  model.node("Shape", {"picture"}, "full_shape");
  model.integers("zero", {0});
  model.integers("two", {2});
  model.integers("four", {4});
  model.node("Slice", {"half_shape", "zero", "two", "zero"}, "head");
  model.node("Slice", {"full_shape", "two", "four", "zero"}, "tail");
  set(model.node("Concat", {"head", "tail"}, "sizes"), "axis", 0);
  set(model.node("Resize", {"half", "", "", "sizes"}, "large"), "mode", "linear");
  model.node("Add", {"large", "picture"}, "result");
  model.output("result");
  const net::Model parsed = parse(model);
  for (const auto& [height, width] : std::vector<std::pair<int, int>>{{16, 20}, {17, 23}, {2, 1}}) {
    const net::Net net = parsed.build(height, width);
    EXPECT_EQ(net::check(net), "");
    EXPECT_EQ(result_of(net).height, height);
    EXPECT_EQ(result_of(net).width, width);
  }
}

/// view(batch, channels, -1) and back, with sizes that are computed: no node remains.
TEST(ModelSizes, ReshapeByComputedSizesCostsNothing) {
  OnnxBuilder model(13);
  model.input("picture", {1, 3, -1, -1});
  model.node("Shape", {"picture"}, "shape");
  model.node("Reshape", {"picture", model.integers("flat", {0, 3, -1})}, "columns");
  model.node("Relu", {"columns"}, "active");
  model.node("Reshape", {"active", "shape"}, "result");
  model.output("result");
  const net::Net net = parse(model).build(5, 7);
  EXPECT_EQ(net.nodes.size(), 1U);
  EXPECT_EQ(result_of(net).height, 5);
  EXPECT_EQ(result_of(net).width, 7);
}

/// One value per pixel that depends on the frame's size: Range, Expand, Div.
TEST(ModelSizes, PositionMapsFollowTheFrame) {
  OnnxBuilder model(13);
  model.input("picture", {1, 1, -1, -1});
  model.node("Shape", {"picture"}, "shape");
  set(model.node("Gather", {"shape", model.initializer("three", integer_tensor({}, {3}))}, "width"),
      "axis", 0);
  model.initializer("zero", integer_tensor({}, {0}));
  model.initializer("one", integer_tensor({}, {1}));
  model.node("Range", {"zero", "width", "one"}, "columns");
  set(model.node("Cast", {"columns"}, "positions"), "to", onnx::TensorProto::FLOAT);
  model.node("Expand", {"positions", "shape"}, "map");
  model.node("Add", {"picture", "map"}, "result");
  model.output("result");
  const net::Tensor result = net::evaluate(parse(model).build(4, 6), net::Tensor(1, 4, 6, 0.5));
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 6; ++x) EXPECT_EQ(result.at(0, y, x), x + 0.5);
  }
}

OnnxBuilder stated_size(bool depends) {
  OnnxBuilder model(13);
  model.input("picture", {1, 3, 64, 48});
  model.floats("weights", {3, 3, 3, 3}, random_vector(81, 3));
  set(model.node("Conv", {"picture", "weights"}, "conv"), "pads", Integers{1, 1, 1, 1});
  if (depends) {
    model.node("Reshape", {"conv", model.integers("flat", {1, 3, 64 * 48})}, "columns");
    model.node("Reshape", {"columns", model.integers("full", {1, 3, 64, 48})}, "result");
  } else {
    model.node("Relu", {"conv"}, "result");
  }
  model.output("result");
  return model;
}

TEST(ModelSizes, AStatedSizeDoesNotBindWhereNothingDependsOnIt) {
  const net::Model model = parse(stated_size(false));
  EXPECT_EQ(model.info().fixed_height, 0);
  EXPECT_EQ(model.info().fixed_width, 0);
  const net::Net net = model.build(80, 97);
  EXPECT_EQ(result_of(net).height, 80);
  EXPECT_EQ(result_of(net).width, 97);
}

TEST(ModelSizes, AStatedSizeBindsWhereAnOpDependsOnIt) {
  const net::Model model = parse(stated_size(true));
  EXPECT_EQ(model.info().fixed_height, 64);
  EXPECT_EQ(model.info().fixed_width, 48);
  EXPECT_EQ(result_of(model.build(64, 48)).height, 64);
  try {
    model.build(80, 96);
    ADD_FAILURE() << "another size was not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::model);
    EXPECT_STREQ(error.what(), "test: runs at 48x64 only, not at 96x80");
  }
}

/// A Resize whose sizes are written out runs everywhere but would not give a picture of the frame.
TEST(ModelSizes, AnOutputOfAStatedSizeBindsToo) {
  OnnxBuilder model(13);
  model.input("picture", {1, 3, 32, 32});
  model.node("Resize", {"picture", "", "", model.integers("sizes", {1, 3, 64, 64})}, "result");
  model.output("result");
  EXPECT_EQ(parse(model).info().fixed_height, 32);
}

TEST(ModelSizes, AFrameThatIsTooSmallIsRefused) {
  OnnxBuilder model(13);
  model.input("picture", {1, 3, -1, -1});
  set(model.node("Pad", {"picture", model.integers("pads", {0, 0, 4, 4, 0, 0, 4, 4})}, "result"),
      "mode", "reflect");
  model.output("result");
  const net::Model parsed = parse(model);
  EXPECT_EQ(result_of(parsed.build(5, 5)).height, 13);
  EXPECT_THROW(parsed.build(4, 5), Error);
  EXPECT_THROW(parsed.build(0, 5), Error);
  EXPECT_THROW(parsed.build(5, -1), Error);
}

}  // namespace
}  // namespace impasto::test
