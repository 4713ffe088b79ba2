// What a driver may report while a window is open: each failure is answered with new images, a new
// surface, or once a new device, and the picture is there again; or the program ends with one line.
#include <gtest/gtest.h>

#include "tests/live/display.h"

namespace impasto::test {
namespace {

struct Fault {
  const char* function;
  int call;
  const char* result;
  bool shared = false;  ///< the pictures' device is the window's
};
void PrintTo(const Fault& fault, std::ostream* out) {
  *out << fault.function << ":" << fault.call << ":" << fault.result
       << (fault.shared ? " shared" : "");
}

std::string environment(const Fault& fault) {
  return std::string("VK_ADD_LAYER_PATH=" IMPASTO_FAULT_LAYER
                     " VK_INSTANCE_LAYERS=VK_LAYER_IMPASTO_fault IMPASTO_FAULT=") +
         fault.function + ":" + std::to_string(fault.call) + ":" + fault.result +
         " IMPASTO_DEBUG=validate,sync,controls" + (fault.shared ? ",share" : "");
}

class WindowFaults : public ::testing::TestWithParam<Fault> {
 protected:
  /// The picture without a fault, made once.
  static void SetUpTestSuite() {
    if (expected_) return;
    video::test::shell("ffmpeg -v error -f lavfi -i testsrc2=size=320x180 -frames:v 1 " + still());
    LiveWindow window(*folder_ / "", arguments());
    expected_ = window.picture();
    window.finish();
  }
  static std::string still() { return *folder_ / "still.png"; }
  static std::string arguments() { return still() + " --height 180 --size 1000x640"; }
  void survive() {
    LiveWindow window(*folder_ / "", arguments(), environment(GetParam()));
    window.xdotool("sleep 1");
    // Something to draw again and again.
    const live::Box box = window.place("picture");
    for (int i = 0; i < 10; ++i) {
      window.xdotool("mousemove --window " + window.window() + " " + std::to_string(100 + 20 * i) +
                     " " + std::to_string(static_cast<int>(box.least.y) + 20));
    }
    EXPECT_EQ(largest_difference(window.picture(), expected_), 0);
    window.finish();
  }
  static inline const std::unique_ptr<video::test::TemporaryFolder> folder_ =
      std::make_unique<video::test::TemporaryFolder>();
  static inline Screen expected_;
};

TEST_P(WindowFaults, AreSurvived) {
  survive();
}
class LongWindowFaults : public WindowFaults {};
TEST_P(LongWindowFaults, AreSurvived) {
  survive();
}

constexpr const char* stale = "VK_ERROR_OUT_OF_DATE_KHR";
constexpr const char* surface = "VK_ERROR_SURFACE_LOST_KHR";
constexpr const char* lost = "VK_ERROR_DEVICE_LOST";

std::string name_of(const ::testing::TestParamInfo<Fault>& each) {
  return std::string(each.param.function) + std::to_string(each.index);
}

INSTANTIATE_TEST_SUITE_P(EachCall, WindowFaults,
                         ::testing::Values(Fault{"vkAcquireNextImageKHR", 3, stale},
                                           Fault{"vkQueuePresentKHR", 2, surface},
                                           Fault{"vkQueuePresentKHR", 4, lost},
                                           Fault{"vkQueueSubmit2", 5, lost, true}),
                         name_of);

INSTANTIATE_TEST_SUITE_P(
    EachCall, LongWindowFaults,
    ::testing::Values(
        Fault{"vkAcquireNextImageKHR", 1, stale}, Fault{"vkAcquireNextImageKHR", 1, surface},
        Fault{"vkAcquireNextImageKHR", 4, surface}, Fault{"vkAcquireNextImageKHR", 3, lost},
        Fault{"vkAcquireNextImageKHR", 3, "VK_SUBOPTIMAL_KHR"},
        Fault{"vkQueuePresentKHR", 1, stale}, Fault{"vkQueuePresentKHR", 3, stale},
        Fault{"vkQueuePresentKHR", 1, surface}, Fault{"vkQueuePresentKHR", 1, lost},
        Fault{"vkQueuePresentKHR", 3, "VK_SUBOPTIMAL_KHR"}, Fault{"vkCreateSwapchainKHR", 1, stale},
        Fault{"vkCreateSwapchainKHR", 1, surface}, Fault{"vkCreateSwapchainKHR", 1, lost},
        Fault{"vkGetPhysicalDeviceSurfaceCapabilitiesKHR", 2, surface},
        Fault{"vkQueueSubmit2", 1, lost}, Fault{"vkQueueSubmit2", 3, lost},
        Fault{"vkQueueSubmit2", 8, lost}, Fault{"vkWaitSemaphores", 2, lost},
        Fault{"vkWaitSemaphores", 6, lost}, Fault{"vkWaitSemaphores", 2, lost, true},
        Fault{"vkQueueSubmit2", 2, lost, true}, Fault{"vkQueueSubmit2", 9, lost, true},
        Fault{"vkQueuePresentKHR", 3, lost, true}, Fault{"vkAcquireNextImageKHR", 5, lost, true},
        Fault{"vkAllocateMemory", 6, "VK_ERROR_OUT_OF_DEVICE_MEMORY"},
        Fault{"vkCreateImage", 3, "VK_ERROR_OUT_OF_DEVICE_MEMORY"},
        Fault{"vkResetCommandPool", 4, "VK_ERROR_OUT_OF_DEVICE_MEMORY"}),
    name_of);

}  // namespace
}  // namespace impasto::test
