// Recordings, judged by ffprobe and by decoding them again.
#include "engine/video/recorder.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <numbers>

#include "engine/base/files.h"
#include "engine/base/log.h"
#include "engine/video/pixel_formats.h"
#include "tests/video/live_support.h"
#include "tests/video/report.h"
#include "tests/video/support.h"

namespace impasto::video::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

Frame plain_frame(const char* layout, int width, int height, int value, std::int64_t pts) {
  FrameFormat format;
  format.width = width;
  format.height = height;
  format.layout = *find_layout(layout);
  if (format.layout.rgb) {
    format.color.matrix = Matrix::identity;
    format.color.range = Range::full;
  }
  const WritableFrame writable = allocate_frame(format);
  for (int i = 0; i < format.layout.plane_count; ++i) {
    const bool chroma = !format.layout.rgb && i > 0;
    std::memset(writable.planes[i], chroma ? 128 : value,
                static_cast<std::size_t>(writable.frame.strides[i] * format.plane_height(i)));
  }
  Frame frame = writable.frame;
  frame.pts = pts;
  frame.duration = 40'000;
  return frame;
}

class Recording : public testing::Test {
 protected:
  RecorderOptions options(const std::string& name, bool sound = false) {
    RecorderOptions result;
    result.sink.output = folder / name;
    result.sound = sound;
    return result;
  }
  /// As many frames as wait at most, so that none is left out.
  static void write(Recorder& recorder, const Frame& frame) {
    ASSERT_TRUE(becomes([&] {
      const RecorderStatus status = recorder.status();
      return written - status.frames < 8;
    }));
    recorder.write(frame);
    ++written;
  }
  static void complete(Recorder& recorder) {
    recorder.stop();
    ASSERT_TRUE(becomes([&] { return recorder.status().state != RecorderState::finishing; }));
    EXPECT_EQ(recorder.status().state, RecorderState::complete) << recorder.status().message;
    EXPECT_EQ(recorder.status().dropped, 0U);
  }
  void SetUp() override { written = 0; }

  TemporaryFolder folder;
  static inline std::uint64_t written = 0;
};

TEST_F(Recording, keeps_the_times_of_its_frames) {
  for (const char* name : {"out.mp4", "out.mkv", "out.webm", "out.mov"}) {
    written = 0;
    const std::int64_t times[] = {0, 40'000, 73'000, 500'000, 501'000, 1'250'000};
    Recorder recorder(options(name));
    for (const std::int64_t time : times) {
      write(recorder, plain_frame("yuv420p", 64, 48, 100, 7'000'000 + time));
    }
    recorder.write(plain_frame("yuv420p", 64, 48, 100, 7'000'000));  // goes back: left out
    EXPECT_THAT(folder.names(), testing::Not(testing::Contains(name)));
    complete(recorder);
    const Report report = examine(folder / name);
    EXPECT_THAT(report.kinds(), ElementsAre("video"));
    ASSERT_EQ(report.frames.size(), 6U) << name;
    for (int i = 0; i < 6; ++i) {
      EXPECT_NEAR(report.frames[i].time, static_cast<double>(times[i]) / 1e6, 6e-4) << name;
    }
    EXPECT_NEAR(report.duration, 1.29, 2e-3) << name;
    EXPECT_NEAR(recorder.status().seconds, 1.25, 1e-6);
  }
  EXPECT_THAT(folder.names(), UnorderedElementsAre("out.mkv", "out.mov", "out.mp4", "out.webm"));
}

/// Samples of the file's sound, from its time 0 on.
std::vector<float> decode_sound(const std::string& path) {
  const std::string raw = path + ".f32";
  shell("ffmpeg -v error -i " + path +
        " -map 0:a -af aresample=48000:async=1:first_pts=0 -ac 1 -f f32le -y " + raw);
  const std::string bytes = files::read_file(raw, ExitCode::input);
  std::vector<float> samples(bytes.size() / sizeof(float));
  std::memcpy(samples.data(), bytes.data(), samples.size() * sizeof(float));
  std::filesystem::remove(raw);
  return samples;
}

/// Seconds at which it first becomes loud.
double onset(const std::vector<float>& samples) {
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (std::abs(samples[i]) > 0.25F) return static_cast<double>(i) / sound_rate;
  }
  return -1;
}

/// A block of 10 ms: a tone from `loud_from` on, silence before.
void send_sound(Recorder& recorder, std::int64_t time, std::int64_t loud_from) {
  std::vector<float> samples(480 * sound_channels);
  for (int i = 0; i < 480 && time >= loud_from; ++i) {
    const float value =
        0.5F * static_cast<float>(std::sin(2 * std::numbers::pi * 1000 * i / sound_rate));
    samples[i * 2] = samples[i * 2 + 1] = value;
  }
  recorder.write_sound({time, samples.data(), 480});
}

TEST_F(Recording, sound_stays_with_the_picture) {
  for (const char* name : {"out.mp4", "out.mkv", "out.webm"}) {
    written = 0;
    Recorder recorder(options(name, true));
    // Sound comes first, as it does while the network still works on the first frame; a gap of
    // half a second follows; the tone begins a second after the first frame.
    for (std::int64_t time = 4'000'000; time < 5'200'000; time += 10'000) {
      send_sound(recorder, time, 6'000'000);
    }
    for (int i = 0; i < 50; ++i) {
      write(recorder, plain_frame("yuv420p", 64, 48, 16 + 4 * i, 5'000'000 + i * 40'000));
    }
    for (std::int64_t time = 5'700'000; time < 7'400'000; time += 10'000) {
      send_sound(recorder, time, 6'000'000);
    }
    complete(recorder);
    const Report report = examine(folder / name);
    EXPECT_THAT(report.kinds(), ElementsAre("video", "audio")) << name;
    const std::vector<float> samples = decode_sound(folder / name);
    EXPECT_NEAR(onset(samples), 1.0, 0.01) << name;
    EXPECT_NEAR(static_cast<double>(samples.size()) / sound_rate, 2.0, 0.06)
        << name << ": sound after the last frame is left out";
    EXPECT_NEAR(report.duration, 2.0, 0.06) << name;
  }
}

TEST_F(Recording, takes_frames_of_any_size_and_format) {
  std::atomic<int> lines = 0;
  log::set_writer([&](log::Level, const std::string&) { ++lines; });
  Recorder recorder(options("out.mp4"));
  write(recorder, plain_frame("rgba", 128, 72, 255, 0));
  write(recorder, plain_frame("yuv420p", 64, 64, 235, 40'000));  // square: black beside it
  write(recorder, plain_frame("nv12", 256, 144, 16, 80'000));
  complete(recorder);
  log::set_writer({});
  EXPECT_EQ(lines, 0) << "alpha that no screen shows is not worth a word";
  const Report report = examine(folder / "out.mp4");
  ASSERT_EQ(report.frames.size(), 3U);
  for (const FrameReport& frame : report.frames) {
    EXPECT_EQ(frame.width, 128);
    EXPECT_EQ(frame.height, 72);
    EXPECT_EQ(frame.pixel_format, "yuv420p");
  }
  const auto source = open_source({.input = folder / "out.mp4"});
  const auto luma = [](const Frame& frame, int x) {
    return static_cast<int>(frame.planes[0][36 * frame.strides[0] + x]);
  };
  const auto white = source->read();
  EXPECT_NEAR(luma(*white, 4), 235, 3);
  const auto square = source->read();
  EXPECT_NEAR(luma(*square, 4), 16, 3);
  EXPECT_NEAR(luma(*square, 64), 235, 3);
  const auto black = source->read();
  EXPECT_NEAR(luma(*black, 64), 16, 3);
}

TEST_F(Recording, refuses_what_cannot_work_before_it_begins) {
  const auto expect_refused = [&](const RecorderOptions& wrong, ExitCode code,
                                  const std::string& words) {
    try {
      Recorder recorder(wrong);
      FAIL() << words;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
      EXPECT_THAT(error.what(), HasSubstr(words));
    }
  };
  shell("touch " + (folder / "there.mp4"));
  expect_refused(options("there.mp4"), ExitCode::usage, "there.mp4 exists");
  expect_refused(options("no_folder/out.mp4"), ExitCode::output, "no folder");
  expect_refused(options("out.png"), ExitCode::usage, "no video file");
  expect_refused(options("out.nonsense"), ExitCode::usage, "out.nonsense");
  RecorderOptions codec = options("out.mp4");
  codec.sink.codec = "no_such_codec";
  expect_refused(codec, ExitCode::usage, "no_such_codec");
  EXPECT_THAT(folder.names(), ElementsAre("there.mp4"));
}

TEST_F(Recording, says_what_failed_later) {
  Recorder nothing(options("nothing.mp4"));
  nothing.stop();
  ASSERT_TRUE(becomes([&] { return nothing.status().state == RecorderState::failed; }));
  EXPECT_THAT(nothing.status().message, HasSubstr("no picture came"));

  RecorderOptions wrong = options("wrong.mp4");
  wrong.sink.encoder_options = {{"no_such_option", "1"}};
  Recorder recorder(wrong);
  recorder.write(plain_frame("yuv420p", 64, 48, 100, 0));
  ASSERT_TRUE(becomes([&] { return recorder.status().state == RecorderState::failed; }));
  EXPECT_THAT(recorder.status().message, HasSubstr("no_such_option"));
  recorder.write(plain_frame("yuv420p", 64, 48, 100, 40'000));
  EXPECT_THAT(folder.names(), ElementsAre());
}

TEST_F(Recording, of_a_file_that_is_played_has_its_sound_in_sync) {
  // White for the second second, a tone for as long.
  const std::string clip = folder / "clip.mp4";
  shell(
      "ffmpeg -v error -f lavfi -i \"color=black:size=64x48:rate=25:duration=3,"
      "geq=lum='16+219*between(T,1,1.999)':cb=128:cr=128\" -f lavfi -i "
      "\"aevalsrc='0.5*sin(2*PI*1000*t)*between(t,1,2)':s=44100:d=3\" -c:v libx264 -preset "
      "ultrafast -c:a aac " +
      clip);
  LiveOptions live;
  live.source.input = clip;
  live.loop = false;
  LiveSource source(live);
  ASSERT_TRUE(next_frame(source));
  source.seek(0.5);
  Recorder recorder(options("out.mkv", true));
  source.set_sound_listener([&](const SoundBlock& block) { recorder.write_sound(block); });
  ASSERT_TRUE(becomes([&] {
    if (const auto frame = source.poll()) recorder.write(frame->frame);
    return source.status().state == LiveState::ended;
  }));
  source.set_sound_listener({});
  recorder.stop();
  ASSERT_TRUE(becomes([&] { return recorder.status().state == RecorderState::complete; }));
  const auto recorded = open_source({.input = folder / "out.mkv"});
  double white = -1;
  while (const auto frame = recorded->read()) {
    const double time = static_cast<double>(frame->pts) * recorded->info().time_base.value();
    if (white < 0 && static_cast<int>(frame->planes[0][0]) > 128) white = time;
  }
  EXPECT_GT(white, 0);
  // A frame that this machine was too busy to poll may be missing before it.
  EXPECT_NEAR(onset(decode_sound(folder / "out.mkv")), white, 0.1);
}

TEST_F(Recording, pictures_of_single_frames) {
  const Frame frame = plain_frame("rgb24", 33, 17, 200, 0);
  SinkOptions png;
  png.output = folder / "shot.png";
  save_picture(frame, png);
  const auto source = open_source({.input = png.output});
  EXPECT_EQ(source->info().format.width, 33);
  EXPECT_EQ(source->info().format.height, 17);
  EXPECT_EQ(static_cast<int>(source->read()->planes[0][0]), 200);
  EXPECT_THROW(save_picture(frame, png), Error) << "it exists";
  png.overwrite = true;
  save_picture(plain_frame("yuv420p", 64, 48, 235, 0), png);
  const auto white = open_source({.input = png.output});
  EXPECT_NEAR(static_cast<int>(white->read()->planes[0][0]), 255, 2);
  png.output = folder / "shot.mp4";
  EXPECT_THROW(save_picture(frame, png), Error);
  EXPECT_THAT(folder.names(), ElementsAre("shot.png"));
}

}  // namespace
}  // namespace impasto::video::test
