// The longest graphs that are imported, and those beyond, which are refused: none takes much
// memory.
#include <gtest/gtest.h>

#include "tests/support/confined.h"
#include "tests/support/onnx_builder.h"
#include "tests/support/tensors.h"

namespace impasto::test {
namespace {

constexpr int many = 19'990;

OnnxBuilder picture_model() {
  OnnxBuilder model;
  model.input("picture", {1, 3, -1, -1});
  return model;
}

/// 0, or refused as a model; anything else (memory, a crash) fails.
void expect_handled(OnnxBuilder& model, const std::string& output, int wanted) {
  model.output(output);
  const std::string bytes = model.bytes();
  const Outcome outcome =
      confined([&] { net::Model::parse(std::as_bytes(std::span(bytes)), "large").build(64, 64); },
               600'000'000);
  EXPECT_EQ(outcome.code, wanted) << outcome.message;
}

std::string chained(OnnxBuilder& model, const std::string& first, const char* op,
                    const std::string& second = {}) {
  std::string last = first;
  for (int i = 0; i < many; ++i) {
    std::vector<std::string> inputs{last};
    if (!second.empty()) inputs.push_back(second);
    last = first + std::to_string(i);
    model.node(op, inputs, last);
  }
  return last;
}

TEST(LargeModel, AHundredThousandNodesAreRefused) {
  OnnxBuilder model = picture_model();
  std::string last = "picture";
  for (int i = 0; i < 5; ++i) last = chained(model, last, "Relu");
  expect_handled(model, last, 4);
}

TEST(LargeModel, NodesThatBecomeManyAreRefused) {
  OnnxBuilder model;
  model.input("picture", {1, 128, -1, -1});
  model.integers("order", [] {
    Integers indices;
    for (std::int64_t i = 0; i < 128; ++i) indices.push_back(i * i % 127);
    return indices;
  }());
  std::string last = "picture";
  for (int i = 0; i < many; ++i) {
    const std::string next = "gather" + std::to_string(i);
    set(model.node("Gather", {last, "order"}, next), "axis", 1);
    last = next;
  }
  expect_handled(model, last, 4);
}

TEST(LargeModel, ChainOfActivations) {
  OnnxBuilder model = picture_model();
  const std::string last = chained(model, "picture", "Relu");
  expect_handled(model, last, 0);
}

TEST(LargeModel, ChainOfSumsWithOneNumber) {
  OnnxBuilder model = picture_model();
  model.floats("number", {}, {1});
  const std::string last = chained(model, "picture", "Add", "number");
  expect_handled(model, last, 0);
}

TEST(LargeModel, SumsWithThePictureItself) {
  OnnxBuilder model = picture_model();
  const std::string last = chained(model, "picture", "Add", "picture");
  expect_handled(model, last, 0);
}

TEST(LargeModel, ChainOfConstants) {
  OnnxBuilder model = picture_model();
  model.floats("number", {3, 1, 1}, {1, 2, 3});
  const std::string last = chained(model, "number", "Relu");
  model.node("Add", {"picture", last}, "result");
  expect_handled(model, "result", 0);
}

TEST(LargeModel, ChainOfStyleValues) {
  OnnxBuilder model = picture_model();
  model.input("style", {1, 64});
  const std::string last = chained(model, "style", "Sigmoid");
  model.node("ReduceMean", {last}, "mean");
  model.node("Mul", {"picture", "mean"}, "result");
  expect_handled(model, "result", 0);
}

TEST(LargeModel, ManyStyleParameters) {
  OnnxBuilder model = picture_model();
  model.input("style", {1, 3});
  model.node("Reshape", {"style", model.integers("shape", {3, 1, 1})}, "gain");
  const std::string last = chained(model, "picture", "Mul", "gain");
  expect_handled(model, last, 0);
}

TEST(LargeModel, ChainOfReshapes) {
  OnnxBuilder model = picture_model();
  model.integers("shape", {0, 3, -1});
  const std::string last = chained(model, "picture", "Reshape", "shape");
  model.node("Shape", {"picture"}, "full");
  model.node("Reshape", {last, "full"}, "result");
  expect_handled(model, "result", 0);
}

TEST(LargeModel, ChainOfNorms) {
  OnnxBuilder model = picture_model();
  model.floats("scale", {3}, {1, 1, 1});
  std::string last = "picture";
  for (int i = 0; i < many; ++i) {
    const std::string next = "norm" + std::to_string(i);
    model.node("InstanceNormalization", {last, "scale", "scale"}, next);
    last = next;
  }
  expect_handled(model, last, 0);
}

TEST(LargeModel, OneConcatOfManyInputs) {
  OnnxBuilder model = picture_model();
  std::vector<std::string> inputs(many, "picture");
  set(model.node("Concat", inputs, "joined"), "axis", 1);
  expect_handled(model, "joined", 0);
}

}  // namespace
}  // namespace impasto::test
