// The sound of files: every sample of these clips tells the time it belongs to.
#include <gmock/gmock.h>

#include <cmath>
#include <mutex>

#include "engine/video/sound_track.h"
#include "tests/video/live_support.h"
#include "tests/video/support.h"

namespace impasto::video::test {
namespace {

/// The sample at a time is a quarter of it: 2.5 s sounds as 0.625.
constexpr double slope = 4.0;

class Sound : public testing::Test {
 protected:
  std::string clip(const std::string& name, int rate = 48000) {
    const std::string path = folder / name;
    const std::string codec = name.ends_with(".ts") ? "mp2" : "pcm_f32le";
    shell(
        "ffmpeg -v error -f lavfi -i testsrc2=size=64x48:rate=25:duration=3 -f lavfi -i "
        "'aevalsrc=t/4|t/4:s=" +
        std::to_string(rate) + ":d=3' -c:v libx264 -preset ultrafast -g 10 -c:a " + codec + " " +
        path);
    return path;
  }
  TemporaryFolder folder;
};

class Track : public Sound {
 protected:
  void start(const std::string& input, bool loop = false) {
    clock.run(true);
    clock.set_limit(PlayClock::unlimited);
    track.emplace(SourceOptions{.input = input}, clock, loop, 3'000'000);
    EXPECT_TRUE(becomes([&] { return track->ready(); }));
  }
  /// Plays for so long, and returns the file's time that is heard at the end; 0: silence.
  double play(double seconds) {
    float last = 0;
    for (int i = 0; i < std::lround(seconds * 100); ++i) {
      std::vector<float> samples(480 * sound_channels);
      EXPECT_TRUE(becomes([&] { return track->ready(480); }));
      track->pull(samples.data(), 480, hand());
      hand.advance(10'000);
      last = samples.back();
    }
    return last * slope;
  }
  HandClock hand;
  PlayClock clock{hand};
  std::optional<SoundTrack> track;
};

TEST_F(Track, is_in_time_after_pauses_seeks_and_steps) {
  start(clip("ramp.mkv"));
  EXPECT_NEAR(play(0.5), 0.5, 1e-3);
  clock.run(false);
  EXPECT_EQ(play(0.5), 0.0);
  clock.run(true);
  EXPECT_NEAR(play(0.5), 1.0, 1e-3);
  track->seek(2'000'000, clock.now());
  EXPECT_NEAR(play(0.25), 2.25, 1e-3);
  track->seek(250'000, clock.now());
  EXPECT_NEAR(play(0.25), 0.5, 1e-3);
  clock.run(false);  // a step
  EXPECT_EQ(play(0.01), 0.0);
  clock.advance_to(clock.now() + 40'000);
  clock.run(true);
  EXPECT_NEAR(play(0.2), 0.74, 1e-3);
  EXPECT_EQ(track->failure(), "");
}

TEST_F(Track, is_silent_after_the_end_and_loops_without_a_gap) {
  start(clip("ramp.mkv"));
  track->seek(2'500'000, 0);
  EXPECT_NEAR(play(0.4), 2.9, 1e-3);
  EXPECT_EQ(play(0.4), 0.0);
  track->set_loop(true);
  EXPECT_NEAR(play(0.4), 0.7, 1e-3) << "where it would be, had it looped all the time";
  EXPECT_NEAR(play(3.0), 0.7, 1e-3);
}

TEST_F(Track, other_rates_are_converted) {
  start(clip("ramp.mkv", 22050));
  EXPECT_NEAR(play(1.0), 1.0, 2e-3);
  track->seek(1'234'000, clock.now());
  EXPECT_NEAR(play(0.5), 1.734, 2e-3);
}

TEST_F(Track, the_clock_goes_after_a_device_that_is_fast) {
  start(clip("ramp.mkv"));
  std::vector<float> samples(480 * sound_channels);
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(becomes([&] { return track->ready(480); }));
    track->pull(samples.data(), 480, hand());
    hand.advance(9'900);  // a hundredth too fast
  }
  EXPECT_NEAR(samples.back() * slope, 2.0, 1e-3) << "nothing is left out";
  EXPECT_NEAR(static_cast<double>(clock.now()) / 1e6, 2.0, 5e-3) << "the picture follows";
}

TEST_F(Track, says_why_there_is_no_sound) {
  shell("ffmpeg -v error -f lavfi -i testsrc2=size=64x48:duration=0.2 " + (folder / "mute.mp4"));
  clock.run(true);
  track.emplace(SourceOptions{.input = folder / "mute.mp4"}, clock, false, 0);
  EXPECT_TRUE(becomes([&] { return !track->failure().empty(); }));
  EXPECT_THAT(track->failure(), testing::HasSubstr("no sound"));
  std::vector<float> samples(960, 1.0F);
  track->pull(samples.data(), 480, hand());
  EXPECT_THAT(samples, testing::Each(0.0F));
}

/// What a listener hears, as the file's time less the play time: the same as of the frames.
class Listener {
 public:
  void hear(const SoundBlock& block) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < block.count; i += 100) {
      const double time =
          static_cast<double>(block.time) / 1e6 + static_cast<double>(i) / sound_rate;
      offsets_.push_back(block.samples[i * sound_channels] * slope - time);
    }
    end_ = block.time;
  }
  std::vector<double> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(offsets_, {});
  }
  std::size_t heard() const {
    const std::lock_guard lock(mutex_);
    return offsets_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<double> offsets_;
  std::int64_t end_ = 0;
};

TEST_F(Sound, a_source_keeps_sound_and_picture_together) {
  Listener listener;
  LiveOptions options;
  options.source.input = clip("ramp.mkv");
  options.begin = 7'000'000;
  LiveSource source(options);
  source.set_sound_listener([&](const SoundBlock& block) { listener.hear(block); });
  const auto first = next_frame(source);
  ASSERT_TRUE(first);
  EXPECT_NE(source.status().sound, SoundState::none);
  const auto expect_together = [&](const char* when) {
    listener.take();
    std::optional<LiveFrame> frame;
    ASSERT_TRUE(becomes([&] {
      if (auto polled = source.poll()) frame = std::move(polled);
      return frame && listener.heard() > 20;
    })) << when;
    const double offset = frame->position - static_cast<double>(frame->frame.pts) / 1e6;
    for (const double heard : listener.take()) ASSERT_NEAR(heard, offset, 2e-3) << when;
  };
  expect_together("at the beginning");
  source.seek(1.0);
  ASSERT_TRUE(frame_at(source, 1.0));
  expect_together("after a seek");
  source.pause();
  source.step();
  ASSERT_TRUE(next_frame(source));
  source.resume();
  expect_together("after a pause and a step");
  source.set_volume(0);
  expect_together("muted");
  source.seek(2.9);
  ASSERT_TRUE(frame_at(source, 0.4)) << "in the next round";
  expect_together("after looping");
  source.set_sound_listener({});
}

TEST_F(Sound, a_source_without_a_device_plays_and_says_so_once) {
  ::setenv("SDL_AUDIODRIVER", "no_such_driver", 1);
  LiveOptions options;
  options.source.input = clip("ramp.mkv");
  LiveSource source(options);
  ASSERT_TRUE(next_frame(source));
  ASSERT_TRUE(becomes([&] { return source.status().sound == SoundState::silent; }));
  EXPECT_THAT(source.status().sound_message, testing::HasSubstr("no sound device"));
  EXPECT_EQ(source.status().message, "");
  std::atomic<std::size_t> heard = 0;
  source.set_sound_listener([&](const SoundBlock& block) { heard += block.count; });
  EXPECT_TRUE(becomes([&] { return heard > sound_rate / 10; }))
      << "a recorder gets it all the same";
  source.set_sound_listener({});
  ::unsetenv("SDL_AUDIODRIVER");
}

}  // namespace
}  // namespace impasto::video::test
