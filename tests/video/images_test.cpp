// Images and image sequences, in and out.
#include <gmock/gmock.h>

#include <cmath>
#include <fstream>

#include "tests/video/report.h"
#include "tests/video/support.h"

namespace impasto::video::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A picture of 33x17 as FFmpeg writes it.
std::string make_image(const TemporaryFolder& folder, const std::string& name,
                       const std::string& pixel_format) {
  const std::string path = folder / name;
  const std::string filter =
      "testsrc2=size=33x17,format=rgba,colorchannelmixer=aa=0.6,format=" + pixel_format;
  shell("ffmpeg -v error -f lavfi -i " + filter + " -frames:v 1 " + path);
  return path;
}

TEST(Images, lossless_kinds_keep_every_sample) {
  const std::pair<const char*, const char*> kinds[] = {
      {"png", "rgb24"},  {"png", "rgba"},     {"png", "rgb48be"}, {"png", "rgba64be"},
      {"tiff", "rgb24"}, {"tiff", "rgb48le"}, {"bmp", "bgr24"},   {"ppm", "rgb24"}};
  for (const auto& [extension, pixel_format] : kinds) {
    SCOPED_TRACE(std::string(extension) + " " + pixel_format);
    const TemporaryFolder folder;
    const std::string input = make_image(folder, std::string("in.") + extension, pixel_format);
    const std::string output = folder / (std::string("out.") + extension);
    const Passed passed = pass_through({.input = input}, {.output = output});
    EXPECT_EQ(passed.frames, 1);
    EXPECT_EQ(folder.names().size(), 2U);
    const Report before = examine(input, {.hash_frames = true});
    const Report after = examine(output, {.hash_frames = true});
    ASSERT_EQ(after.frames.size(), 1U);
    EXPECT_EQ(after.container, before.container);
    EXPECT_EQ(after.frames[0].pixel_format, before.frames[0].pixel_format);
    EXPECT_EQ(after.frames[0].hash, before.frames[0].hash);
  }
}

TEST(Images, jpeg_stays_near_and_keeps_its_kind) {
  for (const char* pixel_format : {"yuvj420p", "yuvj422p", "yuvj444p"}) {
    SCOPED_TRACE(pixel_format);
    const TemporaryFolder folder;
    const std::string input = make_image(folder, "in.jpg", pixel_format);
    const std::string output = folder / "out.jpg";
    pass_through({.input = input}, {.output = output});
    const Report before = examine(input);
    const Report after = examine(output);
    EXPECT_EQ(after.frames.at(0).pixel_format, pixel_format);
    EXPECT_EQ(after.frames[0].range, "pc");
    EXPECT_EQ(after.frames[0].width, before.frames[0].width);
    const auto first = open_source({.input = input})->read();
    const auto second = open_source({.input = output})->read();
    double difference = 0;
    for (int y = 0; y < 17; ++y) {
      for (int x = 0; x < 33; ++x) {
        difference += std::abs(static_cast<double>(first->planes[0][first->strides[0] * y + x]) -
                               static_cast<double>(second->planes[0][second->strides[0] * y + x]));
      }
    }
    EXPECT_LT(difference / (17 * 33), 2);
  }
}

// A style paints in colour: what has none gets it, at the same depth.
TEST(Images, gray_and_palettes_become_color) {
  const std::pair<const char*, const char*> kinds[] = {{"gray", "rgb24"},
                                                       {"ya8", "rgba"},
                                                       {"gray16be", "rgb48le"},
                                                       {"ya16be", "rgba64le"},
                                                       {"pal8", "rgba"}};
  for (const auto& [pixel_format, written] : kinds) {
    SCOPED_TRACE(pixel_format);
    const TemporaryFolder folder;
    const auto source = open_source({.input = make_image(folder, "in.png", pixel_format)});
    const auto sink = open_sink({.output = folder / "out.png"}, *source);
    EXPECT_EQ(sink->frame_format(source->info().format).layout.name, written);
    sink->finish(ExitCode::model);
    EXPECT_THAT(folder.names(), ElementsAre("in.png"));
  }
}

TEST(Images, one_picture_becomes_a_video_of_one_frame) {
  const TemporaryFolder folder;
  const auto source = open_source({.input = make_image(folder, "in.png", "rgb24")});
  EXPECT_TRUE(source->info().is_image);
  EXPECT_EQ(source->info().frame_count, 1);
  SinkOptions options{.output = folder / "out.mkv", .codec = "ffv1"};
  const auto sink = open_sink(options, *source);
  sink->write(allocate_frame(sink->frame_format(source->info().format)).frame);
  EXPECT_FALSE(source->read() && source->read());
  sink->finish(ExitCode::ok);
  EXPECT_EQ(examine(folder / "out.mkv").frames.size(), 1U);
}

TEST(Images, a_video_does_not_fit_one_picture) {
  const TemporaryFolder folder;
  const std::string input = "lavfi:testsrc2=size=32x16:duration=0.2";
  const auto source = open_source({.input = input});
  try {
    open_sink({.output = folder / "out.png"}, *source);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_THAT(error.what(), HasSubstr("frame%04d.png"));
  }
  EXPECT_THAT(folder.names(), IsEmpty());
  const auto first = open_source({.input = input, .frame_limit = 1});
  const auto sink = open_sink({.output = folder / "out.png"}, *first);
  sink->write(allocate_frame(sink->frame_format(first->info().format)).frame);
  sink->finish(ExitCode::ok);
  EXPECT_THAT(folder.names(), ElementsAre("out.png"));
}

void make_sequence(const TemporaryFolder& folder) {
  shell("ffmpeg -v error -f lavfi -i testsrc2=size=32x18 -frames:v 4 -start_number 7 " +
        (folder / "in%03d.png"));
}

TEST(Sequences, keep_their_numbers_and_samples) {
  const TemporaryFolder folder;
  make_sequence(folder);
  const SourceOptions input{.input = folder / "in%03d.png"};
  EXPECT_EQ(open_source(input)->info().first_number, 7);
  const Passed passed = pass_through(input, {.output = folder / "out%03d.png"});
  EXPECT_EQ(passed.frames, 4);
  EXPECT_THAT(folder.names(), ElementsAre("in007.png", "in008.png", "in009.png", "in010.png",
                                          "out007.png", "out008.png", "out009.png", "out010.png"));
  for (const char* number : {"007", "010"}) {
    const auto hash = [&](const std::string& stem) {
      return examine(folder / (stem + number + ".png"), {.hash_frames = true}).frames.at(0).hash;
    };
    EXPECT_EQ(hash("in"), hash("out")) << number;
  }
}

TEST(Sequences, become_videos) {
  const TemporaryFolder folder;
  make_sequence(folder);
  const auto source =
      open_source({.input = folder / "in%03d.png", .input_options = {{"framerate", "10"}}});
  const auto sink = open_sink({.output = folder / "out.mp4", .preset = "ultrafast"}, *source);
  while (const auto frame = source->read()) {
    Frame other = allocate_frame(sink->frame_format(frame->format)).frame;
    other.pts = frame->pts;
    other.duration = frame->duration;
    sink->write(other);
  }
  sink->finish(ExitCode::ok);
  EXPECT_THAT(examine(folder / "out.mp4").times(),
              testing::Pointwise(testing::DoubleNear(1e-6), {0.0, 0.1, 0.2, 0.3}));
}

TEST(Sequences, an_existing_file_of_the_output_is_not_touched) {
  const TemporaryFolder folder;
  make_sequence(folder);
  std::ofstream(folder / "out009.png") << "mine";
  const auto source = open_source({.input = folder / "in%03d.png"});
  try {
    open_sink({.output = folder / "out%03d.png"}, *source);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_THAT(error.what(), HasSubstr("out009.png exists"));
  }
  EXPECT_EQ(folder.names().size(), 5U);
  SinkOptions options{.output = folder / "out%03d.png", .overwrite = true};
  EXPECT_EQ(pass_through({.input = folder / "in%03d.png"}, options).frames, 4);
  EXPECT_EQ(examine(folder / "out009.png").frames.size(), 1U);
}

TEST(Sequences, without_a_file_are_refused) {
  const TemporaryFolder folder;
  try {
    open_source({.input = folder / "none%03d.png"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::input);
    EXPECT_THAT(error.what(), HasSubstr("no file matches"));
  }
}

}  // namespace
}  // namespace impasto::video::test
