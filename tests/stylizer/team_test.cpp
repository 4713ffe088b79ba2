// Stylizers that take frames in turn: the same frames in the same order as from one.
#include "engine/stylizer_team.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "engine/base/error.h"
#include "tests/stylizer/rgb_frames.h"
#include "tests/support/frame_samples.h"

namespace impasto::test {
namespace {

net::Model live_model() {
  return net::Model::load(IMPASTO_SOURCE_DIR "/app/styles/live.onnx");
}

Look style_of(std::int64_t pts) {
  static const net::Model model = live_model();
  Look look = default_look(model.info());
  look.style.assign(look.style.size(), 0.0F);
  look.style[1 + static_cast<std::size_t>(pts) % (look.style.size() - 1)] = 1;
  return look;
}

class Team : public testing::Test {
 protected:
  void SetUp() override {
    if (*std::getenv("LP_NUM_THREADS") != '\0') GTEST_SKIP() << "LP_NUM_THREADS is set";
    if (!list_devices().front().obeys_thread_count) GTEST_SKIP() << "one stylizer is enough there";
  }

  // Until as many are ready, or have failed to be.
  static void wait_for(StylizerTeam& team, std::size_t size) {
    for (int i = 0; i < 3000 && team.size() < size; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      team.full();
    }
    ASSERT_EQ(team.size(), size);
  }
};

TEST_F(Team, GivesTheFramesOfOneStylizerInTheirOrder) {
  constexpr std::int64_t count = 9;
  std::vector<std::vector<std::byte>> alone;
  Stylizer stylizer(live_model(), {});
  for (std::int64_t pts = 0; pts < count; ++pts) {
    stylizer.set_look(style_of(pts));
    stylizer.submit(rgb_frame(pts), rgb_format());
    alone.push_back(samples(*stylizer.receive()));
  }

  StylizerTeam team(live_model(), {}, 3);
  team.prepare(rgb_format(), rgb_format());
  wait_for(team, 3);
  std::vector<std::int64_t> order;
  const auto take = [&] {
    const video::Frame frame = *team.receive();
    EXPECT_EQ(samples(frame), alone[static_cast<std::size_t>(frame.pts)]) << frame.pts;
    order.push_back(frame.pts);
  };
  for (std::int64_t pts = 0; pts < count; ++pts) {
    while (team.full()) take();
    team.set_look(style_of(pts));
    team.submit(rgb_frame(pts), rgb_format());
  }
  while (order.size() < count) take();
  EXPECT_THAT(order, testing::ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_FALSE(team.receive().has_value());
  EXPECT_EQ(team.stats().frames, static_cast<std::uint64_t>(count));
}

TEST_F(Team, FramesStayInOrderAsOthersJoin) {
  StylizerTeam team(live_model(), {}, 2);
  std::vector<std::int64_t> order;
  for (std::int64_t pts = 0; pts < 4; ++pts) {
    if (pts == 2) {
      team.prepare(rgb_format(), rgb_format());
      wait_for(team, 2);
    }
    team.submit(rgb_frame(pts), rgb_format());
  }
  while (const auto frame = team.receive()) order.push_back(frame->pts);
  EXPECT_THAT(order, testing::ElementsAre(0, 1, 2, 3));
}

TEST_F(Team, FormatsMayChangeBetweenFrames) {
  video::FrameFormat wide = rgb_format();
  StylizerTeam team(live_model(), {}, 2);
  team.prepare(rgb_format(), rgb_format());
  wait_for(team, 2);
  wide.width += 24;
  for (std::int64_t pts = 0; pts < 6; ++pts) {
    video::Frame frame = pts < 3 ? rgb_frame(pts) : video::allocate_frame(wide).frame;
    frame.pts = pts;
    team.submit(frame, frame.format);
  }
  for (std::int64_t pts = 0; pts < 6; ++pts) {
    const auto frame = team.receive();
    ASSERT_TRUE(frame.has_value());
    EXPECT_EQ(frame->pts, pts);
    EXPECT_EQ(frame->format.width, pts < 3 ? frame_width : wide.width);
  }
}

TEST_F(Team, IsOneWhereTheMemoryIsNotEnoughForAll) {
  StylizerTeam team(live_model(), {}, 1 << 24);
  team.prepare(rgb_format(), rgb_format());
  EXPECT_EQ(team.size(), 1U);
  team.submit(rgb_frame(5), rgb_format());
  EXPECT_EQ(team.receive()->pts, 5);
}

TEST_F(Team, AShareThatIsTooSmallIsRefused) {
  Stylizer stylizer(live_model(), {});
  stylizer.share_memory(1 << 24);
  EXPECT_THROW(stylizer.prepare(rgb_format(), rgb_format()), Error);
  stylizer.share_memory(1);
  EXPECT_NO_THROW(stylizer.prepare(rgb_format(), rgb_format()));
}

}  // namespace
}  // namespace impasto::test
