// Drivers that make machine code at the first dispatch of a kernel have made all of it when a
// stylizer is ready, so that the first frame waits for none.
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/stylizer.h"
#include "tests/stylizer/rgb_frames.h"
#include "tests/support/environment.h"
#include "tests/support/frame_samples.h"
#include "tests/video/support.h"

namespace impasto::test {
namespace {

using video::test::TemporaryFolder;

class FirstDispatch : public testing::Test {
 protected:
  void SetUp() override {
    if (!list_devices().front().translates_at_dispatch) GTEST_SKIP() << "the driver does not";
  }

  static std::unique_ptr<Stylizer> ready_stylizer() {
    auto result = std::make_unique<Stylizer>(
        net::Model::load(IMPASTO_SOURCE_DIR "/app/styles/live.onnx"), StylizerOptions{});
    result->prepare(rgb_format(), rgb_format());
    return result;
  }
  static std::vector<std::byte> styled_frame() {
    const std::unique_ptr<Stylizer> stylizer = ready_stylizer();
    stylizer->submit(rgb_frame(), rgb_format());
    return samples(*stylizer->receive());
  }
  // Drivers write in the background and are done when their instance goes.
  std::size_t kept_files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(driver_.path())) {
      count += entry.is_regular_file() && entry.path().filename() != "index";
    }
    return count;
  }

  TemporaryFolder own_;
  TemporaryFolder driver_;
  EnvironmentVariable own_cache_{"XDG_CACHE_HOME", own_.path()};
  EnvironmentVariable driver_cache_{"MESA_SHADER_CACHE_DIR", driver_.path()};
};

TEST_F(FirstDispatch, AStylizerThatIsReadyHasTheCodeOfEveryKernel) {
  const std::size_t pipelines = ready_stylizer()->stats().counters.pipelines;
  const std::size_t made = kept_files();
  EXPECT_GE(made, pipelines);
  styled_frame();
  EXPECT_EQ(kept_files(), made);
}

TEST_F(FirstDispatch, WhatItDispatchesChangesNoFrame) {
  const std::vector<std::byte> first = styled_frame();
  EXPECT_EQ(styled_frame(), first);  // the second time there was nothing to dispatch
}

TEST_F(FirstDispatch, KernelsSeenBeforeAreNotDispatched) {
  ready_stylizer();
  const std::uint64_t submits = ready_stylizer()->stats().counters.submits;
  std::filesystem::remove_all(own_.path());
  EXPECT_GT(ready_stylizer()->stats().counters.submits, submits);
}

}  // namespace
}  // namespace impasto::test
