// What a driver may report while a window is open: each failure is answered with new images, a new
// surface, or once a new device, and the picture is there again; or the program ends with one line.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>

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

/// A still picture in a window that meets a fault.
class FaultyWindow : public ::testing::Test {
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
  static std::string counts() { return *folder_ / "counts"; }
  void survive(const Fault& fault) {
    std::filesystem::remove(counts());
    LiveWindow window(*folder_ / "", arguments(),
                      environment(fault) + " IMPASTO_FAULT_COUNTS=" + counts());
    window.xdotool("sleep 1");
    // Something to draw again and again.
    const live::Box box = window.place("picture");
    for (int i = 0; i < 10; ++i) {
      window.xdotool("mousemove --window " + window.window() + " " + std::to_string(100 + 20 * i) +
                     " " + std::to_string(static_cast<int>(box.least.y) + 20));
    }
    EXPECT_TRUE(window.shows(expected_)) << window.log();
    window.finish();
  }
  static inline const std::unique_ptr<video::test::TemporaryFolder> folder_ =
      std::make_unique<video::test::TemporaryFolder>();
  static inline Screen expected_;
};

class WindowFaults : public FaultyWindow, public ::testing::WithParamInterface<Fault> {};
TEST_P(WindowFaults, AreSurvived) {
  survive(GetParam());
}
class LongWindowFaults : public WindowFaults {};
TEST_P(LongWindowFaults, AreSurvived) {
  survive(GetParam());
}

constexpr const char* stale = "VK_ERROR_OUT_OF_DATE_KHR";
constexpr const char* surface = "VK_ERROR_SURFACE_LOST_KHR";
constexpr const char* lost = "VK_ERROR_DEVICE_LOST";

/// What the specification lets each function return of the three, the surface's queries included.
const std::map<const char*, std::vector<const char*>> failures = {
    {"vkAcquireNextImageKHR", {stale, surface, lost}},
    {"vkQueuePresentKHR", {stale, surface, lost}},
    {"vkCreateSwapchainKHR", {surface, lost}},
    {"vkGetPhysicalDeviceSurfaceCapabilitiesKHR", {surface}},
    {"vkQueueSubmit2", {lost}},
    {"vkWaitSemaphores", {lost}},
    {"vkGetSemaphoreCounterValue", {lost}},
    {"vkGetQueryPoolResults", {lost}},
    {"vkQueueWaitIdle", {lost}},
};

struct Count {
  int calls = 0;
  int faults = 0;
};
std::map<std::string, Count> read_counts(const std::string& path) {
  std::map<std::string, Count> counts;
  std::ifstream file(path);
  std::string name;
  Count count;
  while (file >> name >> count.calls >> count.faults) counts[name] = count;
  return counts;
}

/// The first calls, one in the middle of a run, and its last: of every function that may fail so.
class LongEveryWindowFault : public FaultyWindow {
 protected:
  void survive_all(bool shared) {
    survive({"none", 0, lost, shared});
    const auto calls = read_counts(counts());
    int injected = 0;
    for (const auto& [function, results] : failures) {
      const auto found = calls.find(function);
      if (found == calls.end()) continue;
      const int last = found->second.calls;
      for (const int call : std::set<int>{1, 2, (last + 1) / 2, last}) {
        for (const char* result : results) {
          const Fault fault{function, call, result, shared};
          SCOPED_TRACE(testing::PrintToString(fault));
          survive(fault);
          injected += read_counts(counts())[function].faults;
        }
      }
    }
    std::printf("%d faults\n", injected);
    // Runs are not equally long: what was the last call may not be reached again.
    EXPECT_GE(injected, 30);
  }
};
TEST_F(LongEveryWindowFault, IsSurvived) {
  survive_all(false);
}
TEST_F(LongEveryWindowFault, IsSurvivedOnOneDevice) {
  survive_all(true);
}

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
    Long, LongWindowFaults,
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
