// The window with a real V4L2 camera: the kernel's test driver "vivid" in a virtual machine (where
// video/camera.sh starts this) or on this machine. Needs root.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "engine/video/cameras.h"
#include "tests/live/display.h"
#include "tests/live/small_model.h"
#include "tests/video/report.h"

namespace impasto::test {
namespace {

class LongCameraWindow : public testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("IMPASTO_TEST_VIVID") == nullptr) {
      GTEST_SKIP() << "runs in a virtual machine only (tests/video/camera.sh)";
    }
    for (const video::VideoDevice& device : video::list_cameras()) {
      if (device.name == "vivid") camera_ = device.path;
    }
    ASSERT_FALSE(camera_.empty());
    write_small_model(model_);
    window_.emplace(folder_ / "",
                    "v4l2:" + camera_ + ",video_size=320x180 --size 640x480 --model " + model_,
                    "IMPASTO_DEBUG=controls");
    ASSERT_TRUE(moves()) << window_->log();
  }
  void tell_driver(const std::string& name) {
    std::ofstream("/sys/bus/platform/drivers/vivid/" + name) << "vivid.0" << std::flush;
  }
  /// The driver writes the time into its picture.
  bool moves() {
    const Screen before = window_->glimpse("picture");
    return window_->becomes(
        [&] { return largest_difference(window_->glimpse("picture"), before) > 30; });
  }
  bool warns() { return has_amber(window_->glimpse("status")); }
  static bool has_amber(const Screen& line) {
    int pixels = 0;
    for (std::size_t i = 0; i < line->rgba.size(); i += 4) {
      if (line->rgba[i] > 200 && line->rgba[i + 1] > 140 && line->rgba[i + 2] < 110) ++pixels;
    }
    return pixels > 20;
  }
  /// The finished recording; empty while there is none.
  std::string recording() const {
    for (const auto& file : std::filesystem::directory_iterator(folder_ / "")) {
      const std::string path = file.path();
      if (path.ends_with(".mp4") && path.find(".partial") == std::string::npos) return path;
    }
    return "";
  }

  video::test::TemporaryFolder folder_;
  std::string model_ = folder_ / "model.onnx";
  std::string camera_;
  std::optional<LiveWindow> window_;
};

TEST_F(LongCameraWindow, WarnsWhileTheCameraIsGoneAndGoesOn) {
  EXPECT_FALSE(warns());
  for (int round = 0; round < 2; ++round) {
    tell_driver("unbind");
    ASSERT_TRUE(window_->becomes([&] { return warns(); })) << window_->log();
    tell_driver("bind");
    ASSERT_TRUE(window_->becomes([&] { return !warns(); })) << window_->log();
    EXPECT_TRUE(moves());
  }
  window_->finish();
}

TEST_F(LongCameraWindow, RecordsAndIsACamera) {
  window_->key("r");
  window_->click("tab Output");
  for (int frame = 0; frame < 4; ++frame) ASSERT_TRUE(moves());
  window_->key("r");
  ASSERT_TRUE(window_->becomes([&] { return !recording().empty(); })) << window_->log();
  const video::test::Report report = video::test::examine(recording());
  EXPECT_GT(report.times().size(), 1U);

  std::string loopback;
  for (const video::VideoDevice& device : video::list_virtual_cameras()) {
    if (device.name != "vivid") loopback = device.path;
  }
  if (loopback.empty()) GTEST_SKIP() << "no v4l2loopback device";
  window_->click("virtual camera");
  const std::string picture = folder_ / "seen.png";
  EXPECT_TRUE(window_->becomes([&] {
    return std::system(("timeout 60 ffmpeg -v error -y -f v4l2 -i " + loopback + " -frames:v 1 " +
                        picture + " 2>/dev/null")
                           .c_str()) == 0;
  })) << window_->log();
  EXPECT_TRUE(std::filesystem::exists(picture));
  EXPECT_FALSE(warns()) << window_->log();
  window_->finish();
}

}  // namespace
}  // namespace impasto::test
