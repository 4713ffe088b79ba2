// What the odd clips are odd in, and streams beside the picture.
#include <gmock/gmock.h>
#include <sched.h>

#include <cstring>
#include <filesystem>
#include <thread>

#include "tests/video/report.h"
#include "tests/video/support.h"

namespace impasto::video::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

#define NEEDS_FOOTAGE(path) \
  if ((path).empty()) GTEST_SKIP() << "shared/footage is absent"

std::string first_line(const std::string& command) {
  const std::string text = shell(command);
  return text.substr(0, text.find('\n'));
}

/// One value of the first video stream or its first frame, as ffprobe says.
std::string probe(const std::string& file, const std::string& entry) {
  return first_line("ffprobe -v error -select_streams v:0 -read_intervals %+#1 -show_entries " +
                    entry + " -of default=noprint_wrappers=1:nokey=1 " + file);
}

/// Reads all of `input` and writes frames of the sink's format (gray where the source's differ).
Passed pass_converted(const SourceOptions& input, const SinkOptions& output) {
  const auto source = open_source(input);
  const auto sink = open_sink(output, *source);
  Passed passed;
  while (const auto frame = source->read()) {
    const FrameFormat wanted = sink->frame_format(frame->format);
    Frame written = *frame;
    if (wanted != frame->format) {
      const WritableFrame blank = allocate_frame(wanted);
      for (std::size_t i = 0; i < static_cast<std::size_t>(wanted.layout.plane_count); ++i) {
        std::memset(blank.planes[i], 128,
                    static_cast<std::size_t>(blank.frame.strides[i] *
                                             wanted.plane_height(static_cast<int>(i))));
      }
      written = blank.frame;
      written.pts = frame->pts;
      written.duration = frame->duration;
      written.properties = frame->properties;
    }
    sink->write(written);
    ++passed.frames;
  }
  passed.damaged = source->damaged();
  sink->finish(passed.damaged ? ExitCode::partial : ExitCode::ok);
  return passed;
}

TEST(Clips, ffprobe_finds_the_same_in_the_copy) {
  const std::pair<const char*, const char*> clips[] = {{"odd/hdr10_pq_bt2020.mp4", "mp4"},
                                                       {"odd/hdr10_pq_bt2020.mp4", "mkv"},
                                                       {"odd/anamorphic_sar.mp4", "mkv"},
                                                       {"odd/rotated90.mp4", "mov"},
                                                       {"odd/tenbit_h264.mp4", "mkv"}};
  for (const auto& [name, extension] : clips) {
    const std::string input = footage(name);
    NEEDS_FOOTAGE(input);
    const TemporaryFolder folder;
    const std::string output = folder / (std::string("out.") + extension);
    pass_file_through(input, output);
    for (const char* entry :
         {"stream=width,height,sample_aspect_ratio,pix_fmt,color_range,color_space,color_transfer,"
          "color_primaries,chroma_location",
          "stream_side_data=rotation",
          "stream_side_data=side_data_type,red_x,red_y,green_x,green_y,blue_x,blue_y,"
          "white_point_x,white_point_y,min_luminance,max_luminance,max_content,max_average",
          "frame_side_data=side_data_type,red_x,red_y,green_x,green_y,blue_x,blue_y,"
          "white_point_x,white_point_y,min_luminance,max_luminance,max_content,max_average"}) {
      const std::string command =
          "ffprobe -v error -select_streams v:0 -read_intervals %+#1 "
          "-show_entries " +
          std::string(entry) + " -of default=noprint_wrappers=1 ";
      EXPECT_EQ(shell(command + output + " | grep -v x264 | sort"),
                shell(command + input + " | grep -v x264 | sort"))
          << name << " to " << extension;
    }
  }
}

TEST(Clips, hdr_is_written_as_hevc_with_ten_bits) {
  const std::string input = footage("odd/hdr10_pq_bt2020.mp4");
  NEEDS_FOOTAGE(input);
  const TemporaryFolder folder;
  pass_file_through(input, folder / "out.mp4");
  EXPECT_EQ(probe(folder / "out.mp4", "stream=codec_name"), "hevc");
  EXPECT_EQ(probe(folder / "out.mp4", "stream=codec_tag_string"), "hvc1");
  EXPECT_EQ(probe(folder / "out.mp4", "stream=pix_fmt"), "yuv420p10le");
}

TEST(Clips, alpha_is_read_and_written) {
  const std::string input = footage("odd/alpha_vp9.webm");
  NEEDS_FOOTAGE(input);
  const auto source = open_source({.input = input});
  EXPECT_EQ(source->info().format.layout.name, "yuva420p");
  const TemporaryFolder folder;
  pass_file_through(input, folder / "out.webm");
  const Report before = examine(input, {.decoder = "libvpx-vp9"});
  const Report after = examine(folder / "out.webm", {.decoder = "libvpx-vp9"});
  EXPECT_EQ(after.frames.at(0).pixel_format, "yuva420p");
  EXPECT_EQ(after.times(), before.times());
  const auto copy = open_source({.input = folder / "out.webm"});
  double difference = 0;
  int count = 0;
  while (const auto is = copy->read()) {
    const auto was = source->read();
    ASSERT_TRUE(was);
    for (int y = 0; y < was->format.height; y += 3) {
      for (int x = 0; x < was->format.width; x += 3, ++count) {
        difference += std::abs(static_cast<double>(was->planes[3][was->strides[3] * y + x]) -
                               static_cast<double>(is->planes[3][is->strides[3] * y + x]));
      }
    }
  }
  EXPECT_LT(difference / count, 4);
}

TEST(Clips, a_frame_limit_ends_the_other_streams_too) {
  const std::string input = footage("mdn_friday.mp4");
  NEEDS_FOOTAGE(input);
  const TemporaryFolder folder;
  const std::string output = folder / "out.mp4";
  SinkOptions options{.output = output, .preset = "ultrafast"};
  const Passed passed =
      pass_through({.input = input, .frame_limit = 31, .copy_streams = true}, options);
  EXPECT_EQ(passed.frames, 31);
  const Report report = examine(output);
  ASSERT_EQ(report.frames.size(), 31U);
  const double end = report.frames.back().time + report.frames.back().duration;
  const std::vector<double>& sound = report.first("audio").packet_times;
  ASSERT_FALSE(sound.empty());
  EXPECT_LE(sound.back(), end);
  EXPECT_GT(sound.back(), end - 0.06);
  EXPECT_FALSE(passed.damaged);
}

/// Keeps this process on one processor: decoders then have one thread, and read no packet ahead.
class OneProcessor {
 public:
  OneProcessor() {
    sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(sched_getcpu()), &one);
    sched_setaffinity(0, sizeof one, &one);
  }
  ~OneProcessor() { sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_{};
};

// Its first packet of sound lies behind fifteen of the picture.
TEST(Clips, a_frame_limit_keeps_sound_that_lies_behind_the_picture) {
  const std::string input = footage("mdn_flower.mp4");
  NEEDS_FOOTAGE(input);
  const OneProcessor alone;
  const TemporaryFolder folder;
  const std::string output = folder / "out.mp4";
  pass_through({.input = input, .frame_limit = 4, .copy_streams = true},
               {.output = output, .preset = "ultrafast"});
  const Report report = examine(output);
  ASSERT_EQ(report.kinds(), (std::vector<std::string>{"video", "audio"}));
  const double end = report.frames.back().time + report.frames.back().duration;
  const std::vector<double>& sound = report.first("audio").packet_times;
  ASSERT_FALSE(sound.empty());
  EXPECT_LE(sound.back(), end);
  EXPECT_GT(sound.back(), end - 0.03);
}

TEST(Clips, a_new_size_in_the_middle_keeps_the_output_at_the_first) {
  const std::string input = footage("odd/resolution_change.ts");
  NEEDS_FOOTAGE(input);
  const auto source = open_source({.input = input});
  std::vector<std::string> sizes;
  double last = -1;
  while (const auto frame = source->read()) {
    const std::string size =
        std::to_string(frame->format.width) + "x" + std::to_string(frame->format.height);
    if (sizes.empty() || sizes.back() != size) sizes.push_back(size);
    const double time = static_cast<double>(frame->pts) * source->info().time_base.value();
    EXPECT_GT(time, last);
    EXPECT_TRUE(last < 0 || time - last < 0.1);
    last = time;
  }
  EXPECT_THAT(sizes, ElementsAre("320x180", "240x136"));
  const TemporaryFolder folder;
  const Passed passed =
      pass_converted({.input = input, .copy_streams = true}, {.output = folder / "out.mp4"});
  const Report report = examine(folder / "out.mp4");
  EXPECT_FALSE(passed.damaged);
  EXPECT_EQ(report.frames.size(), static_cast<std::size_t>(passed.frames));
  for (const FrameReport& frame : report.frames) EXPECT_EQ(frame.width, 320);
  EXPECT_THAT(report.kinds(), Contains("audio"));
}

// x264 writes its settings into the stream.
std::string settings_of_x264(const std::string& size, const SinkOptions& wishes = {}) {
  const TemporaryFolder folder;
  SinkOptions output = wishes;
  output.output = folder / "out.h264";
  pass_through({.input = "lavfi:testsrc2=size=" + size + ":rate=1:duration=1,format=yuv420p"},
               output);
  return shell("strings " + output.output + " | grep -o 'options: .*'") + " ";
}

TEST(Clips, x264_keeps_few_large_frames) {
  EXPECT_THAT(settings_of_x264("320x240"), HasSubstr(" rc_lookahead=10 "));
  const unsigned cores = std::thread::hardware_concurrency();
  const std::string large = settings_of_x264("2592x1472");
  EXPECT_THAT(large, HasSubstr(" rc_lookahead=3 "));
  if (cores <= 8) {  // x264 takes no more than so many for a picture of a size
    EXPECT_THAT(large, HasSubstr(" threads=" + std::to_string(cores) + " "));
  }
  EXPECT_THAT(
      settings_of_x264("2592x1472", {.encoder_options = {{"x264-params", "rc-lookahead=7"}}}),
      HasSubstr(" rc_lookahead=7 "));
}

TEST(Clips, frames_of_the_wrong_size_are_refused) {
  const std::string input = "lavfi:testsrc2=size=64x48:duration=1,format=yuv420p";
  const TemporaryFolder folder;
  const auto source = open_source({.input = input});
  const auto sink = open_sink({.output = folder / "out.mkv", .width = 32, .height = 24}, *source);
  EXPECT_EQ(sink->frame_format(source->info().format).width, 32);
  sink->write(*source->read());
  EXPECT_THROW(sink->write(*source->read()), Error);
}

/// A file whose header promises more than there is.
std::string cut(const TemporaryFolder& folder, const std::string& extension, double share) {
  const std::string whole = folder / ("whole." + extension);
  const std::string flags = extension == "mp4" ? "-movflags +faststart " : "";
  shell(
      "ffmpeg -v error -f lavfi -i testsrc2=size=128x96:rate=25:duration=4 -f lavfi -i "
      "sine=duration=4 -c:v libx264 -g 12 -pix_fmt yuv420p " +
      flags + whole);
  const std::string path = folder / ("cut." + extension);
  std::filesystem::copy_file(whole, path);
  std::filesystem::resize_file(
      path,
      static_cast<std::uintmax_t>(share * static_cast<double>(std::filesystem::file_size(whole))));
  std::filesystem::remove(whole);
  return path;
}

TEST(Damage, files_that_were_cut_off_give_what_they_hold) {
  for (const char* extension : {"mp4", "mkv", "avi"}) {
    for (const double share : {0.3, 0.6, 0.95}) {
      SCOPED_TRACE(std::string(extension) + " " + std::to_string(share));
      const TemporaryFolder folder;
      const std::string input = cut(folder, extension, share);
      const std::string output = folder / "out.mp4";
      SinkOptions options{.output = output, .preset = "ultrafast"};
      const Passed passed =
          pass_through({.input = input, .copy_streams = true}, options, ExitCode::partial);
      EXPECT_TRUE(passed.damaged);
      EXPECT_GT(passed.frames, 10);
      EXPECT_LT(passed.frames, 100);
      const Report report = examine(output);
      EXPECT_EQ(report.frames.size(), static_cast<std::size_t>(passed.frames));
      EXPECT_THAT(report.kinds(), ElementsAre("video", "audio"));
    }
  }
}

TEST(Damage, a_file_without_its_index_is_refused) {
  const TemporaryFolder folder;
  const std::string path = folder / "cut.mp4";
  shell("ffmpeg -v error -f lavfi -i testsrc2=size=64x48:duration=1 " + path);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  try {
    open_source({.input = path});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::input);
    EXPECT_THAT(error.what(), HasSubstr("cut.mp4"));
  }
}

TEST(Damage, a_hole_in_the_middle_is_skipped) {
  const TemporaryFolder folder;
  const std::string path = folder / "hole.ts";
  shell(
      "ffmpeg -v error -f lavfi -i testsrc2=size=128x96:rate=25:duration=4 -c:v libx264 -g 12 "
      "-pix_fmt yuv420p " +
      path);
  const auto size = std::filesystem::file_size(path);
  shell("dd if=/dev/urandom of=" + path +
        " bs=1 conv=notrunc status=none seek=" + std::to_string(size / 2) + " count=2000");
  const Passed passed = pass_through({.input = path}, {.output = folder / "out.mkv"});
  EXPECT_TRUE(passed.damaged);
  EXPECT_GT(passed.frames, 70);
}

TEST(Streams, subtitles_chapters_and_languages_stay) {
  const TemporaryFolder folder;
  const std::string words = folder / "words.srt";
  const std::string marks = folder / "marks.txt";
  shell("printf '1\\n00:00:00,100 --> 00:00:00,900\\nHello\\n' > " + words);
  shell(
      "printf ';FFMETADATA1\\ntitle=A title\\n[CHAPTER]\\nTIMEBASE=1/1000\\nSTART=0\\nEND=500\\n"
      "title=One\\n[CHAPTER]\\nTIMEBASE=1/1000\\nSTART=500\\nEND=1000\\ntitle=Two\\n' > " +
      marks);
  const std::string input = folder / "in.mkv";
  shell(
      "ffmpeg -v error -f lavfi -i testsrc2=size=64x48:duration=1 -f lavfi -i sine=duration=1 "
      "-f lavfi -i sine=300:duration=1 -i " +
      words + " -i " + marks +
      " -map 0 -map 1 -map 2 -map 3 -map_metadata 4 -metadata:s:a:0 language=deu "
      "-metadata:s:a:1 language=fra -metadata:s:s:0 language=eng -pix_fmt yuv420p " +
      input);
  const std::string output = folder / "out.mkv";
  pass_file_through(input, output);
  const Report before = examine(input);
  const Report after = examine(output);
  EXPECT_THAT(after.kinds(), ElementsAre("video", "audio", "audio", "subtitle"));
  EXPECT_EQ(after.chapters, before.chapters);
  EXPECT_EQ(after.chapters.size(), 2U);
  EXPECT_EQ(after.metadata.at("title"), "A title");
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_EQ(after.streams[i].metadata.at("language"), before.streams[i].metadata.at("language"));
    EXPECT_EQ(after.streams[i].packet_hash, before.streams[i].packet_hash);
  }
}

TEST(Streams, sound_that_the_container_cannot_hold_is_encoded_anew) {
  const TemporaryFolder folder;
  const std::string input = folder / "in.mp4";
  shell(
      "ffmpeg -v error -f lavfi -i testsrc2=size=64x48:duration=1 -f lavfi -i sine=duration=1 "
      "-pix_fmt yuv420p " +
      input);
  pass_file_through(input, folder / "out.webm");
  const Report report = examine(folder / "out.webm");
  EXPECT_EQ(report.first("audio").codec, "opus");
  EXPECT_NEAR(report.first("audio").packet_times.back(), 1, 0.06);
  EXPECT_EQ(report.frames.size(), 25U);
}

TEST(Streams, generated_pictures_have_no_end_but_the_limit) {
  const auto source = open_source({.input = "lavfi:testsrc2=size=64x48:rate=10", .frame_limit = 5});
  EXPECT_EQ(source->info().frame_count, 5);
  int count = 0;
  while (source->read()) ++count;
  EXPECT_EQ(count, 5);
}

TEST(Streams, a_cancelled_read_ends) {
  std::atomic<bool> cancel = false;
  const auto source = open_source({.input = "lavfi:testsrc2=size=64x48", .cancel = &cancel});
  ASSERT_TRUE(source->read());
  cancel = true;
  EXPECT_FALSE(source->read());
  EXPECT_FALSE(source->damaged());
}

}  // namespace
}  // namespace impasto::video::test
