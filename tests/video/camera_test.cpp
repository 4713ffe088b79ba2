// A real V4L2 camera, where there is one: the kernel's own test driver "vivid" in a virtual machine
// (camera.sh starts this there) or on this machine. Unplugging and faults are done as a driver does
// them; everything here needs root.
#include <gmock/gmock.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "engine/base/error.h"
#include "engine/video/cameras.h"
#include "engine/video/pixel_formats.h"
#include "engine/video/recorder.h"
#include "engine/video/v4l2.h"
#include "engine/video/virtual_camera.h"
#include "tests/video/live_support.h"
#include "tests/video/support.h"

namespace impasto::video::test {
namespace {

using testing::HasSubstr;

/// The driver lists itself as a camera and as an output.
class LongCamera : public testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("IMPASTO_TEST_VIVID") == nullptr) {
      GTEST_SKIP() << "runs in a virtual machine only (tests/video/camera.sh)";
    }
    for (const VideoDevice& device : list_cameras()) {
      if (device.name == "vivid") camera = device;
    }
    for (const VideoDevice& device : list_virtual_cameras()) {
      if (device.name == "vivid") output = device;
    }
    ASSERT_FALSE(camera.path.empty() || output.path.empty());
  }
  static std::string driver_file(const std::string& name) {
    return "/sys/bus/platform/drivers/vivid/" + name;
  }
  static void tell_driver(const std::string& name) {
    std::ofstream(driver_file(name)) << "vivid.0" << std::flush;
  }
  std::string input(int width = 640, int height = 480) const {
    for (const CameraMode& mode : camera.modes) {
      if (mode.width == width && mode.height == height && mode.rate.value() >= 15) {
        return camera_input(camera.path, mode);
      }
    }
    return "";
  }

  VideoDevice camera;
  VideoDevice output;
  TemporaryFolder folder;
};

TEST_F(LongCamera, is_listed_with_its_modes) {
  EXPECT_EQ(camera.problem, LiveProblem::none) << camera.message;
  ASSERT_FALSE(camera.modes.empty());
  std::vector<std::string> sizes;
  for (const CameraMode& mode : camera.modes) {
    sizes.push_back(std::to_string(mode.width) + "x" + std::to_string(mode.height));
    EXPECT_FALSE(mode.format.empty());
  }
  EXPECT_THAT(sizes, testing::IsSupersetOf({"640x360", "1280x720", "1920x1080"}));
  const auto preferred = preferred_mode(camera);
  ASSERT_TRUE(preferred);
  EXPECT_LE(preferred->height, 720);
  EXPECT_GE(preferred->rate.value(), 24);
  EXPECT_EQ(default_camera(), camera_input(camera.path, preferred));
}

TEST_F(LongCamera, delivers_frames_of_the_size_asked_for) {
  LiveOptions options;
  options.source.input = "v4l2:" + camera.path + ",video_size=320x180,framerate=10";
  LiveSource source(options);
  std::int64_t last = -1;
  for (int i = 0; i < 5; ++i) {
    const auto frame = next_frame(source);
    ASSERT_TRUE(frame) << source.status().message;
    EXPECT_EQ(frame->frame.format.width, 320);
    EXPECT_EQ(frame->frame.format.height, 180);
    EXPECT_GT(frame->frame.pts, last);
    last = frame->frame.pts;
    EXPECT_LE(frame->captured, std::chrono::steady_clock::now());
  }
  const LiveStatus status = source.status();
  EXPECT_EQ(status.state, LiveState::playing);
  EXPECT_TRUE(status.is_camera && status.is_live);
  EXPECT_THAT(status.description, testing::StartsWith("camera 320x180"));
}

TEST_F(LongCamera, is_found_again_after_it_was_unplugged) {
  LiveOptions options;
  options.source.input = "v4l2:" + camera.path + ",video_size=320x180";
  LiveSource source(options);
  const auto before = next_frame(source);
  ASSERT_TRUE(before);
  tell_driver("unbind");
  ASSERT_TRUE(becomes([&] {
    source.poll();
    return source.status().state == LiveState::waiting;
  }));
  EXPECT_EQ(source.status().problem, LiveProblem::no_device);
  EXPECT_THAT(source.status().message, HasSubstr("no camera " + camera.path));
  tell_driver("bind");
  ASSERT_TRUE(becomes([&] { return std::filesystem::exists(camera.path); }));
  const auto back = std::chrono::steady_clock::now();
  const auto after = next_frame(source);
  ASSERT_TRUE(after) << source.status().message;
  const double waited =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - back).count();
  std::printf("a frame %.2f s after the camera was back\n", waited);
  EXPECT_GT(after->frame.pts, before->frame.pts);
  EXPECT_EQ(source.status().state, LiveState::playing);
  EXPECT_EQ(source.status().message, "");
}

TEST_F(LongCamera, says_when_another_program_has_it_and_waits) {
  std::optional<LiveSource> other;
  LiveOptions options;
  options.source.input = "v4l2:" + camera.path + ",video_size=320x180";
  other.emplace(options);
  ASSERT_TRUE(next_frame(*other));
  EXPECT_EQ(other->status().camera, camera.path);
  EXPECT_EQ(diagnose_camera(camera.path).problem, LiveProblem::busy);
  const auto problem_of = [&](const std::vector<VideoDevice>& cameras) {
    const auto found = std::find_if(cameras.begin(), cameras.end(),
                                    [&](const auto& device) { return device.path == camera.path; });
    return found == cameras.end() ? LiveProblem::no_device : found->problem;
  };
  EXPECT_EQ(problem_of(list_cameras()), LiveProblem::busy);
  EXPECT_EQ(problem_of(list_cameras(other->status().camera)), LiveProblem::none);
  LiveSource source(options);
  ASSERT_TRUE(becomes([&] { return source.status().state == LiveState::waiting; }));
  EXPECT_EQ(source.status().problem, LiveProblem::busy);
  EXPECT_THAT(source.status().message, HasSubstr("used by another program"));
  EXPECT_FALSE(default_camera()) << "a loopback device is no camera to begin with";
  other.reset();
  EXPECT_TRUE(next_frame(source));
}

TEST_F(LongCamera, says_when_the_user_may_not_open_it) {
  std::filesystem::permissions(camera.path, std::filesystem::perms::none);
  ASSERT_EQ(::seteuid(65534), 0);
  const CameraProblem problem = diagnose_camera(camera.path);
  const std::vector<VideoDevice> cameras = list_cameras();
  ASSERT_EQ(::seteuid(0), 0);
  EXPECT_EQ(problem.problem, LiveProblem::no_permission);
  EXPECT_THAT(problem.message, HasSubstr("usermod -aG video"));
  EXPECT_THAT(cameras, testing::Contains(testing::Field(&VideoDevice::path, camera.path)));
  std::filesystem::permissions(camera.path, std::filesystem::perms::owner_all);
}

TEST_F(LongCamera, frames_that_its_driver_drops_do_not_stop_it) {
  shell("v4l2-ctl -d " + camera.path + " -c percentage_of_dropped_buffers=30");
  LiveOptions options;
  options.source.input = "v4l2:" + camera.path + ",video_size=320x180";
  LiveSource source(options);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(next_frame(source)) << i;
  EXPECT_EQ(source.status().state, LiveState::playing);
  EXPECT_EQ(source.status().message, "");
  EXPECT_FALSE(source.status().damaged);
  shell("v4l2-ctl -d " + camera.path + " -c percentage_of_dropped_buffers=0");
}

TEST_F(LongCamera, closes_while_it_sends_nothing) {
  shell("v4l2-ctl -d " + camera.path + " -c percentage_of_dropped_buffers=100");
  {
    LiveOptions options;
    options.source.input = "v4l2:" + camera.path + ",video_size=320x180";
    LiveSource source(options);
    ASSERT_TRUE(becomes([&] {
      source.poll();
      return source.status().problem == LiveProblem::no_frames;
    }));
    EXPECT_THAT(source.status().message, HasSubstr("sends no pictures"));
    shell("v4l2-ctl -d " + camera.path + " -c percentage_of_dropped_buffers=0");
    EXPECT_TRUE(next_frame(source)) << "opened anew";
  }
}

TEST_F(LongCamera, a_device_that_takes_no_pictures_is_refused) {
  try {
    VirtualCamera sender(camera.path);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::output);
    EXPECT_THAT(error.what(), HasSubstr("takes no pictures"));
  }
}

/// A loopback device (v4l2loopback), where the machine has one.
TEST_F(LongCamera, a_loopback_device_shows_what_was_sent) {
  std::string loopback;
  for (const VideoDevice& device : list_virtual_cameras()) {
    if (device.name != "vivid") loopback = device.path;
  }
  if (loopback.empty()) GTEST_SKIP() << "no v4l2loopback device";
  FrameFormat format;
  format.width = 320;
  format.height = 180;
  format.layout = *find_layout("yuv420p");
  const WritableFrame gray = allocate_frame(format);
  for (int plane = 0; plane < 3; ++plane) {
    std::fill_n(gray.planes[plane], gray.frame.strides[plane] * format.plane_height(plane),
                std::byte{90});
  }
  VirtualCamera sender(loopback);
  sender.write(gray.frame);
  ASSERT_TRUE(becomes([&] { return sender.status().frames > 0; })) << sender.status().message;
  LiveOptions options;
  options.source.input = "v4l2:" + loopback;
  LiveSource source(options);
  std::optional<LiveFrame> frame;
  ASSERT_TRUE(becomes([&] {
    sender.write(gray.frame);
    return (frame = source.poll()).has_value();
  })) << source.status().message;
  EXPECT_EQ(frame->frame.format.width, 320);
  EXPECT_EQ(frame->frame.format.layout.name, "yuv420p");
  EXPECT_EQ(static_cast<int>(frame->frame.planes[0][0]), 90);
}

TEST_F(LongCamera, an_output_device_that_does_not_take_the_frames_says_so) {
  FrameFormat format;
  format.width = 320;
  format.height = 180;
  format.layout = *find_layout("yuv420p");
  VirtualCamera sender(output.path);
  const WritableFrame frame = allocate_frame(format);
  ASSERT_TRUE(becomes([&] {
    sender.write(frame.frame);
    return sender.status().frames > 0 || !sender.status().message.empty();
  }));
  if (sender.status().message.empty()) return;
  EXPECT_THAT(sender.status().message, HasSubstr("writing to " + output.path + " failed"));
}

TEST(VirtualCameras, say_what_to_do_where_there_is_none) {
  try {
    VirtualCamera sender("/dev/video999");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::output);
    EXPECT_THAT(error.what(), HasSubstr("no device /dev/video999"));
  }
  if (!list_virtual_cameras().empty()) return;
  try {
    VirtualCamera sender("");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("modprobe v4l2loopback"));
  }
}

TEST(Cameras, modes_are_chosen_and_named) {
  VideoDevice camera;
  camera.path = "/dev/video2";
  EXPECT_FALSE(preferred_mode(camera));
  camera.modes = {{"mjpeg", 1920, 1080, {30, 1}},  {"yuyv422", 1920, 1080, {5, 1}},
                  {"mjpeg", 1280, 720, {60, 1}},   {"mjpeg", 1280, 720, {30, 1}},
                  {"yuyv422", 1280, 720, {10, 1}}, {"yuyv422", 640, 480, {30, 1}},
                  {"mjpeg", 640, 480, {30, 1}}};
  EXPECT_EQ(preferred_mode(camera), camera.modes[3]);
  EXPECT_EQ(camera_input(camera.path, camera.modes[3]),
            "v4l2:/dev/video2,video_size=1280x720,framerate=30,input_format=mjpeg");
  EXPECT_EQ(camera_input(camera.path, std::nullopt), "v4l2:/dev/video2");
  camera.modes.erase(camera.modes.begin() + 2, camera.modes.begin() + 4);
  EXPECT_EQ(preferred_mode(camera), camera.modes[3]) << "smooth, then plain pixels";
  camera.modes = {{"mjpeg", 3840, 2160, {30, 1}}, {"mjpeg", 1920, 1080, {30000, 1001}}};
  EXPECT_EQ(preferred_mode(camera), camera.modes[1]) << "the smallest of those above 720 lines";
  EXPECT_EQ(camera_input(camera.path, camera.modes[1]),
            "v4l2:/dev/video2,video_size=1920x1080,framerate=30000/1001,input_format=mjpeg");
}

}  // namespace
}  // namespace impasto::video::test
