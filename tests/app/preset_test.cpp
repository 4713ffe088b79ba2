// `--preset` as a user gives it: the pixels of the same look in the engine, over time too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/looks/presets.h"
#include "engine/base/files.h"
#include "engine/stylizer.h"
#include "tests/app/program.h"
#include "tests/support/frame_samples.h"

namespace impasto::app::test {
namespace {

using impasto::test::samples;
using testing::HasSubstr;
using video::test::TemporaryFolder;

constexpr const char* pack = IMPASTO_SOURCE_DIR "/app/styles/live.onnx";
constexpr int network_height = 64;

std::vector<video::Frame> read_all(const std::string& file) {
  const std::unique_ptr<video::Source> source = video::open_source({.input = file});
  std::vector<video::Frame> frames;
  while (std::optional<video::Frame> frame = source->read()) frames.push_back(*frame);
  return frames;
}

class PresetOption : public testing::Test {
 protected:
  PresetOption()
      : model_(net::Model::load(pack)), layers_(model_), a_(default_look(model_.info())) {
    std::vector<net::LayerEdit>& edits = net::editable_layers(a_, layers_.size());
    edits[0].gain = 1.4F;
    edits[2].offset = 0.2F;
    edits[4].channel_gamma.assign(static_cast<std::size_t>(layers_.layers()[4].channels), 0.0F);
    edits[4].channel_gamma[3] = -0.5F;
    b_.style.assign(a_.style.size(), 0.0F);
    b_.style[5] = 1;
    b_.strength = 0.6F;
    for (const auto& [name, look] : {std::pair{"a", a_}, {"b", b_}}) {
      files::write_file(folder_ / (std::string(name) + ".json"),
                        preset_text(make_preset(model_, layers_, look)), ExitCode::output);
    }
  }

  Result apply(const std::string& presets, const std::string& out) {
    return run("apply " + clip_ + " " + folder_ / out + " --quiet --codec ffv1 --height " +
                   std::to_string(network_height) + presets,
               "XDG_CONFIG_HOME=" + folder_.path().string());
  }

  /// The frames of `out` are what the engine makes of the clip's with these looks, bit for bit.
  void expect_looks(const std::string& out, const std::function<Look(std::size_t)>& look_of) {
    StylizerOptions options;
    options.network_height = network_height;
    options.layer_edits = true;
    Stylizer stylizer(net::Model::load(pack), options);
    const std::vector<video::Frame> before = read_all(clip_);
    const std::vector<video::Frame> after = read_all(folder_ / out);
    ASSERT_EQ(after.size(), before.size());
    ASSERT_EQ(after.size(), 10U);
    for (std::size_t i = 0; i < before.size(); ++i) {
      stylizer.set_look(look_of(i));
      stylizer.submit(before[i], before[i].format);
      EXPECT_EQ(samples(*stylizer.receive()), samples(after[i])) << "frame " << i;
    }
  }

  TemporaryFolder folder_;
  std::string clip_ = make_clip(folder_, "in.mp4", 0.4);
  net::Model model_;
  net::LayerTable layers_;
  Look a_;
  Look b_;
};

TEST_F(PresetOption, GivesThePixelsOfTheLook) {
  const Result result = apply(" --preset " + folder_ / "a.json", "out.mkv");
  ASSERT_EQ(result.exit_code, 0) << result.error;
  EXPECT_EQ(result.error, "");
  expect_looks("out.mkv", [&](std::size_t) { return a_; });
}

TEST_F(PresetOption, SeveralAreInterpolatedByTime) {
  const Result result =
      apply(" --preset " + folder_ / "b.json" + "@0.24 --preset " + folder_ / "a.json" + "@0.08",
            "out.mkv");
  ASSERT_EQ(result.exit_code, 0) << result.error;
  expect_looks("out.mkv", [&](std::size_t i) {
    const double seconds = static_cast<double>(i) / 25;
    return net::interpolate(a_, b_, static_cast<float>((seconds - 0.08) / (0.24 - 0.08)));
  });
}

TEST_F(PresetOption, ABareNameIsASavedOne) {
  std::filesystem::create_directories(folder_.path() / "impasto/presets");
  std::filesystem::copy_file(folder_ / "b.json", folder_.path() / "impasto/presets/dusk.json");
  const Result result = apply(" --preset dusk", "out.mkv");
  ASSERT_EQ(result.exit_code, 0) << result.error;
  expect_looks("out.mkv", [&](std::size_t) { return b_; });
  const Result missed = apply(" --preset dask", "other.mkv");
  EXPECT_EQ(missed.exit_code, 2);
  EXPECT_TRUE(is_one_line(missed.error)) << missed.error;
  EXPECT_THAT(missed.error, HasSubstr("did you mean 'dusk'?"));
}

TEST_F(PresetOption, WhatDoesNotMatchIsNamedOnce) {
  Preset preset = make_preset(model_, layers_, b_);
  preset.layers["gone"].gain = 2;
  files::write_file(folder_ / "c.json", preset_text(preset), ExitCode::output);
  const Result result = run("apply " + clip_ + " " + folder_ / "out.png" +
                            " --frames 1 --height 64 --preset " + folder_ / "c.json");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.error, HasSubstr("warning: preset " + folder_ / "c.json" +
                                      ": live has no layer gone (it was made on live)\n"));
}

}  // namespace
}  // namespace impasto::app::test
