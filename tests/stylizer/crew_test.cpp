// A device per core at each frame: the frames are those of one device, whatever else is asked for.
#include <gtest/gtest.h>

#include <cstdlib>

#include "engine/stylizer.h"
#include "tests/stylizer/rgb_frames.h"
#include "tests/support/environment.h"
#include "tests/support/frame_samples.h"

namespace impasto::test {
namespace {

net::Model live_model() {
  return net::Model::load(IMPASTO_SOURCE_DIR "/app/styles/live.onnx");
}

class StylizerCrew : public testing::Test {
 protected:
  void SetUp() override {
    if (*std::getenv("LP_NUM_THREADS") != '\0') GTEST_SKIP() << "LP_NUM_THREADS is set";
    if (!list_devices().front().imports_host_memory) GTEST_SKIP() << "the driver has no crew";
    if (session::crew_size() < 2) GTEST_SKIP() << "one core";
    StylizerOptions options;
    alone_.emplace(live_model(), options);
    options.crew = true;
    crew_.emplace(live_model(), options);
  }

  void expect_same_frames(int count, const video::FrameFormat& output) {
    for (int i = 0; i < count; ++i) {
      alone_->submit(rgb_frame(i), output);
      crew_->submit(rgb_frame(i), output);
      EXPECT_EQ(samples(*crew_->receive()), samples(*alone_->receive())) << i;
    }
  }

  std::optional<Stylizer> alone_;
  std::optional<Stylizer> crew_;
};

TEST_F(StylizerCrew, GivesTheFramesOfOneDevice) {
  expect_same_frames(2, rgb_format());
  crew_->await_crew();
  EXPECT_EQ(crew_->stats().devices_at_work, session::crew_size());
  EXPECT_EQ(alone_->stats().devices_at_work, 1U);
  expect_same_frames(5, rgb_format());
}

TEST_F(StylizerCrew, ASteadyRunAsksForSubmitsAlone) {
  crew_->prepare(rgb_format(), rgb_format());
  crew_->await_crew();
  expect_same_frames(3, rgb_format());
  const gpu::DeviceCounters before = crew_->stats().counters;
  expect_same_frames(4, rgb_format());
  const gpu::DeviceCounters after = crew_->stats().counters;
  EXPECT_EQ(after.recordings, before.recordings);
  EXPECT_EQ(after.allocations, before.allocations);
  EXPECT_EQ(after.pipelines, before.pipelines);
  EXPECT_EQ(after.submits, before.submits + 4);
}

TEST_F(StylizerCrew, GoesOnAloneWhereNoOtherDeviceOpens) {
  crew_->prepare(rgb_format(), rgb_format());
  const std::uint64_t first = crew_->stats().counters.pipelines;
  {
    const EnvironmentVariable no_driver("VK_DRIVER_FILES", "/nowhere.json");
    crew_->await_crew();
  }
  EXPECT_EQ(crew_->stats().devices_at_work, 1U);
  expect_same_frames(3, rgb_format());
  if (list_devices().front().translates_at_dispatch) {
    EXPECT_GT(crew_->stats().counters.pipelines, first);  // lean kernels no longer
  }
}

TEST_F(StylizerCrew, WorksAtAnotherFormatToo) {
  video::FrameFormat smaller = rgb_format();
  smaller.width -= 20;
  smaller.height -= 8;
  crew_->prepare(rgb_format(), rgb_format());
  crew_->await_crew();
  expect_same_frames(2, rgb_format());
  expect_same_frames(1, smaller);  // while they get ready
  crew_->await_crew();
  EXPECT_EQ(crew_->stats().devices_at_work, session::crew_size());
  expect_same_frames(2, smaller);
}

TEST_F(StylizerCrew, ShowsTheLayersOfOneDevice) {
  crew_->prepare(rgb_format(), rgb_format());
  crew_->await_crew();
  for (Stylizer* stylizer : {&*alone_, &*crew_}) stylizer->watch_layer(1, 16);
  std::optional<FeatureView> of_one;
  std::optional<FeatureView> of_crew;
  for (int i = 0; i < 3000 && (!of_one || !of_crew); ++i) {
    expect_same_frames(1, rgb_format());
    if (!of_one) of_one = alone_->take_features();
    if (!of_crew) of_crew = crew_->take_features();
  }
  ASSERT_TRUE(of_one && of_crew);
  EXPECT_EQ(of_one->before, of_crew->before);
  EXPECT_FALSE(of_crew->before.empty());
}

TEST_F(StylizerCrew, TimesEveryPass) {
  crew_->prepare(rgb_format(), rgb_format());
  crew_->await_crew();
  crew_->time_passes(true);
  expect_same_frames(2, rgb_format());
  const std::vector<session::PassTime> times = crew_->pass_times();
  ASSERT_EQ(times.size(), crew_->graph().passes.size());
  double sum = 0;
  for (const session::PassTime& time : times) sum += time.ms;
  EXPECT_GE(sum, crew_->network_ms() * 0.999);
  EXPECT_GT(crew_->network_ms(), 0);
}

}  // namespace
}  // namespace impasto::test
