// Measured choices of kernels: what is timed, what is kept on disk and used again, and that a file
// which nobody should trust changes nothing.
#include <gtest/gtest.h>

#include <fstream>

#include "engine/base/files.h"
#include "engine/session/tuning_file.h"
#include "engine/stylizer.h"
#include "tests/stylizer/rgb_frames.h"
#include "tests/support/environment.h"
#include "tests/video/support.h"

namespace impasto::test {
namespace {

using video::test::TemporaryFolder;

int largest_difference(const video::Frame& a, const video::Frame& b) {
  int largest = 0;
  for (int y = 0; y < a.format.height; ++y) {
    const std::byte* row = a.planes[0] + a.strides[0] * y;
    const std::byte* other = b.planes[0] + b.strides[0] * y;
    for (int x = 0; x < a.format.width * 3; ++x) {
      largest = std::max(largest, std::abs(static_cast<int>(row[x]) - static_cast<int>(other[x])));
    }
  }
  return largest;
}

class TuningTest : public testing::Test {
 protected:
  // One folder for all of them, so that pipelines are compiled once.
  static void SetUpTestSuite() { folder_ = std::make_unique<TemporaryFolder>(); }
  static void TearDownTestSuite() { folder_.reset(); }
  TuningTest() { std::filesystem::remove(file(device_info())); }

  static net::Model model() { return net::Model::load(IMPASTO_SOURCE_DIR "/app/styles/live.onnx"); }
  static StylizerOptions options(Tuning tuning) {
    StylizerOptions result;
    result.tuning = tuning;
    return result;
  }
  static std::vector<graph::ConvLayer> layers(Stylizer& stylizer) {
    stylizer.prepare(rgb_format(), rgb_format());
    return stylizer.graph().convolutions;
  }
  /// A layer that can have another kernel than the one it has.
  static graph::ConvLayer layer_with_choice() {
    Stylizer stylizer(model(), options(Tuning::off));
    for (const graph::ConvLayer& layer : layers(stylizer)) {
      if (layer.kernels.size() > 1) return layer;
    }
    return {};
  }
  static std::string kernel_of(const std::string& shape, Tuning tuning) {
    Stylizer stylizer(model(), options(tuning));
    for (const graph::ConvLayer& layer : layers(stylizer)) {
      if (layer.shape == shape) return layer.kernel;
    }
    return "no such layer";
  }
  static std::filesystem::path file(const gpu::DeviceInfo& device) {
    return session::tuning_file(device);
  }
  static gpu::DeviceInfo device_info() { return Stylizer(model(), options(Tuning::off)).device(); }
  void keep(const std::string& shape, const std::string& kernel) {
    const gpu::DeviceInfo device = device_info();
    session::keep_choices(file(device), device, {{shape, kernel}});
  }

  static inline std::unique_ptr<TemporaryFolder> folder_;
  EnvironmentVariable cache_{"XDG_CACHE_HOME", folder_->path()};
};

TEST_F(TuningTest, EveryShapeIsSettledAndFasterKernelsRun) {
  Stylizer stylizer(model(), options(Tuning::on));
  const std::vector<graph::ConvLayer> tuned = layers(stylizer);
  const graph::ConvChoices kept = session::read_choices(file(stylizer.device()), stylizer.device());
  ASSERT_FALSE(tuned.empty());
  for (const graph::ConvLayer& layer : tuned) {
    ASSERT_TRUE(kept.contains(layer.shape)) << layer.shape;
    EXPECT_EQ(kept.at(layer.shape), layer.kernel) << layer.shape;
  }
  std::size_t timed = 0;
  for (const TuningResult& result : stylizer.tuning_results()) {
    ++timed;
    EXPECT_LE(result.difference, 2) << result.shape << " by " << result.kernel;
    EXPECT_TRUE(!result.chosen || result.ms < result.ms_before);
  }
  EXPECT_EQ(timed > 0, layer_with_choice().kernels.size() > 1);
}

TEST_F(TuningTest, WhatIsKeptIsNotTimedAgainUnlessAskedTo) {
  Stylizer first(model(), options(Tuning::on));
  const auto before = layers(first);
  Stylizer second(model(), options(Tuning::on));
  EXPECT_EQ(layers(second).size(), before.size());
  EXPECT_TRUE(second.tuning_results().empty());
  Stylizer again(model(), options(Tuning::again));
  layers(again);
  EXPECT_EQ(again.tuning_results().empty(), first.tuning_results().empty());
}

TEST_F(TuningTest, AKeptChoiceServesUnlessTurnedOff) {
  const graph::ConvLayer layer = layer_with_choice();
  if (layer.kernels.empty()) GTEST_SKIP() << "one kernel per layer on this device";
  keep(layer.shape, layer.kernels.back());
  EXPECT_EQ(kernel_of(layer.shape, Tuning::kept), layer.kernels.back());
  EXPECT_EQ(kernel_of(layer.shape, Tuning::off), layer.kernel);
  Stylizer kept(model(), options(Tuning::kept));
  Stylizer off(model(), options(Tuning::off));
  kept.submit(rgb_frame(), rgb_format());
  off.submit(rgb_frame(), rgb_format());
  EXPECT_LE(largest_difference(*kept.receive(), *off.receive()), 1);
}

TEST_F(TuningTest, AnUnknownKernelIsPassedOver) {
  const graph::ConvLayer layer = layer_with_choice();
  if (layer.kernels.empty()) GTEST_SKIP() << "one kernel per layer on this device";
  keep(layer.shape, "warp drive");
  EXPECT_EQ(kernel_of(layer.shape, Tuning::kept), layer.kernel);
}

TEST_F(TuningTest, IdleTimeTunesForTheNextSession) {
  Stylizer stylizer(model(), options(Tuning::kept));
  EXPECT_FALSE(stylizer.tune_a_little()) << "nothing runs yet";
  stylizer.submit(rgb_frame(), rgb_format());
  stylizer.receive();
  const auto running = stylizer.graph().convolutions.front().kernel;
  stylizer.tune_a_little();
  stylizer.submit(rgb_frame(), rgb_format());  // ends it half way
  EXPECT_TRUE(stylizer.receive().has_value());
  while (stylizer.tune_a_little()) {
  }
  EXPECT_EQ(stylizer.graph().convolutions.front().kernel, running);
  const graph::ConvChoices kept = session::read_choices(file(stylizer.device()), stylizer.device());
  for (const graph::ConvLayer& layer : stylizer.graph().convolutions) {
    EXPECT_TRUE(kept.contains(layer.shape)) << layer.shape;
  }
  EXPECT_FALSE(stylizer.tune_a_little()) << "all is done";
}

TEST_F(TuningTest, TimingEndsWhenNobodyWaitsForIt) {
  StylizerOptions impatient = options(Tuning::on);
  impatient.keep_tuning = [] { return false; };
  Stylizer stylizer(model(), impatient);
  layers(stylizer);
  EXPECT_TRUE(stylizer.tuning_results().empty());
}

TEST_F(TuningTest, FilesThatNobodyShouldTrustAreAsIfAbsent) {
  const gpu::DeviceInfo device = device_info();
  const graph::ConvChoices choices{{"3x3 8->8 at 4x4", "shuffle"}};
  session::keep_choices(file(device), device, choices);
  ASSERT_EQ(session::read_choices(file(device), device), choices);

  gpu::DeviceInfo other = device;
  other.driver += " of tomorrow";
  EXPECT_TRUE(session::read_choices(file(device), other).empty());
  other = device;
  other.subgroup_size *= 2;
  EXPECT_TRUE(session::read_choices(file(device), other).empty());

  const std::string whole = files::read_file(file(device), ExitCode::gpu);
  std::string old_release = whole;
  old_release.replace(old_release.find("_tuning\": ") + 10, 1, "0");
  for (const std::string& text :
       {whole.substr(0, whole.size() / 2), std::string(), std::string("[1, 2]"),
        std::string("\0\xff\xfe", 3), old_release, std::string(100000, '[')}) {
    std::ofstream(file(device), std::ios::binary) << text;
    EXPECT_TRUE(session::read_choices(file(device), device).empty()) << text.substr(0, 40);
  }
  session::keep_choices(file(device), device, choices);  // over the damaged one
  session::keep_choices(file(device), device, {{"1x1 4->4 at 9x9", "generic"}});
  EXPECT_EQ(session::read_choices(file(device), device).size(), 2U);
}

TEST_F(TuningTest, ACacheThatCannotBeWrittenIsNoError) {
  std::ofstream(folder_->path() / "file") << "in the way";
  const EnvironmentVariable cache("XDG_CACHE_HOME", folder_->path() / "file");
  keep("3x3 8->8 at 4x4", "shuffle");
  EXPECT_TRUE(session::read_choices(file(device_info()), device_info()).empty());
}

}  // namespace
}  // namespace impasto::test
