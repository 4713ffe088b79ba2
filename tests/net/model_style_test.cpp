// What depends on the `style` input: tables, programs, an index, metadata.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"
#include "engine/net/reference.h"
#include "tests/support/accuracy.h"
#include "tests/support/onnx_builder.h"
#include "tests/support/tensors.h"

namespace impasto::test {
namespace {

constexpr int styles = 4;
constexpr int channels = 3;

/// A picture through an instance norm whose scale is "scale" and whose shift is zero.
void add_norm(OnnxBuilder& model) {
  model.input("picture", {1, channels, -1, -1});
  model.node("InstanceNormalization",
             {"picture", "scale", model.floats("zeros", {channels}, Floats(channels, 0))},
             "result");
  model.output("result");
}

Floats table() {
  return random_vector(std::size_t{styles} * channels, 5, 0.5F, 2);
}

/// The norm's scale for these weights.
std::vector<float> scale_for(const net::Net& net, const std::vector<float>& weights) {
  const auto parameters = net::evaluate_parameters(net, weights);
  for (const net::Node& node : net.nodes) {
    if (const auto* norm = std::get_if<net::Norm>(&node.op)) {
      return parameters[static_cast<std::size_t>(norm->gamma)];
    }
  }
  return {};
}

std::vector<float> mixed_rows(const Floats& rows, const std::vector<float>& weights) {
  std::vector<float> result(channels, 0.0F);
  for (std::size_t s = 0; s < styles; ++s) {
    for (std::size_t c = 0; c < channels; ++c) result[c] += weights[s] * rows[s * channels + c];
  }
  return result;
}

void expect_near(const std::vector<float>& actual, const std::vector<float>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-5);
}

const std::vector<std::vector<float>> weight_sets = {
    {1, 0, 0, 0}, {0, 0, 1, 0}, {0.5F, 0, 0.25F, 0.25F}, {0, 0, 0, 0}, {-0.5F, 2, 0, 0.1F}};

OnnxBuilder matrix_model() {
  OnnxBuilder model;
  add_norm(model);
  model.input("style", {1, styles});
  model.graph().clear_node();
  model.node("MatMul", {"style", model.floats("table", {styles, channels}, table())}, "row");
  model.node("Reshape", {"row", model.integers("shape", {channels})}, "scale");
  model.node("InstanceNormalization", {"picture", "scale", "zeros"}, "result");
  return model;
}

TEST(ModelStyle, TableIsMixedByTheWeights) {
  const net::Model model = parse(matrix_model());
  ASSERT_EQ(model.info().styles.size(), static_cast<std::size_t>(styles));
  EXPECT_EQ(model.info().styles[2].name, "style_2");
  const net::Net net = model.build(8, 8);
  EXPECT_EQ(net::check(net), "");
  for (const auto& weights : weight_sets) {
    expect_near(scale_for(net, weights), mixed_rows(table(), weights));
  }
}

TEST(ModelStyle, SetsTheResult) {
  const net::Net net = parse(matrix_model()).build(8, 8);
  const net::Tensor picture = random_tensor(channels, 8, 8, 1, 0, 255);
  const std::vector<float> weights = weight_sets[2];
  const std::vector<float> scale = mixed_rows(table(), weights);
  const net::Tensor result = net::evaluate(net, picture, weights);
  for (int c = 0; c < channels; ++c) {
    double squares = 0;
    for (int y = 0; y < 8; ++y) {
      for (int x = 0; x < 8; ++x) squares += std::pow(result.at(c, y, x), 2) / 64;
    }
    EXPECT_NEAR(std::sqrt(squares), static_cast<double>(scale[static_cast<std::size_t>(c)]), 1e-3);
  }
}

TEST(ModelStyle, GemmWithABiasIsAffine) {
  OnnxBuilder model;
  model.input("style", {1, styles});
  const Floats bias{1, -2, 3};
  model.node("Gemm",
             {"style", model.floats("table", {styles, channels}, table()),
              model.floats("bias", {channels}, bias)},
             "row");
  model.node("Squeeze", {"row", model.integers("axes", {0})}, "scale");
  add_norm(model);
  const net::Net net = parse(model).build(8, 8);
  for (const auto& weights : weight_sets) {
    std::vector<float> expected = mixed_rows(table(), weights);
    for (std::size_t c = 0; c < channels; ++c) expected[c] += bias[c];
    expect_near(scale_for(net, weights), expected);
  }
}

/// Not affine: the program itself is run.
TEST(ModelStyle, SoftmaxOfTheWeightsIsComputedPerFrame) {
  OnnxBuilder model;
  model.input("style", {1, styles});
  model.node("Softmax", {"style"}, "soft");
  model.node("MatMul", {"soft", model.floats("table", {styles, channels}, table())}, "row");
  model.node("Squeeze", {"row", model.integers("axes", {0})}, "scale");
  add_norm(model);
  const net::Net net = parse(model).build(8, 8);
  for (const auto& weights : weight_sets) {
    std::vector<float> soft;
    float sum = 0;
    for (const float weight : weights) sum += std::exp(weight);
    for (const float weight : weights) soft.push_back(std::exp(weight) / sum);
    expect_near(scale_for(net, weights), mixed_rows(table(), soft));
  }
}

/// One long table, cut into the scales of two layers, and a gain on a skip.
TEST(ModelStyle, SlicesOfOneTableServeSeveralLayers) {
  OnnxBuilder model;
  model.input("picture", {1, channels, -1, -1});
  model.input("style", {1, styles});
  const Floats rows = random_vector(std::size_t{styles} * 7, 6);
  model.node("MatMul", {"style", model.floats("table", {styles, 7}, rows)}, "row");
  model.node("Squeeze", {"row", model.integers("axes", {0})}, "flat");
  auto& split = model.node("Split", {"flat", model.integers("sizes", {3, 3, 1})}, "first");
  split.add_output("second");
  split.add_output("gain");
  model.floats("zeros", {channels}, Floats(channels, 0));
  model.node("InstanceNormalization", {"picture", "first", "second"}, "normal");
  model.node("Mul", {"picture", "gain"}, "skip");
  model.node("Add", {"normal", "skip"}, "result");
  model.output("result");
  const net::Net net = parse(model).build(8, 8);
  EXPECT_EQ(net::check(net), "");
  const std::vector<float> weights{0, 0.5F, 0, 0.5F};
  const auto at = [&](std::size_t i) {
    return 0.5 * static_cast<double>(rows[7 + i]) + 0.5 * static_cast<double>(rows[21 + i]);
  };
  // A constant picture leaves the shift and the skip.
  const net::Tensor result = net::evaluate(net, net::Tensor(channels, 8, 8, 10), weights);
  for (int c = 0; c < channels; ++c) {
    EXPECT_NEAR(result.at(c, 4, 4), at(3 + static_cast<std::size_t>(c)) + 10 * at(6), 1e-5);
  }
}

TEST(ModelStyle, IndexGathersARow) {
  for (const Integers& shape : {Integers{}, Integers{1}, Integers{-1}}) {
    OnnxBuilder model;
    model.input("style", shape, onnx::TensorProto::INT64);
    model.node("Gather", {model.floats("table", {styles, channels}, table()), "style"}, "row");
    model.node("Reshape", {"row", model.integers("shape", {channels})}, "scale");
    add_norm(model);
    const net::Model parsed = parse(model);
    EXPECT_EQ(parsed.info().styles.size(), static_cast<std::size_t>(styles));
    const net::Net net = parsed.build(8, 8);
    expect_near(scale_for(net, {0, 0, 1, 0}), {table()[6], table()[7], table()[8]});
    // Rows mix where an index alone could not.
    expect_near(scale_for(net, {0.5F, 0, 0.5F, 0}), mixed_rows(table(), {0.5F, 0, 0.5F, 0}));
  }
}

TEST(ModelStyle, MetadataNamesTheStyles) {
  OnnxBuilder model = matrix_model();
  model.metadata("styles",
                 R"(["plain", {"name": "wave", "painter": "Hokusai", "title": "The Great Wave",)"
                 R"( "year": 1831}, "c", "d"])");
  model.metadata("identity_style", "plain");
  model.metadata("size_multiple", "8");
  model.metadata("input_range", "0..1");
  model.metadata("output_range", "-1..1");
  net::Model parsed = parse(model, "folder/pack.onnx");
  const net::ModelInfo& info = parsed.info();
  EXPECT_EQ(info.name, "pack");
  ASSERT_EQ(info.styles.size(), 4U);
  EXPECT_EQ(info.styles[1].painter, "Hokusai");
  EXPECT_EQ(info.styles[1].title, "The Great Wave");
  EXPECT_EQ(info.styles[1].year, "1831");
  EXPECT_EQ(info.identity_style, 0);
  EXPECT_EQ(info.size_multiple, 8);
  EXPECT_EQ(info.input_range.high, 1);
  EXPECT_EQ(info.output_range.low, -1);
  parsed.override_ranges(net::ValueRange{0, 255}, std::nullopt);
  EXPECT_EQ(info.input_range.high, 255);
  EXPECT_EQ(info.output_range.low, -1);
}

TEST(ModelStyle, UnusableMetadataIsRefused) {
  for (const auto& [key, value] : std::vector<std::pair<const char*, const char*>>{
           {"styles", "[\"one\"]"},
           {"styles", "not json"},
           {"styles", "[\"a\",\"b\",\"c\",\"a\"]"},
           {"styles", "[1,2,3,4]"},
           {"identity_style", "nobody"},
           {"identity_style", "17"},
           {"size_multiple", "0"},
           {"size_multiple", "-3"},
           {"size_multiple", "many"},
           {"input_range", "255..0"},
           {"input_range", "0..nan"},
           {"output_range", "1"},
       }) {
    OnnxBuilder model = matrix_model();
    model.metadata(key, value);
    EXPECT_THROW(parse(model), Error) << key << "=" << value;
  }
}

TEST(ModelStyle, WeightsOfAConvolutionMayNotDependOnIt) {
  OnnxBuilder model = matrix_model();
  model.graph().clear_node();
  model.node("MatMul", {"style", "table"}, "row");
  model.node("Reshape", {"row", model.integers("kernel", {1, channels, 1, 1})}, "scale");
  model.node("Conv", {"picture", "scale"}, "result");
  EXPECT_THROW(parse(model), Error);
}

}  // namespace
}  // namespace impasto::test
