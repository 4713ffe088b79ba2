// Frames written unchanged: count, times, streams, tags of the output against those of the input.
#include <gmock/gmock.h>

#include <algorithm>
#include <cctype>

#include "tests/video/report.h"
#include "tests/video/support.h"

namespace impasto::video::test {
namespace {

using testing::Pointwise;

struct Clip {
  const char* name;
  const char* extension;
  double time_unit;  ///< seconds that the output's container tells apart, when not the input's
};
void PrintTo(const Clip& clip, std::ostream* stream) {
  *stream << clip.name << " to " << clip.extension;
}

class PassThrough : public testing::TestWithParam<Clip> {};

MATCHER_P(SecondsNear, tolerance, "") {
  return std::abs(std::get<0>(arg) - std::get<1>(arg)) <= tolerance;
}

TEST_P(PassThrough, KeepsCountTimesStreamsAndTags) {
  const std::string input = footage(GetParam().name);
  if (input.empty()) GTEST_SKIP() << "shared/footage is absent";
  const TemporaryFolder folder;
  const std::string output = folder / (std::string("out.") + GetParam().extension);
  const Passed passed = pass_file_through(input, output);
  EXPECT_FALSE(passed.damaged);
  EXPECT_EQ(folder.names().size(), 1U) << "the temporary file is left";

  const Report before = examine(input);
  const Report after = examine(output);
  EXPECT_EQ(static_cast<std::int64_t>(after.frames.size()), passed.frames);
  EXPECT_EQ(after.frames.size(), before.frames.size());
  EXPECT_THAT(after.times(), Pointwise(SecondsNear(GetParam().time_unit), before.times()));
  EXPECT_EQ(after.kinds(), before.kinds());
  EXPECT_EQ(after.rotation, before.rotation);
  // FFmpeg's reader takes a late start off the last frame's duration again; transport streams have
  // no durations.
  if (std::string(GetParam().extension) != "ts") {
    EXPECT_NEAR(after.frames.back().time + after.frames.back().duration,
                before.frames.back().time + before.frames.back().duration,
                std::max(0.0011, GetParam().time_unit) + before.frames.front().time);
  }

  const FrameReport& was = before.frames.front();
  const FrameReport& is = after.frames.front();
  expect_same_description(is, was);
  if (was.chroma != "unspecified") {
    EXPECT_EQ(is.chroma, was.chroma);
  }

  for (std::size_t i = 0; i < before.streams.size(); ++i) {
    const StreamReport& source = before.streams[i];
    const StreamReport& copy = after.streams[i];
    SCOPED_TRACE("stream " + std::to_string(i));
    if (source.metadata.contains("language") && source.metadata.at("language") != "und") {
      EXPECT_EQ(copy.metadata.at("language"), source.metadata.at("language"));
    }
    if (source.kind == "video") continue;
    EXPECT_EQ(copy.codec, source.codec);
    EXPECT_EQ(copy.disposition, source.disposition);
    EXPECT_EQ(copy.packet_hash, source.packet_hash);
    EXPECT_THAT(copy.packet_times, Pointwise(SecondsNear(0.0006), source.packet_times));
  }
}

std::string test_name(const testing::TestParamInfo<Clip>& info) {
  std::string name = std::string(info.param.name) + "_to_" + info.param.extension;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

constexpr double exact = 1e-9;

INSTANTIATE_TEST_SUITE_P(
    Footage, PassThrough,
    testing::Values(
        Clip{"imageio_cockatoo.mp4", "mp4", exact}, Clip{"mdn_flower.mp4", "mp4", exact},
        Clip{"mdn_friday.mp4", "mp4", exact},
        Clip{"moviepy_big_buck_bunny_0_30.webm", "mp4", exact},
        Clip{"moviepy_chaplin.mp4", "mp4", exact}, Clip{"opencv_vtest.avi", "mp4", exact},
        Clip{"odd/anamorphic_sar.mp4", "mp4", exact}, Clip{"odd/hdr10_pq_bt2020.mp4", "mp4", exact},
        Clip{"odd/multiaudio.mkv", "mkv", exact}, Clip{"odd/noaudio.mp4", "mp4", exact},
        Clip{"odd/oddsize_321x181_444.mp4", "mp4", exact}, Clip{"odd/oneframe.mp4", "mp4", exact},
        Clip{"odd/rotated90.mp4", "mp4", exact}, Clip{"odd/subs_opus.mkv", "mkv", exact},
        Clip{"odd/tenbit_h264.mp4", "mp4", exact}, Clip{"odd/tiny_33x17.mp4", "mp4", exact},
        Clip{"odd/truncated.mp4", "mp4", exact}, Clip{"odd/vfr.mp4", "mp4", exact},
        Clip{"odd/vfr.mp4", "mov", exact}, Clip{"odd/noaudio.mp4", "ts", exact}),
    test_name);

}  // namespace
}  // namespace impasto::video::test
