// `impasto apply` as a user runs it: what comes out, and what every failure leaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/app/program.h"
#include "tests/video/report.h"

namespace impasto::app::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using video::test::examine;
using video::test::footage;
using video::test::Report;
using video::test::shell;
using video::test::TemporaryFolder;

class Apply : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::string clip_ = make_clip(folder_, "in.mp4", 0.4);

  Result apply(const std::string& arguments) { return run("apply " + arguments + " --quiet"); }
};

TEST_F(Apply, KeepsFramesTimesSoundAndSize) {
  const Result result = apply(clip_ + " " + folder_ / "out.mp4" + " --height 64");
  ASSERT_EQ(result.exit_code, 0) << result.error;
  EXPECT_EQ(result.out + result.error, "");
  const Report before = examine(clip_, {.hash_frames = true});
  const Report after = examine(folder_ / "out.mp4", {.hash_frames = true});
  EXPECT_EQ(after.times(), before.times());
  EXPECT_EQ(after.kinds(), before.kinds());
  EXPECT_EQ(after.first("audio").packet_hash, before.first("audio").packet_hash);
  EXPECT_EQ(after.frames.front().width, 320);
  EXPECT_EQ(after.frames.front().height, 240);
  EXPECT_NE(after.frames.front().hash, before.frames.front().hash);
  EXPECT_THAT(folder_.names(), ElementsAre("in.mp4", "out.mp4"));
}

TEST_F(Apply, StrengthZeroIsTheSourceBitForBit) {
  const Result result =
      apply(clip_ + " " + folder_ / "out.mkv" + " --height 48 --strength 0 --codec ffv1");
  ASSERT_EQ(result.exit_code, 0) << result.error;
  const Report before = examine(clip_, {.hash_frames = true});
  const Report after = examine(folder_ / "out.mkv", {.hash_frames = true});
  ASSERT_EQ(after.frames.size(), before.frames.size());
  for (std::size_t i = 0; i < before.frames.size(); ++i) {
    EXPECT_EQ(after.frames[i].hash, before.frames[i].hash) << "frame " << i;
  }
}

TEST_F(Apply, TheSameCommandGivesTheSamePicture) {
  for (const char* name : {"a.mkv", "b.mkv"}) {
    ASSERT_EQ(
        apply(clip_ + " " + folder_ / name + " --height 64 --codec ffv1 --frames 2").exit_code, 0);
  }
  EXPECT_EQ(examine(folder_ / "a.mkv", {.hash_frames = true}).frames[1].hash,
            examine(folder_ / "b.mkv", {.hash_frames = true}).frames[1].hash);
}

TEST_F(Apply, IdentityAndMixAreStyles) {
  ASSERT_EQ(apply(clip_ + " " + folder_ / "a.png" + " --frames 1 --style identity").exit_code, 0);
  const Result mixed = apply(clip_ + " " + folder_ / "b.png" +
                             " --frames 1 --mix starry_night=3,identity=1 --keep-colors");
  ASSERT_EQ(mixed.exit_code, 0) << mixed.error;
  EXPECT_NE(examine(folder_ / "a.png", {.hash_frames = true}).frames[0].hash,
            examine(folder_ / "b.png", {.hash_frames = true}).frames[0].hash);
}

TEST_F(Apply, OutHeightSetsTheSizeOfTheOutput) {
  ASSERT_EQ(apply(clip_ + " " + folder_ / "out.mp4" + " --height 48 --out-height 120 --frames 2")
                .exit_code,
            0);
  const Report after = examine(folder_ / "out.mp4");
  EXPECT_EQ(after.frames.front().width, 160);
  EXPECT_EQ(after.frames.front().height, 120);
  EXPECT_EQ(after.frames.size(), 2U);
}

TEST_F(Apply, ImagesAndSequences) {
  shell("ffmpeg -v error -i " + clip_ + " -frames:v 3 " + folder_ / "in_%02d.png");
  ASSERT_EQ(apply(folder_ / "in_01.png" + " " + folder_ / "out.jpg" + " --height 64").exit_code, 0);
  EXPECT_EQ(examine(folder_ / "out.jpg").frames.front().width, 320);
  const Result result =
      apply(folder_ / "in_%02d.png" + " " + folder_ / "out_%02d.png" + " --height 64");
  ASSERT_EQ(result.exit_code, 0) << result.error;
  for (const char* name : {"out_01.png", "out_02.png", "out_03.png"}) {
    EXPECT_TRUE(fs::exists(folder_ / name)) << name;
  }
}

TEST_F(Apply, PipesOfY4m) {
  const std::string program = IMPASTO_PROGRAM;
  shell("ffmpeg -v error -i " + clip_ + " -frames:v 3 -f yuv4mpegpipe - | " + program +
        " apply - - --height 64 --quiet | ffmpeg -v error -f yuv4mpegpipe -i - -c:v ffv1 " +
        folder_ / "out.mkv");
  EXPECT_EQ(examine(folder_ / "out.mkv").frames.size(), 3U);
}

TEST_F(Apply, AnExistingOutputIsLeftAloneUnlessAsked) {
  const std::string out = folder_ / "out.mp4";
  std::ofstream(out) << "mine";
  const Result refused = apply(clip_ + " " + out);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_TRUE(is_one_line(refused.error)) << refused.error;
  EXPECT_THAT(refused.error, HasSubstr("-y"));
  EXPECT_EQ(fs::file_size(out), 4U);
  EXPECT_EQ(apply(clip_ + " " + out + " -y --height 48 --frames 2").exit_code, 0);
  EXPECT_EQ(examine(out).frames.size(), 2U);
}

struct BadUse {
  std::string name;
  std::string arguments;  // IN: the clip, OUT: an output, DIR: the folder
  int exit_code;
  std::string mentions;
};

class BadUses : public testing::TestWithParam<BadUse> {};

TEST_P(BadUses, GetOneLineAndLeaveNoFile) {
  const TemporaryFolder folder;
  const std::string clip = make_clip(folder, "in.mp4", 0.2);
  std::ofstream(folder / "bad.onnx") << "this is no model";
  std::ofstream(folder / "bad.mp4") << "this is no video";
  std::string arguments = GetParam().arguments;
  const auto replace = [&](const std::string& word, const std::string& by) {
    for (std::size_t at = arguments.find(word); at != std::string::npos;
         at = arguments.find(word)) {
      arguments.replace(at, word.size(), by);
    }
  };
  replace("IN", clip);
  replace("OUT", folder / "out.mp4");
  replace("DIR", folder.path().string());
  const Result result = run(arguments);
  EXPECT_EQ(result.exit_code, GetParam().exit_code) << result.error;
  EXPECT_TRUE(is_one_line(result.error)) << result.error;
  EXPECT_THAT(result.error, HasSubstr(GetParam().mentions));
  EXPECT_THAT(folder.names(), ElementsAre("bad.mp4", "bad.onnx", "in.mp4"));
}

INSTANTIATE_TEST_SUITE_P(
    Each, BadUses,
    testing::Values(
        BadUse{"no_command", "", 2, "--help"},
        BadUse{"unknown_option", "apply IN OUT --no", 2, "--no"},
        BadUse{"missing_output", "apply IN", 2, "OUT"},
        BadUse{"unknown_style", "apply IN OUT --style stary_night", 2, "starry_night"},
        BadUse{"unknown_pack", "apply IN OUT --pack liv", 2, "live"},
        BadUse{"style_and_mix", "apply IN OUT --style identity --mix identity=1", 2, "--mix"},
        BadUse{"bad_mix", "apply IN OUT --mix identity", 2, "identity"},
        BadUse{"bad_strength", "apply IN OUT --strength 2", 2, "--strength"},
        BadUse{"bad_range", "apply IN OUT --input-range 5", 2, "--input-range"},
        BadUse{"missing_input", "apply DIR/none.mp4 OUT", 3, "none.mp4"},
        BadUse{"no_video", "apply DIR/bad.mp4 OUT", 3, "bad.mp4"},
        BadUse{"missing_model", "apply IN OUT --model DIR/none.onnx", 4, "none.onnx"},
        BadUse{"bad_model", "apply IN OUT --model DIR/bad.onnx", 4, "bad.onnx"},
        BadUse{"bad_model_to_inspect", "inspect DIR/bad.onnx", 4, "bad.onnx"},
        BadUse{"unknown_device", "apply IN OUT --device nothing_like_this", 5, "nothing_like_this"},
        BadUse{"unknown_codec", "apply IN OUT --codec nothing_like_this", 2, "nothing_like_this"},
        BadUse{"missing_folder", "apply IN DIR/none/out.mp4", 6, "none"},
        BadUse{"bad_size", "bench --size 3by4", 2, "--size"}),
    [](const auto& test) { return test.param.name; });

TEST_F(Apply, DamagedInputGivesWhatCouldBeReadAndSaysSo) {
  const std::string whole = make_clip(folder_, "whole.mp4", 2);
  const std::string cut = folder_ / "cut.mp4";
  shell("ffmpeg -v error -i " + whole + " -c copy -movflags faststart " + cut);
  fs::resize_file(cut, fs::file_size(cut) / 2);
  const Result result = run("apply " + cut + " " + folder_ / "out.mp4" + " --height 32");
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.error, HasSubstr("cut.mp4"));
  const std::size_t frames = examine(folder_ / "out.mp4").frames.size();
  EXPECT_GT(frames, 5U);
  EXPECT_LT(frames, 45U);
}

TEST_F(Apply, InterruptedItFinishesTheFile) {
  const std::string clip = make_clip(folder_, "long.mp4", 60);
  const std::string out = folder_ / "out.mp4";
  const std::string status = shell("timeout -s INT 4 " IMPASTO_PROGRAM " apply " + clip + " " +
                                   out + " --height 64 --quiet; echo $?");
  // timeout itself exits with 124 when its time was up, else the program was faster.
  EXPECT_THAT(status, HasSubstr("124"));
  EXPECT_FALSE(examine(out).frames.empty());
  EXPECT_FALSE(fs::exists(folder_ / "out.partial.mp4"));
  const std::string kept = shell("timeout --preserve-status -s TERM 4 " IMPASTO_PROGRAM " apply " +
                                 clip + " " + out + " -y --height 64 --quiet; echo $?");
  EXPECT_THAT(kept, HasSubstr("143"));
}

TEST_F(Apply, AFullDiskKeepsWhatCouldBeWritten) {
  const std::string clip = make_clip(folder_, "long.mp4", 2);
  const std::string status = shell(
      "(ulimit -f 60; trap '' XFSZ; " IMPASTO_PROGRAM " apply " + clip + " " + folder_ / "out.mkv" +
      " --height 32 --codec ffv1 --quiet 2>" + folder_ / "log" + "; echo $?)");
  EXPECT_THAT(status, HasSubstr("6"));
  EXPECT_FALSE(fs::exists(folder_ / "out.mkv"));
  EXPECT_TRUE(fs::exists(folder_ / "out.partial.mkv"));
}

}  // namespace
}  // namespace impasto::app::test
