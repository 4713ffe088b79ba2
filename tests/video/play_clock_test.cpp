#include "engine/video/play_clock.h"

#include <gtest/gtest.h>

#include "tests/video/live_support.h"

namespace impasto::video::test {
namespace {

class PlayClockTest : public testing::Test {
 protected:
  HandClock hand;
  PlayClock clock{hand};
};

TEST_F(PlayClockTest, stands_until_it_runs_and_has_something_to_show) {
  hand.advance(1000);
  EXPECT_EQ(clock.now(), 0);
  clock.run(true);
  hand.advance(1000);
  EXPECT_EQ(clock.now(), 0);
  clock.set_limit(PlayClock::unlimited);
  EXPECT_EQ(clock.now(), 0) << "time spent waiting must not count";
  hand.advance(1000);
  EXPECT_EQ(clock.now(), 1000);
  clock.run(false);
  hand.advance(1000);
  EXPECT_EQ(clock.now(), 1000);
  clock.run(true);
  hand.advance(500);
  EXPECT_EQ(clock.now(), 1500);
}

TEST_F(PlayClockTest, waits_at_the_limit_and_goes_on_without_a_jump) {
  clock.run(true);
  clock.set_limit(700);
  hand.advance(1000);
  EXPECT_EQ(clock.now(), 700);
  clock.set_limit(5000);
  EXPECT_EQ(clock.now(), 700);
  hand.advance(100);
  EXPECT_EQ(clock.now(), 800);
  EXPECT_EQ(clock.hold(), 800);
  hand.advance(100);
  EXPECT_EQ(clock.now(), 800);
  clock.set_limit(300);  // below the time that has come
  EXPECT_EQ(clock.now(), 800);
}

TEST_F(PlayClockTest, tells_other_moments_and_follows_the_sound) {
  clock.run(true);
  clock.set_limit(PlayClock::unlimited);
  hand.advance(10'000);
  const Instant now = hand();
  EXPECT_EQ(clock.at(now - std::chrono::microseconds(4000)), 6000);
  EXPECT_EQ(clock.at(now + std::chrono::microseconds(4000)), 14'000);
  clock.follow(800);
  EXPECT_EQ(clock.now(), 10'100);
  clock.follow(-800);
  EXPECT_EQ(clock.now(), 10'000);
  clock.advance_to(20'000);
  EXPECT_EQ(clock.now(), 20'000);
  clock.advance_to(5000);
  EXPECT_EQ(clock.now(), 20'000);
}

}  // namespace
}  // namespace impasto::video::test
