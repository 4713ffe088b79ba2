// Random use of the window: it stays alive, says nothing to the validation layers, and its memory
// stays flat.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <random>
#include <sstream>

#include "tests/live/display.h"

namespace impasto::test {
namespace {

double resident_megabytes(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/statm");
  double pages = 0;
  file >> pages >> pages;
  return pages * 4096 / 1e6;
}

/// Controls on the screen, without those that open other models, sizes or views of a layer (their
/// memory is another: four pictures of all channels) or write files.
std::vector<std::pair<std::string, live::Box>> harmless_controls() {
  std::ifstream file(LiveWindow::controls_file());
  std::vector<std::pair<std::string, live::Box>> controls;
  float x = 0, y = 0, width = 0, height = 0;
  std::string name;
  while (file >> x >> y >> width >> height && std::getline(file >> std::ws, name)) {
    const bool harmful = std::ranges::any_of(
        std::initializer_list<const char*>{"height", "pack", "model", "source", "camera", "record",
                                           "screenshot", "virtual camera", "preset", "folder",
                                           "watch"},
        [&](const char* word) { return name.find(word) != std::string::npos; });
    if (!harmful) controls.push_back({name, {{x, y}, {x + width, y + height}}});
  }
  return controls;
}

std::string random_step(const LiveWindow& window, std::mt19937& random) {
  const auto pick = [&](std::size_t count) { return static_cast<std::size_t>(random() % count); };
  const char* keys[] = {"1", "2",   "5",  "9", "0",      "Right",  "Left",  "d",
                        "m", "Tab", "F1", "b", "ctrl+z", "ctrl+y", "space", "period"};
  if (pick(4) == 0) return std::string("key ") + keys[pick(std::size(keys))] + " ";
  const auto controls = harmless_controls();
  if (controls.empty()) return "";
  const live::Box& box = controls[pick(controls.size())].second;
  const auto place = [&] {
    const auto within = [&](float least, float most) {
      return static_cast<int>(least) +
             static_cast<int>(pick(static_cast<std::size_t>(std::max(1.0F, most - least))));
    };
    return "mousemove --window " + window.window() + " " +
           std::to_string(within(box.least.x, box.most.x)) + " " +
           std::to_string(within(box.least.y, box.most.y)) + " sleep 0.03 ";
  };
  if (pick(5) == 0) return place() + "click " + (pick(2) ? "4 " : "5 ");
  if (pick(2) == 0) return place() + "click 1 ";
  return place() + "mousedown 1 sleep 0.03 " + place() + "mouseup 1 ";
}

void use_randomly(std::chrono::seconds time, bool measure_memory) {
  const video::test::TemporaryFolder folder;
  const std::string clip = folder / "clip.mp4";
  video::test::shell("ffmpeg -v error -f lavfi -i testsrc2=size=320x180:rate=25 -t 4 " + clip);
  LiveWindow window(folder / "", clip + " --height 96 --size 1000x640",
                    measure_memory ? "IMPASTO_DEBUG=controls" : "");
  std::mt19937 random(7);
  std::vector<double> memory;
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    std::string steps = "windowactivate --sync " + window.window() + " ";
    for (int i = 0; i < 10; ++i) steps += random_step(window, random);
    window.xdotool(steps);
    ASSERT_TRUE(window.process().running()) << window.log();
    memory.push_back(resident_megabytes(window.process().id()));
  }
  if (measure_memory) {
    // The first quarter fills caches: letters, kernels, views.
    const auto largest = [&](double from, double to) {
      const auto at = [&](double share) {
        return memory.begin() +
               static_cast<std::ptrdiff_t>(share * static_cast<double>(memory.size()));
      };
      return *std::max_element(at(from), at(to));
    };
    EXPECT_LT(largest(0.75, 1), largest(0.25, 0.5) * 1.03) << "megabytes";
  }
  window.finish();
}

TEST(WindowRandom, InputOfSomeSecondsLeavesItAlive) {
  use_randomly(std::chrono::seconds(12), false);
}

TEST(LongWindowRandom, InputOfTenMinutesLeavesItsMemoryFlat) {
  use_randomly(std::chrono::minutes(10), true);
}

}  // namespace
}  // namespace impasto::test
