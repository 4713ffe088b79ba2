// Graphs that no network can be made of: each is refused in one line that names node and op.
#include <limits>

#include "tests/net/model_bad.h"

namespace impasto::test {
namespace {

TEST(BadGraph, Cycles) {
  OnnxBuilder itself = picture_model();
  itself.node("Add", {"picture", "result"}, "result");
  expect_refused(import(itself), "node 'result' (Add): it reads 'result', which nothing before");
  OnnxBuilder pair = picture_model();
  pair.node("Add", {"picture", "result"}, "first");
  pair.node("Relu", {"first"}, "result");
  expect_refused(import(pair), "node 'first' (Add): it reads 'result', which nothing before");
  OnnxBuilder twice = convolution();
  twice.node("Relu", {"picture"}, "result");
  expect_refused(import(twice), "node 'result' (Relu): 'result' is defined twice");
}

TEST(BadGraph, Versions) {
  for (const int opset : {999, 22, 6, 0, -1}) {
    OnnxBuilder model = picture_model(opset);
    model.node("Relu", {"picture"}, "result");
    expect_refused(import(model),
                   "its opset is " + std::to_string(opset) + ", supported are 7 to 21");
  }
  OnnxBuilder old = convolution();
  old.proto().set_ir_version(2);
  expect_refused(import(old), "its IR version is 2, 3 or later is needed");
}

TEST(BadGraph, UnsupportedOpsAreNamed) {
  OnnxBuilder model = picture_model();
  model.node("LSTM", {"picture"}, "result").set_name("encoder/lstm");
  expect_refused(import(model), "bad.onnx: node 'encoder/lstm' (LSTM): this op is not supported");
  OnnxBuilder domain = picture_model();
  domain.node("FusedConv", {"picture"}, "result").set_domain("com.vendor");
  expect_refused(import(domain), "node 'result' (FusedConv): domain 'com.vendor' is unknown");
  // Names of a file do not break the line.
  OnnxBuilder wild = picture_model();
  wild.node("Evil\nOp\x1b[31m", {"picture"}, "result").set_name(std::string(5000, 'x') + "\n");
  expect_refused(import(wild), "Evil?Op?[31m");
}

TEST(BadGraph, ThePictureWhereAConstantBelongs) {
  OnnxBuilder slope = picture_model();
  slope.node("PRelu", {"picture", "picture"}, "result");
  expect_refused(import(slope), "node 'result' (PRelu): input 'picture' must not depend");
  OnnxBuilder weights = picture_model();
  weights.node("Conv", {"picture", "picture"}, "result");
  expect_refused(import(weights), "node 'result' (Conv): input 'picture' must be a constant");
  OnnxBuilder third = picture_model();
  third.floats("one", {}, {1});
  third.node("Add", {"one", "one", "picture"}, "result");
  expect_refused(import(third), "node 'result' (Add): it takes two inputs");
}

TEST(BadGraph, Inputs) {
  for (const Integers& shape :
       {Integers{4, 3, -1, -1}, Integers{1, 3}, Integers{}, Integers{1, 5000, -1, -1},
        Integers{1, 3, huge, huge}, Integers{1, huge, 8, 8}}) {
    OnnxBuilder model;
    model.input("picture", shape);
    model.output("result");
    model.node("Relu", {"picture"}, "result");
    expect_refused(import(model), "input");
  }
  OnnxBuilder negative = convolution();
  negative.graph()
      .mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(2)
      ->set_dim_value(-7);
  expect_refused(import(negative), "input 'picture' has a negative dimension");
  OnnxBuilder none = convolution();
  none.graph().clear_input();
  expect_refused(import(none), "it has no input for a picture");
  OnnxBuilder unset = convolution();
  unset.graph().clear_initializer();
  unset.input("weights", {3, 3, 3, 3});
  expect_refused(import(unset), "input 'weights'");
  OnnxBuilder no_output = convolution();
  no_output.graph().clear_output();
  expect_refused(import(no_output), "it has no output");
  OnnxBuilder elsewhere = convolution();
  elsewhere.graph().mutable_output(0)->set_name("nothing");
  expect_refused(import(elsewhere), "output 'nothing'");
}

TEST(BadGraph, AttributesOfConvolutions) {
  for (const auto& [name, values] : std::vector<std::pair<const char*, Integers>>{
           {"strides", {0, 1}},
           {"strides", {-1, 1}},
           {"strides", {huge, 1}},
           {"strides", {1}},
           {"dilations", {0, 0}},
           {"dilations", {huge, huge}},
           {"pads", {-1, 0, 0, 0}},
           {"pads", {huge, huge, huge, huge}},
           {"pads", {1, 1}},
           {"kernel_shape", {5, 5}},
           {"kernel_shape", {0, 0}},
       }) {
    OnnxBuilder model = convolution();
    set(*model.graph().mutable_node(0), name, values);
    expect_refused(import(model), "node 'result' (Conv): ");
  }
  for (const std::int64_t groups : {std::int64_t{0}, std::int64_t{2}, std::int64_t{-3}, huge}) {
    OnnxBuilder model = convolution();
    set(*model.graph().mutable_node(0), "group", groups);
    expect_refused(import(model), "node 'result' (Conv): ");
  }
  OnnxBuilder type = convolution();
  set(*type.graph().mutable_node(0), "strides", 2.0F);
  expect_refused(import(type), "node 'result' (Conv): attribute 'strides' has a wrong type");
  OnnxBuilder padding = convolution();
  set(*padding.graph().mutable_node(0), "auto_pad", "SOMEHOW");
  expect_refused(import(padding), "node 'result' (Conv): auto_pad 'SOMEHOW' is unknown");
  OnnxBuilder missing = convolution();
  missing.graph().mutable_node(0)->mutable_input()->RemoveLast();
  expect_refused(import(missing), "node 'result' (Conv): input 1 is missing");
}

/// Small files that ask for much.
TEST(BadGraph, SizesThatNobodyCanHold) {
  const auto with = [](const char* op, const Integers& values, const char* what) {
    OnnxBuilder model = picture_model();
    model.node(op, {model.integers("values", values)}, "large");
    model.node("Add", {"picture", "large"}, "result");
    expect_refused(import(model), what);
  };
  with("ConstantOfShape", {huge}, "node 'large' (ConstantOfShape)");
  with("ConstantOfShape", {huge, huge}, "node 'large' (ConstantOfShape)");
  with("ConstantOfShape", {-4}, "node 'large' (ConstantOfShape)");
  with("ConstantOfShape", {0, huge, huge}, "node 'large' (ConstantOfShape)");
  for (const char* op : {"Expand", "Tile"}) {
    OnnxBuilder model = picture_model();
    model.node(op, {model.floats("one", {1}, {1}), model.integers("values", {huge})}, "large");
    model.node("Add", {"picture", "large"}, "result");
    expect_refused(import(model), "node 'large' (" + std::string(op) + ")");
  }
  OnnxBuilder range = picture_model();
  range.node(
      "Range",
      {range.floats("a", {}, {0}), range.floats("b", {}, {1e30F}), range.floats("c", {}, {1e-30F})},
      "large");
  range.node("Add", {"picture", "large"}, "result");
  expect_refused(import(range), "node 'large' (Range)");
  for (const Integers& sizes :
       {Integers{1, 3, huge, huge}, Integers{1, 3, -1, 5}, Integers{1, 3, 1 << 20, 1 << 20}}) {
    OnnxBuilder model = picture_model();
    model.node("Resize", {"picture", "", "", model.integers("sizes", sizes)}, "result");
    expect_refused(import(model), "node 'result' (Resize)");
  }
  for (const float scale : {1e30F, -1.0F, 0.0F, std::numeric_limits<float>::quiet_NaN()}) {
    OnnxBuilder model = picture_model();
    model.node("Resize", {"picture", "", model.floats("scales", {4}, {1, 1, scale, scale})},
               "result");
    expect_refused(import(model), "node 'result' (Resize)");
  }
  OnnxBuilder pad = picture_model();
  pad.node("Pad", {"picture", pad.integers("pads", {0, 0, huge, 0, 0, 0, huge, 0})}, "result");
  expect_refused(import(pad), "node 'result' (Pad)");
}

TEST(BadGraph, Doubling) {
  // Constants that double sixty times.
  OnnxBuilder constants = picture_model();
  constants.floats("step0", {2}, {1, 2});
  OnnxBuilder channels = picture_model();
  OnnxBuilder planes = picture_model();
  std::string channel = "picture";
  std::string plane = "picture";
  for (int i = 0; i < 60; ++i) {
    const std::string before = "step" + std::to_string(i);
    const std::string after = "step" + std::to_string(i + 1);
    set(constants.node("Concat", {before, before}, after), "axis", 0);
    set(channels.node("Concat", {channel, channel}, after), "axis", 1);
    set(planes.node("Concat", {plane, plane}, after), "axis", i % 2 + 2);
    channel = plane = after;
  }
  constants.node("Add", {"picture", "step60"}, "result");
  expect_refused(import(constants), "(Concat): its constants are too large to compute");
  channels.node("Relu", {channel}, "result");
  expect_refused(import(channels), "(Concat): ");
  planes.node("Relu", {plane}, "result");
  expect_refused(import(planes), "(Concat): ");
}

}  // namespace
}  // namespace impasto::test
