// Every shared clip through `apply`: the picture changes, all that describes it does not.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "tests/app/program.h"
#include "tests/video/report.h"

namespace impasto::app::test {
namespace {

using video::test::examine;
using video::test::expect_same_description;
using video::test::footage;
using video::test::FrameReport;
using video::test::Report;
using video::test::TemporaryFolder;

constexpr std::size_t most_frames = 12;

struct Clip {
  std::string name;
  std::string extension = "mp4";
};

class Footage : public testing::TestWithParam<Clip> {};

TEST_P(Footage, KeepsTimesStreamsAndTags) {
  const std::string input = footage(GetParam().name);
  if (input.empty()) GTEST_SKIP() << "the shared footage is absent";
  const TemporaryFolder folder;
  const std::string output = folder / ("out." + GetParam().extension);
  const Result result = run("apply '" + input + "' " + output + " --height 32 --frames " +
                            std::to_string(most_frames) + " --quiet");
  ASSERT_EQ(result.exit_code, 0) << result.error;

  const Report before = examine(input);
  const Report after = examine(output);
  ASSERT_EQ(after.frames.size(), std::min(most_frames, before.frames.size()));
  for (std::size_t i = 0; i < after.frames.size(); ++i) {
    EXPECT_NEAR(after.frames[i].time, before.frames[i].time, 1e-9) << "frame " << i;
  }
  EXPECT_EQ(after.kinds(), before.kinds());
  EXPECT_EQ(after.rotation, before.rotation);
  const FrameReport& was = before.frames.front();
  const FrameReport& is = after.frames.front();
  expect_same_description(is, was);
}

INSTANTIATE_TEST_SUITE_P(
    Each, Footage,
    testing::Values(Clip{"imageio_cockatoo.mp4"}, Clip{"mdn_flower.mp4"}, Clip{"mdn_friday.mp4"},
                    Clip{"moviepy_big_buck_bunny_0_30.webm"}, Clip{"moviepy_chaplin.mp4"},
                    Clip{"opencv_vtest.avi"}, Clip{"odd/anamorphic_sar.mp4"},
                    Clip{"odd/hdr10_pq_bt2020.mp4"}, Clip{"odd/multiaudio.mkv", "mkv"},
                    Clip{"odd/noaudio.mp4"}, Clip{"odd/oddsize_321x181_444.mp4"},
                    Clip{"odd/oneframe.mp4"}, Clip{"odd/rotated90.mp4"},
                    Clip{"odd/subs_opus.mkv", "mkv"}, Clip{"odd/tenbit_h264.mp4"},
                    Clip{"odd/tiny_33x17.mp4"}, Clip{"odd/truncated.mp4"}, Clip{"odd/vfr.mp4"},
                    Clip{"odd/alpha_vp9.webm", "webm"}),
    [](const auto& test) {
      std::string name = test.param.name;
      std::replace_if(
          name.begin(), name.end(), [](char c) { return std::isalnum(c) == 0; }, '_');
      return name;
    });

TEST(FootageThatChangesSize, KeepsEveryFrameAtTheFirstSize) {
  const std::string input = footage("odd/resolution_change.ts");
  if (input.empty()) GTEST_SKIP() << "the shared footage is absent";
  const TemporaryFolder folder;
  const Result result = run("apply " + input + " " + folder / "out.mp4" + " --height 32 --quiet");
  ASSERT_EQ(result.exit_code, 0) << result.error;
  const Report before = examine(input);
  const Report after = examine(folder / "out.mp4");
  ASSERT_EQ(after.frames.size(), before.frames.size());
  EXPECT_NE(before.frames.back().width, before.frames.front().width);
  EXPECT_EQ(after.frames.back().width, before.frames.front().width);
}

}  // namespace
}  // namespace impasto::app::test
