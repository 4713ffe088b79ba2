// The models that lie beside the project, and the pack that ships with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/net/model.h"
#include "engine/net/reference.h"
#include "tests/support/accuracy.h"
#include "tests/support/tensors.h"

namespace impasto::test {
namespace {

namespace fs = std::filesystem;

fs::path models_folder() {
  return fs::path(IMPASTO_SOURCE_DIR) / ".." / "shared" / "models";
}

/// The network is sound, and its picture has the size of the frame.
void expect_picture(const net::Model& model, int height, int width) {
  const net::Net net = model.build(height, width);
  EXPECT_EQ(net::check(net), "");
  const net::Value& input = net.value(net.input);
  const net::Value& output = net.value(net.output);
  EXPECT_EQ(input.channels, 3);
  EXPECT_EQ(input.height, height);
  EXPECT_EQ(input.width, width);
  EXPECT_EQ(output.channels, 3);
  EXPECT_EQ(output.height, height);
  EXPECT_EQ(output.width, width);
}

template <typename OpType>
int count(const net::Net& net) {
  int found = 0;
  for (const net::Node& node : net.nodes) found += std::holds_alternative<OpType>(node.op);
  return found;
}

class ModelFiles : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    file_ = models_folder() / (std::string(GetParam()) + ".onnx");
    if (!fs::exists(file_)) GTEST_SKIP() << file_ << " is absent";
  }
  fs::path file_;
};

TEST_P(ModelFiles, ImportAtTwoSizes) {
  const net::Model model = net::Model::load(file_);
  EXPECT_EQ(model.info().name, GetParam());
  EXPECT_EQ(model.info().fixed_height, 0);
  expect_picture(model, 240, 320);
  expect_picture(model, 256, 336);  // 333x251 padded to a multiple of 8 or 16
  EXPECT_EQ(model.digest(), net::Model::load(file_).digest());
}

INSTANTIATE_TEST_SUITE_P(Shared, ModelFiles,
                         testing::Values("candy", "mosaic", "wave", "pilot_live"));

TEST(ModelFile, CandyIsTheKnownNetwork) {
  const fs::path file = models_folder() / "candy.onnx";
  if (!fs::exists(file)) GTEST_SKIP() << file << " is absent";
  const net::Model model = net::Model::load(file);
  EXPECT_TRUE(model.info().styles.empty());
  EXPECT_EQ(model.info().input_range.high, 255);
  const net::Net net = model.build(240, 320);
  EXPECT_EQ(count<net::Conv>(net), 16);
  EXPECT_EQ(count<net::Norm>(net), 15);
  EXPECT_EQ(count<net::Pad>(net), 16);
  for (const net::Node& node : net.nodes) {
    if (const auto* pad = std::get_if<net::Pad>(&node.op)) {
      EXPECT_EQ(pad->mode, net::PadMode::reflect);
    }
    if (const auto* resize = std::get_if<net::Resize>(&node.op)) {
      EXPECT_EQ(resize->nearest_factor, 2);
    }
  }
  // 9x9 3->32, down to 128 at a quarter, five residual blocks, and up again.
  const double pixels = 240 * 320;
  EXPECT_DOUBLE_EQ(
      net::count_macs(net),
      pixels * (81 * 3 * 32 * 2 + 9 * 32 * 64 / 4. * 2 + 9 * 64 * 128 / 16. + 9 * 128 * 64 / 4. +
                10 * 9 * 128 * 128 / 16. + 9 * 64 * 32 - 9 * 32 * 64 / 4.));
}

TEST(ModelFile, PilotLiveMixesItsStyles) {
  const fs::path file = models_folder() / "pilot_live.onnx";
  if (!fs::exists(file)) GTEST_SKIP() << file << " is absent";
  const net::Model model = net::Model::load(file);
  ASSERT_EQ(model.info().styles.size(), 13U);
  EXPECT_EQ(model.info().styles[1].name, "starry_night");
  EXPECT_EQ(model.info().identity_style, 0);
  EXPECT_EQ(model.info().input_range.high, 1);
  const net::Net net = model.build(32, 32);
  std::vector<float> first(13, 0.0F);
  std::vector<float> second(13, 0.0F);
  std::vector<float> mix(13, 0.0F);
  first[2] = 1;
  second[5] = 1;
  mix[2] = 0.25F;
  mix[5] = 0.75F;
  const auto a = net::evaluate_parameters(net, first);
  const auto b = net::evaluate_parameters(net, second);
  const auto mixed = net::evaluate_parameters(net, mix);
  int differing = 0;
  for (std::size_t p = 0; p < mixed.size(); ++p) {
    for (std::size_t i = 0; i < mixed[p].size(); ++i) {
      EXPECT_NEAR(mixed[p][i], 0.25F * a[p][i] + 0.75F * b[p][i], 1e-5) << net.parameters[p].name;
      differing += a[p][i] != b[p][i];
    }
  }
  EXPECT_GT(differing, 0);
}

TEST(ModelFile, ShippedPackImports) {
  const net::Model model =
      net::Model::load(fs::path(IMPASTO_SOURCE_DIR) / "app" / "styles" / "live.onnx");
  expect_picture(model, 240, 320);
  expect_picture(model, 256, 336);
  ASSERT_FALSE(model.info().styles.empty());
  for (const net::StyleInfo& style : model.info().styles) EXPECT_NE(style.name, "");
  const net::Net net = model.build(32, 32);
  const net::Tensor picture = random_tensor(3, 32, 32, 1, 0, 1);
  for (std::size_t s = 0; s < model.info().styles.size(); ++s) {
    std::vector<float> style(model.info().styles.size(), 0.0F);
    style[s] = 1;
    const net::Tensor result = net::evaluate(net, picture, style);
    EXPECT_THAT(result.data, testing::Each(testing::AllOf(testing::Ge(-0.01), testing::Le(1.01))));
    // The identity style of the pack is exact, no other one is near.
    const bool same = static_cast<int>(s) == model.info().identity_style;
    const auto nearly = [](std::size_t, double) { return 1e-3; };
    EXPECT_EQ(static_cast<bool>(compare(picture, result, nearly)), same)
        << model.info().styles[s].name;
  }
}

}  // namespace
}  // namespace impasto::test
