// The real window on a display: what its controls do to the picture, what becomes of it when it is
// resized, hidden, dropped on; under the validation layers, without a message.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "app/live/thumbnail_loader.h"
#include "app/looks/presets.h"
#include "tests/app/program.h"
#include "tests/live/display.h"

namespace impasto::test {
namespace {

namespace fs = std::filesystem;

class WindowTest : public ::testing::Test {
 protected:
  void SetUp() override {
    video::test::shell("ffmpeg -v error -f lavfi -i testsrc2=size=320x180 -frames:v 1 " + still);
    video::test::shell("ffmpeg -v error -f lavfi -i mandelbrot=size=320x180 -frames:v 1 " + other);
  }
  std::string path(const std::string& name) const { return folder / name; }

  const video::test::TemporaryFolder folder;
  const std::string still = folder / "still.png";
  const std::string other = folder / "other.png";
  /// No fades, so that what was chosen is there at once.
  const std::string arguments = still + " --height 180 --size 1000x640";
};

void write_settings(const std::string& folder, const std::string& json) {
  fs::create_directories(folder + "/config/impasto");
  std::ofstream(folder + "/config/impasto/live.json") << json;
}

Screen left_part(const Screen& screen, double share) {
  const int width = static_cast<int>(screen->width * share);
  std::vector<std::uint8_t> rgba;
  for (int y = 0; y < screen->height; ++y) {
    const auto* row = screen->rgba.data() + static_cast<std::size_t>(y) * screen->width * 4;
    rgba.insert(rgba.end(), row, row + static_cast<std::ptrdiff_t>(width) * 4);
  }
  return std::make_shared<const live::Bitmap>(width, screen->height, std::move(rgba));
}

TEST_F(WindowTest, ControlsChangeThePictureAndUndoBringsItBack) {
  write_settings(folder / "", R"({"fade_seconds": 0})");
  LiveWindow window(folder / "", arguments);
  const Screen first = window.picture();
  window.click("style great_wave");
  const Screen wave = window.picture_after(first);
  window.key("ctrl+z");
  EXPECT_TRUE(window.shows(first));
  window.key("ctrl+y");
  EXPECT_TRUE(window.shows(wave));
  // Control may be up again while the letter is still down.
  window.xdotool(
      "keydown --delay 0 ctrl keydown --delay 0 z keyup --delay 0 ctrl sleep 0.3 keyup z");
  EXPECT_TRUE(window.shows(first));

  // The divider: at its left the source, which B shows alone.
  window.key("d");
  const Screen divided = window.picture_after(first);
  window.xdotool("windowfocus --sync " + window.window() + " keydown b sleep 0.3");
  const Screen source = window.picture_after(divided);
  window.xdotool("keyup b");
  EXPECT_TRUE(window.shows(divided));
  EXPECT_EQ(largest_difference(left_part(divided, 0.45), left_part(source, 0.45)), 0);
  const live::Box divider = window.place("divider");
  const live::Box picture = window.place("picture");
  const float y = picture.least.y + 40;
  window.drag(divider.least.x + 4, y, picture.least.x + picture.width() * 0.8F, y);
  EXPECT_TRUE(LiveWindow::becomes([&] {
    return largest_difference(left_part(window.picture(), 0.75), left_part(source, 0.75)) == 0;
  }));
  window.key("d");
  EXPECT_TRUE(window.shows(first));

  // Gamma of a channel, by its bar.
  window.click("tab Tune");
  const live::Box bars = window.place("channels");
  const float x = bars.least.x + bars.width() * 0.3F;
  window.drag(x, bars.least.y + bars.height() * 0.4F, x, bars.least.y + 2);
  window.picture_after(first, 0.2);
  window.click("reset all");
  EXPECT_TRUE(window.shows(first));
  window.finish();
}

TEST_F(WindowTest, ARestingWindowTimesKernelsForTheNextOne) {
  LiveWindow window(folder / "", arguments + " --tune kept");
  const Screen first = window.picture();
  const auto kept = [] {
    for (const auto& entry :
         fs::directory_iterator(fs::path(LiveWindow::controls_file()).parent_path())) {
      if (entry.path().filename().string().starts_with("tuning-")) return true;
    }
    return false;
  };
  for (int i = 0; i < 1000 && !kept(); ++i) window.xdotool("sleep 0.1");
  EXPECT_TRUE(kept()) << window.log();
  EXPECT_EQ(largest_difference(window.picture(), first), 0);
  window.key("3");  // and it still answers
  window.picture_after(first);
  window.finish();
}

TEST_F(WindowTest, APresetGivesTheSamePixelsInTheWindowAndInApply) {
  write_settings(folder / "", R"({"fade_seconds": 0, "tab": "tune"})");
  std::string preset;
  {
    LiveWindow window(folder / "", arguments + " --style udnie");
    const Screen first = window.picture();
    const live::Box gain = window.place("gain");
    const float y = (gain.least.y + gain.most.y) / 2;
    window.drag(gain.least.x + gain.width() * 0.33F, y, gain.least.x + gain.width() * 0.6F, y);
    const Screen edited = window.picture_after(first, 0.2);
    window.key("p");  // saved under the style's name
    window.key("s");
    for (int i = 0; i < 200 && preset.empty(); ++i) {
      for (const auto& entry : fs::directory_iterator(folder / "")) {
        if (entry.path().filename().string().starts_with("impasto ")) preset = entry.path();
      }
      window.xdotool("sleep 0.1");
    }
    ASSERT_FALSE(preset.empty()) << window.log();
    // Another look, and back by the list of presets.
    window.click("tab Styles");
    window.key("3");
    window.picture_after(edited);
    window.click("tab Output");
    window.click("load preset");
    window.click("load preset/0");
    EXPECT_TRUE(window.shows(edited));
    window.finish();
  }
  const app::test::Result applied = app::test::run(
      "apply " + still + " " + path("applied.png") + " --tune off --height 180 --preset " +
          path("config/impasto/presets/udnie\\ 1.json"),
      "XDG_CACHE_HOME=" + path("cache"));
  ASSERT_EQ(applied.exit_code, 0) << applied.error;
  EXPECT_EQ(largest_difference(live::read_bitmap(preset), live::read_bitmap(path("applied.png"))),
            0);
}

TEST_F(WindowTest, WhatWasChosenIsThereAtTheNextStart) {
  write_settings(folder / "", R"({"fade_seconds": 0})");
  Screen last;
  {
    LiveWindow window(folder / "", arguments);
    const Screen first = window.picture();
    window.key("4");
    last = window.picture_after(first);
    window.click("tab Lab");
    window.place("watch");
    window.finish();
  }
  LiveWindow window(folder / "", arguments);
  window.place("watch");  // a control of the Lab
  EXPECT_EQ(largest_difference(window.picture(), last), 0);
  window.finish();
}

TEST_F(WindowTest, SurvivesSizesHidingAndTheWholeScreen) {
  LiveWindow window(folder / "", arguments);
  const Screen first = window.picture();
  const std::string id = window.window();
  window.xdotool("windowsize --sync " + id + " 800 600 sleep 1 windowsize " + id +
                 " 1 1 sleep 1 windowsize " + id + " 1000 640 sleep 1");
  EXPECT_EQ(largest_difference(window.picture(), first), 0);
  window.xdotool("windowminimize --sync " + id + " sleep 1 windowactivate --sync " + id +
                 " sleep 1");
  EXPECT_EQ(largest_difference(window.picture(), first), 0);
  window.key("f");
  window.picture_after(first, 0);
  EXPECT_EQ(window.screen()->width, 1400);
  EXPECT_EQ(window.screen()->height, 900);
  window.key("Escape");
  EXPECT_TRUE(window.shows(first));
  window.xdotool("windowsize " + id + " 2000 1500 sleep 1 windowsize " + id +
                 " 320 240 sleep 1 windowsize " + id + " 1000 640 sleep 1");
  EXPECT_EQ(largest_difference(window.picture(), first), 0);
  window.finish();
}

TEST_F(WindowTest, DroppedFilesAreOpenedOrRefusedInALine) {
  LiveWindow window(folder / "", arguments);
  const Screen first = window.picture();
  const auto drop = [&](const std::string& file) {
    video::test::shell(std::string(IMPASTO_DROP_FILES) + " " + window.window() + " " + file);
  };
  std::ofstream(path("bad.onnx")) << "no network";
  const Screen calm = window.screen();
  drop(path("bad.onnx"));
  window.xdotool("sleep 2");
  EXPECT_EQ(largest_difference(window.picture(), first), 0);
  EXPECT_NE(window.log().find("bad.onnx"), std::string::npos);
  EXPECT_NE(largest_difference(window.screen(), calm), 0);  // the status line
  drop(other);
  const Screen second = window.picture_after(first);
  std::ofstream(path("bad.mp4")) << "no video";
  drop(path("bad.mp4"));
  window.xdotool("sleep 2");
  EXPECT_EQ(largest_difference(window.picture(), second), 0);
  window.finish();
}

TEST(WindowStart, WithoutADisplayIsOneLine) {
  const app::test::Result result =
      app::test::run("live lavfi:testsrc2", "DISPLAY= WAYLAND_DISPLAY=");
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_TRUE(app::test::is_one_line(result.error)) << result.error;
  EXPECT_NE(result.error.find("DISPLAY"), std::string::npos) << result.error;
}

}  // namespace
}  // namespace impasto::test
