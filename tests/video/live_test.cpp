// Live sources without a device: pace, loops, pauses, steps, seeks, drops.
#include "engine/video/live_source.h"

#include <gmock/gmock.h>

#include <cstdio>
#include <filesystem>

#include "engine/base/files.h"
#include "tests/video/live_support.h"
#include "tests/video/report.h"
#include "tests/video/support.h"

namespace impasto::video::test {
namespace {

using testing::HasSubstr;

class Live : public testing::Test {
 protected:
  /// Two seconds at 25 frames per second, or what `more` makes of it.
  std::string clip(const std::string& name, const std::string& more = "") {
    const std::string path = folder / name;
    shell("ffmpeg -v error -f lavfi -i testsrc2=size=64x48:rate=25:duration=2 " + more +
          " -c:v libx264 -preset ultrafast -g 12 -bf 2 " + path);
    return path;
  }
  LiveOptions by_hand(const std::string& input) {
    LiveOptions options;
    options.source.input = input;
    options.loop = false;
    options.now = hand;
    return options;
  }
  /// Plays on in small steps until `position` is shown.
  std::optional<LiveFrame> play_to(LiveSource& source, double position) {
    std::optional<LiveFrame> frame;
    becomes([&] {
      if (auto polled = source.poll()) frame = std::move(polled);
      if (frame && frame->position >= position - 1e-3) return true;
      hand.advance(5000);
      return false;
    });
    return frame;
  }

  TemporaryFolder folder;
  HandClock hand;
};

TEST_F(Live, shows_every_frame_of_a_file_at_its_own_time) {
  // Times 0, 5, 20, 45, ... ms: no two frames last equally long.
  const std::string path = clip("variable.mkv",
                                "-vf settb=1/1000,setpts=5*N*N -vsync vfr -enc_time_base 1/1000 "
                                "-frames:v 12");
  const std::vector<double> times = examine(path).times();
  ASSERT_EQ(times.size(), 12U);
  LiveSource source(by_hand(path));
  std::int64_t now = 0;
  for (const double time : times) {
    const std::int64_t due = std::llround(time * 1e6);
    if (due > now + 1000) {
      hand.advance(due - now - 1000);
      now = due - 1000;
      ASSERT_FALSE(source.poll()) << time;
    }
    hand.advance(due - now);
    now = due;
    const auto frame = next_frame(source);
    ASSERT_TRUE(frame) << time;
    EXPECT_NEAR(frame->position, time, 1e-6);
    EXPECT_EQ(frame->frame.pts, due);
    EXPECT_EQ(frame->captured, hand());
  }
  EXPECT_EQ(source.status().dropped, 0U);
  EXPECT_EQ(source.status().frames, 12U);
}

TEST_F(Live, says_what_plays) {
  LiveSource source(by_hand(clip("clip.mp4")));
  ASSERT_TRUE(next_frame(source));
  const LiveStatus status = source.status();
  EXPECT_EQ(status.state, LiveState::playing);
  EXPECT_EQ(status.description, "clip.mp4 64x48 25");
  EXPECT_EQ(status.message, "");
  EXPECT_NEAR(status.duration, 2.0, 1e-3);
  EXPECT_TRUE(status.seekable);
  EXPECT_FALSE(status.is_live || status.is_camera || status.is_image || status.looping);
  EXPECT_EQ(status.sound, SoundState::none);
}

TEST_F(Live, ends_and_plays_again) {
  LiveSource source(by_hand(clip("clip.mp4")));
  ASSERT_TRUE(play_to(source, 1.96));
  EXPECT_EQ(source.status().state, LiveState::playing) << "the last frame lasts too";
  hand.advance(40'000);
  EXPECT_TRUE(becomes([&] { return source.status().state == LiveState::ended; }));
  hand.advance(1'000'000);
  EXPECT_FALSE(source.poll());
  source.resume();
  const auto again = next_frame(source);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->position, 0.0);
  EXPECT_GE(again->frame.pts, 2'000'000) << "play time never goes back";
  EXPECT_EQ(source.status().state, LiveState::playing);
}

TEST_F(Live, loops_without_a_gap) {
  LiveOptions options = by_hand(clip("clip.mp4"));
  options.loop = true;
  LiveSource source(options);
  std::int64_t due = 0;
  for (int i = 0; i < 120; ++i) {  // two rounds and a part
    const auto frame = next_frame(source);
    ASSERT_TRUE(frame) << i;
    EXPECT_NEAR(frame->position, i % 50 / 25.0, 1e-5) << i;
    EXPECT_NEAR(static_cast<double>(frame->frame.pts), static_cast<double>(due), 2) << i;
    hand.advance(40'000);
    due += 40'000;
  }
  EXPECT_TRUE(source.status().looping);
  source.set_loop(false);
  EXPECT_TRUE(play_to(source, 1.96));
  hand.advance(40'000);
  EXPECT_TRUE(becomes([&] { return source.status().state == LiveState::ended; }));
  source.set_loop(true);
  EXPECT_TRUE(next_frame(source)) << "goes on where it stood";
}

TEST_F(Live, goes_on_from_the_play_time_of_the_source_before) {
  LiveOptions options = by_hand(clip("clip.mp4"));
  options.begin = 5'000'000;
  LiveSource source(options);
  EXPECT_EQ(source.play_time(), 5'000'000);
  for (int i = 0; i < 3; ++i) {
    const auto frame = next_frame(source);
    ASSERT_TRUE(frame);
    EXPECT_NEAR(frame->position, i / 25.0, 1e-5);
    EXPECT_EQ(frame->frame.pts, 5'000'000 + i * 40'000);
    hand.advance(40'000);
  }
  EXPECT_EQ(source.play_time(), 5'120'000);
}

TEST_F(Live, generated_pictures_loop_when_they_end) {
  LiveOptions options = by_hand("lavfi:testsrc2=size=64x48:rate=25:duration=0.2");
  options.loop = true;
  LiveSource source(options);
  for (int i = 0; i < 12; ++i) {
    const auto frame = next_frame(source);
    ASSERT_TRUE(frame) << i;
    EXPECT_NEAR(frame->position, i % 5 / 25.0, 1e-5) << i;
    hand.advance(40'000);
  }
}

TEST_F(Live, pauses_steps_and_resumes) {
  LiveSource source(by_hand(clip("clip.mp4")));
  ASSERT_TRUE(play_to(source, 0.4));
  source.pause();
  hand.advance(10'000'000);
  EXPECT_FALSE(source.poll());
  EXPECT_EQ(source.status().state, LiveState::paused);
  for (int i = 11; i < 20; ++i) {
    source.step();
    const auto frame = next_frame(source);
    ASSERT_TRUE(frame) << i;
    EXPECT_NEAR(frame->position, i / 25.0, 1e-5);
    EXPECT_FALSE(source.poll()) << "one frame only";
  }
  source.resume();
  EXPECT_FALSE(source.poll());
  hand.advance(40'000);
  const auto next = next_frame(source);
  ASSERT_TRUE(next);
  EXPECT_NEAR(next->position, 0.8, 1e-5);
  EXPECT_EQ(next->frame.pts, 800'000) << "a pause takes no play time";
}

TEST_F(Live, steps_back_to_the_frame_before) {
  // Times 0, 5, 20, 45, ... ms: no two frames last equally long.
  const std::string path = clip("uneven.mkv",
                                "-vf settb=1/1000,setpts=5*N*N -vsync vfr -enc_time_base 1/1000 "
                                "-frames:v 12");
  const std::vector<double> times = examine(path).times();
  LiveSource source(by_hand(path));
  ASSERT_TRUE(play_to(source, times[8]));
  for (std::size_t i = 8; i-- > 0;) {
    source.step_back();
    ASSERT_TRUE(frame_at(source, times[i])) << i;
    EXPECT_EQ(source.status().state, LiveState::paused);
    EXPECT_FALSE(source.poll()) << "one frame only";
  }
  source.step_back();
  EXPECT_TRUE(frame_at(source, 0)) << "the first one stays";
  source.step();
  EXPECT_TRUE(frame_at(source, times[1]));
}

TEST_F(Live, steps_to_the_last_frame_and_no_further) {
  LiveOptions options = by_hand(clip("clip.mp4"));
  options.play = false;
  LiveSource source(options);
  const auto first = next_frame(source);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->position, 0.0);
  for (int i = 1; i < 50; ++i) {
    source.step();
    const auto frame = next_frame(source);
    ASSERT_TRUE(frame) << i;
    EXPECT_NEAR(frame->position, i / 25.0, 1e-5);
  }
  source.step();
  EXPECT_FALSE(source.poll());
  EXPECT_NEAR(source.status().position, 1.96, 1e-5);
}

TEST_F(Live, seeks_to_the_frame_that_is_shown_then) {
  for (const char* name : {"clip.mp4", "clip.mkv", "clip.ts", "clip.mov", "clip.nut"}) {
    LiveSource source(by_hand(clip(name)));
    ASSERT_TRUE(next_frame(source)) << name;
    std::int64_t last = 0;
    for (const double target : {1.0, 0.5, 1.99, 0.0, 0.73, 1.21, 100.0, -5.0}) {
      source.seek(target);
      const double shown = std::floor(std::clamp(target, 0.0, 1.99) * 25 + 1e-9) / 25;
      const auto frame = frame_at(source, shown);
      ASSERT_TRUE(frame) << name << " " << target;
      EXPECT_NEAR(frame->position, shown, 2e-3) << name << " " << target;
      EXPECT_GT(frame->frame.pts, last) << name << " " << target;
      last = frame->frame.pts;
    }
  }
}

TEST_F(Live, sought_while_paused_shows_that_frame_and_stays) {
  LiveSource source(by_hand(clip("clip.mp4")));
  ASSERT_TRUE(next_frame(source));
  source.pause();
  source.seek(1.5);
  const auto frame = next_frame(source);
  ASSERT_TRUE(frame);
  EXPECT_NEAR(frame->position, 1.48, 1e-5);
  hand.advance(5'000'000);
  EXPECT_FALSE(source.poll());
  source.step();
  const auto next = next_frame(source);
  ASSERT_TRUE(next);
  EXPECT_NEAR(next->position, 1.52, 1e-5);
  source.resume();
  EXPECT_TRUE(play_to(source, 1.6));
}

TEST_F(Live, a_slow_consumer_gets_the_frame_of_the_moment) {
  LiveOptions options = by_hand("lavfi:testsrc2=size=64x48:rate=50");
  LiveSource source(options);
  ASSERT_TRUE(next_frame(source));
  std::int64_t now = 0;
  std::uint64_t polled = 1;
  for (int i = 0; i < 5; ++i) {
    // A second passes as it does on a machine: the reading thread sees it go by.
    for (int part = 0; part < 50; ++part) {
      hand.advance(20'000);
      now += 20'000;
      ASSERT_TRUE(becomes([&] {
        const LiveStatus status = source.status();
        return status.dropped + polled + 4 > static_cast<std::uint64_t>(now / 20'000) + 1;
      }));
    }
    const auto frame = frame_at(source, static_cast<double>(now) / 1e6);
    ASSERT_TRUE(frame);
    EXPECT_NEAR(frame->position, static_cast<double>(now) / 1e6, 0.021);
    polled = source.status().frames;
  }
  EXPECT_GT(source.status().dropped, 200U);
}

TEST_F(Live, still_pictures_are_shown_once_and_stay) {
  shell("ffmpeg -v error -f lavfi -i testsrc2=size=64x48 -frames:v 1 " + (folder / "still.png"));
  LiveOptions options = by_hand(folder / "still.png");
  options.loop = true;
  LiveSource source(options);
  ASSERT_TRUE(next_frame(source));
  hand.advance(10'000'000);
  EXPECT_FALSE(source.poll());
  const LiveStatus status = source.status();
  EXPECT_EQ(status.state, LiveState::playing);
  EXPECT_TRUE(status.is_image);
  EXPECT_EQ(status.description, "still.png 64x48");
}

TEST_F(Live, says_why_an_input_cannot_be_played) {
  LiveSource missing(by_hand(folder / "missing.mp4"));
  ASSERT_TRUE(becomes([&] { return missing.status().state == LiveState::failed; }));
  EXPECT_THAT(missing.status().message, HasSubstr("missing.mp4"));
  EXPECT_FALSE(missing.poll());
  missing.seek(1);
  missing.step();
  missing.resume();

  LiveSource camera(by_hand("v4l2:/dev/video999"));
  ASSERT_TRUE(becomes([&] { return camera.status().state == LiveState::waiting; }));
  EXPECT_EQ(camera.status().problem, LiveProblem::no_device);
  EXPECT_THAT(camera.status().message, HasSubstr("no camera /dev/video999"));
  EXPECT_TRUE(camera.status().is_camera);
}

TEST_F(Live, a_stream_that_does_not_wait_shows_its_newest_frame) {
  const std::string path = folder / "stream";
  shell("mkfifo " + path);
  LiveOptions options;
  options.source.input = "file://" + path;
  options.source.input_options = {{"probesize", "1000"}, {"fpsprobesize", "0"}};
  LiveSource source(options);
  Feed feed(path);
  const auto luma = [](const LiveFrame& frame) {
    return static_cast<int>(frame.frame.planes[0][0]);
  };
  const auto wait_for = [&](int number) {
    std::optional<LiveFrame> frame;
    EXPECT_TRUE(becomes([&] {
      if (auto polled = source.poll()) frame = std::move(polled);
      return frame && luma(*frame) == number;
    })) << number;
    return frame;
  };
  int number = 0;
  while (source.status().state == LiveState::opening && number < 100) {
    feed.send(number++);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const auto first = wait_for(number - 1);
  ASSERT_TRUE(first);
  EXPECT_TRUE(source.status().is_live);
  const LiveStatus before = source.status();
  for (int i = 0; i < 10; ++i) feed.send(number++);
  ASSERT_TRUE(becomes([&] { return source.status().dropped == before.dropped + 9; }));
  const auto newest = next_frame(source);
  ASSERT_TRUE(newest);
  EXPECT_EQ(luma(*newest), number - 1) << "older frames must not wait";
  EXPECT_GT(newest->frame.pts, first->frame.pts);
  EXPECT_FALSE(source.poll());

  source.pause();
  feed.send(number++);
  EXPECT_EQ(source.status().state, LiveState::paused);
  source.resume();
  feed.send(number++);
  EXPECT_TRUE(wait_for(number - 1)) << "a pause of a stream is skipped";
}

TEST_F(Live, shows_a_screen) {
  if (std::system("command -v Xvfb >/dev/null") != 0) GTEST_SKIP() << "there is no Xvfb";
  const std::string display = folder / "display";
  shell("Xvfb -displayfd 3 -screen 0 320x240x24 3>" + display + " >/dev/null 2>&1 & echo $! >" +
        (folder / "process"));
  std::string number;
  EXPECT_TRUE(becomes([&] {
    if (files::file_exists(display)) number = files::read_file(display, ExitCode::input);
    return number.ends_with('\n');
  }));
  number.pop_back();
  {
    LiveOptions options;
    options.source.input = "x11grab::" + number + ".0+10,20,framerate=20,video_size=160x120";
    LiveSource source(options);
    const auto first = next_frame(source);
    const auto second = next_frame(source);
    EXPECT_TRUE(first && second) << source.status().message;
    EXPECT_TRUE(second && second->frame.pts > first->frame.pts);
    EXPECT_TRUE(source.status().is_live);
    EXPECT_EQ(source.status().description, "screen 160x120 20");
  }
  shell("kill $(cat " + (folder / "process") + ")");
}

TEST_F(Live, closes_at_once_whatever_it_does) {
  // The last ones would keep a reading thread for good.
  for (const std::string& input :
       {clip("clip.mp4"), std::string("lavfi:testsrc2=size=64x48"),
        std::string("v4l2:/dev/video999"), std::string("tcp://127.0.0.1:9?listen=1")}) {
    LiveOptions options;
    options.source.input = input;
    LiveSource source(options);
    source.poll();
  }
}

}  // namespace
}  // namespace impasto::video::test
