// Every control of the panel, through the mouse and the keys.
#include <GLFW/glfw3.h>
#include <gmock/gmock.h>

#include <numeric>

#include "app/live/status.h"
#include "app/looks/mixer.h"
#include "tests/live/rig.h"

namespace impasto::test {
namespace {

using live::Tab;
using testing::HasSubstr;

std::size_t shown_style(const live::State& state) {
  return *live::leading_style(live::chosen_look(state));
}

TEST_F(Panel, AThumbnailChoosesItsStyle) {
  click("style great_wave");
  EXPECT_EQ(shown_style(state), 2U);
  EXPECT_EQ(live::chosen_look(state).style[2], 1);
}

TEST_F(Panel, AChosenStyleFadesInOverTheSetTime) {
  state.settings.fade_seconds = 1;
  const auto start = live::Clock::now();
  live::choose_style(state, 3, start);
  using std::chrono::milliseconds;
  EXPECT_EQ(live::shown_look(state, start).style[3], 0);
  EXPECT_NEAR(live::shown_look(state, start + milliseconds(250)).style[3], 0.25, 1e-3);
  EXPECT_EQ(live::shown_look(state, start + milliseconds(1000)), live::chosen_look(state));
  // From the middle of the way to another one.
  live::choose_style(state, 4, start + milliseconds(500));
  EXPECT_NEAR(live::shown_look(state, start + milliseconds(500)).style[3], 0.5, 1e-3);
}

TEST_F(Panel, ShiftClickAddsToTheMixAndTakesOutAgain) {
  ImGui::GetIO().KeyShift = true;
  click("style the_scream");
  EXPECT_FLOAT_EQ(live::chosen_look(state).style[1], 0.5F);
  EXPECT_FLOAT_EQ(live::chosen_look(state).style[3], 0.5F);
  click("style starry_night");
  EXPECT_FLOAT_EQ(live::chosen_look(state).style[1], 0);
  EXPECT_FLOAT_EQ(live::chosen_look(state).style[3], 1);
  click("style the_scream");  // the last one stays
  EXPECT_FLOAT_EQ(live::chosen_look(state).style[3], 1);
}

TEST_F(Panel, NumberKeysAndArrowsChooseStyles) {
  press(GLFW_KEY_3);
  EXPECT_EQ(shown_style(state), 3U);
  press(GLFW_KEY_RIGHT);
  EXPECT_EQ(shown_style(state), 4U);
  press(GLFW_KEY_LEFT);
  press(GLFW_KEY_LEFT);
  EXPECT_EQ(shown_style(state), 2U);
  press(GLFW_KEY_0);
  EXPECT_EQ(shown_style(state), 0U);
}

TEST_F(Panel, SlidersAreOneStepBackPerDrag) {
  drag_slider("strength", 0.3F);
  EXPECT_NEAR(live::chosen_look(state).strength, 0.3, 0.06);
  drag_slider("keep colours", 0.8F);
  EXPECT_NEAR(live::chosen_look(state).keep_colors, 0.8, 0.06);
  click("undo");
  EXPECT_EQ(live::chosen_look(state).keep_colors, 0);
  EXPECT_NEAR(live::chosen_look(state).strength, 0.3, 0.06);
  press(GLFW_KEY_Z, true);
  EXPECT_EQ(live::chosen_look(state).strength, 1);
  press(GLFW_KEY_Y, true);
  click("redo");
  EXPECT_NEAR(live::chosen_look(state).keep_colors, 0.8, 0.06);
  drag_slider("fade", 0.5F);
  EXPECT_NEAR(state.settings.fade_seconds, 2.5, 0.3);
}

TEST_F(Panel, TheMixerSharesOneOrIsFree) {
  press(GLFW_KEY_M);
  EXPECT_TRUE(state.settings.mixer_open);
  frame();
  drag_slider("weight great_wave", 0.6F);
  const std::vector<float> mixed = live::chosen_look(state).style;
  EXPECT_NEAR(std::accumulate(mixed.begin(), mixed.end(), 0.0F), 1, 1e-5);
  EXPECT_NEAR(mixed[2], 0.6, 0.06);
  click("normalised");
  EXPECT_FALSE(state.settings.normalised_mixer);
  drag_slider("weight great_wave", 1);
  EXPECT_NEAR(live::chosen_look(state).style[2], 2, 1e-5);
  EXPECT_FLOAT_EQ(live::chosen_look(state).style[1], mixed[1]);
}

TEST_F(Panel, ARandomMixIsOneStep) {
  const Look before = live::chosen_look(state);
  click("random");
  const Look mixed = live::chosen_look(state);
  EXPECT_NE(mixed, before);
  EXPECT_NEAR(std::accumulate(mixed.style.begin(), mixed.style.end(), 0.0F), 1, 1e-5);
  click("undo");
  EXPECT_EQ(live::chosen_look(state), before);
}

TEST_F(Panel, GainAndOffsetActOnAllSelectedLayers) {
  open(Tab::tune);
  click("layer 1");
  ImGui::GetIO().KeyCtrl = true;
  click("layer 3");
  ImGui::GetIO().KeyCtrl = false;
  drag_slider("gain", 0.6F);
  drag_slider("offset", 0.25F);
  const Look look = live::chosen_look(state);
  ASSERT_GT(look.layers.size(), 3U);
  EXPECT_NEAR(look.layers[1].gain, 1.8, 0.2);
  EXPECT_EQ(look.layers[3].gain, look.layers[1].gain);
  EXPECT_NEAR(look.layers[3].offset, -1, 0.2);
  EXPECT_TRUE(look.layers[0].neutral());
  EXPECT_TRUE(look.layers[2].neutral());
  click("reset selected");
  EXPECT_TRUE(live::chosen_look(state).layers.empty());
  click("tune undo");
  EXPECT_EQ(live::chosen_look(state), look);
  click("select all");
  EXPECT_EQ(std::count(state.selected.begin(), state.selected.end(), true),
            static_cast<std::ptrdiff_t>(state.selected.size()));
  click("reset all");
  EXPECT_TRUE(live::chosen_look(state).layers.empty());
}

TEST_F(Panel, BarsSetGammaAndBetaOfOneChannel) {
  open(Tab::tune);
  click("layer 0");
  const net::LayerTable& layers = live_pack()->layers;
  const auto channels = static_cast<float>(layers.layers()[0].channels);
  const net::LayerValues before = layers.of_look(0, live::chosen_look(state));
  for (const bool beta : {false, true}) {
    click(beta ? "show beta" : "show gamma");
    const live::Box bars = place("channels");
    const float x = bars.least.x + bars.width() / channels * 2.5F;  // channel 2
    drag({x, bars.least.y + bars.height() * 0.5F}, {x, bars.least.y + 1});
    const net::LayerValues after = layers.of_look(0, live::chosen_look(state));
    const auto& changed = beta ? after.beta : after.gamma;
    const auto& old = beta ? before.beta : before.gamma;
    EXPECT_GT(changed[2], old[2]);
    EXPECT_EQ(changed[1], old[1]);
    EXPECT_EQ(changed[3], old[3]);
    click_at({x, bars.least.y + bars.height() * 0.7F}, 2);
    const net::LayerValues reset = layers.of_look(0, live::chosen_look(state));
    EXPECT_EQ((beta ? reset.beta : reset.gamma)[2], old[2]);
  }
}

TEST_F(Panel, LayersCopyAnotherStyle) {
  open(Tab::tune);
  click("layer 2");
  choose("copy from", 3);  // after "the mix"
  const Look look = live::chosen_look(state);
  EXPECT_EQ(live_pack()->layers.of_look(2, look).gamma,
            live_pack()->layers.of_style(2, app::only_style(live_pack()->model.info(), 2)).gamma);
  choose("copy from", 0);
  EXPECT_TRUE(live::chosen_look(state).layers.empty());
}

TEST_F(Panel, TheLabWatchesALayer) {
  open(Tab::lab);
  choose("watch", 2);
  EXPECT_TRUE(state.requests.watch && *state.requests.watch == 1U);
  EXPECT_EQ(state.watched, 1U);
  choose("watch", 0);
  EXPECT_EQ(state.watched, std::nullopt);
  place("pass conv");
}

TEST_F(Panel, OutputLeavesItsRequests) {
  open(Tab::output);
  click("record");
  EXPECT_TRUE(state.requests.toggle_recording);
  click("screenshot");
  EXPECT_TRUE(state.requests.screenshot);
  click("virtual camera");
  EXPECT_TRUE(state.requests.toggle_virtual_camera);
  click("pause");
  EXPECT_EQ(state.requests.pause, true);
  click("step back");
  EXPECT_TRUE(state.requests.step_back);
  click("step");
  EXPECT_TRUE(state.requests.step);
  click("loop");
  EXPECT_EQ(state.requests.loop, false);
  drag_slider("position", 0.5F);
  ASSERT_TRUE(state.requests.seek);
  EXPECT_NEAR(*state.requests.seek, 5, 0.6);
  drag_slider("volume", 0.25F);
  ASSERT_TRUE(state.requests.volume);
  EXPECT_NEAR(*state.requests.volume, 0.25, 0.06);
  choose("height", 0);
  EXPECT_EQ(state.requests.network_height, 180);
  type("source", "lavfi:testsrc");
  EXPECT_EQ(state.requests.source, "lavfi:testsrc");
  type("model", "/tmp/none.onnx");
  ASSERT_TRUE(state.requests.model);
  EXPECT_EQ(state.requests.model->model, "/tmp/none.onnx");
}

TEST_F(Panel, ACameraIsChosenInOneOfItsModes) {
  video::VideoDevice camera{.path = "/dev/video7", .name = "Desk"};
  camera.modes = {{"mjpeg", 1280, 720, {30, 1}}, {"yuyv422", 640, 480, {15, 1}}};
  state.cameras = {camera};
  open(Tab::output);
  choose("camera", 1);
  EXPECT_EQ(state.requests.source, video::camera_input("/dev/video7", camera.modes[1]));
}

TEST_F(Panel, OneOfSeveralVirtualCamerasIsChosen) {
  state.virtual_cameras = {{.path = "/dev/video7", .name = "One"}};
  open(Tab::output);
  EXPECT_FALSE(state.controls.contains("virtual cameras"));
  state.virtual_cameras.push_back({.path = "/dev/video8", .name = "Other"});
  frame();
  choose("virtual cameras", 1);
  EXPECT_EQ(state.settings.virtual_camera, "/dev/video8");
  EXPECT_TRUE(state.requests.move_virtual_camera);
}

TEST_F(Panel, KeysDoWhatTheListSays) {
  press(GLFW_KEY_TAB);
  EXPECT_FALSE(state.settings.panel_open);
  press(GLFW_KEY_TAB);
  EXPECT_TRUE(state.settings.panel_open);
  press(GLFW_KEY_D);
  EXPECT_TRUE(state.settings.divider);
  press(GLFW_KEY_SPACE);
  EXPECT_EQ(state.requests.pause, true);
  press(GLFW_KEY_PERIOD);
  EXPECT_TRUE(state.requests.step);
  press(GLFW_KEY_R);
  EXPECT_TRUE(state.requests.toggle_recording);
  press(GLFW_KEY_S);
  EXPECT_TRUE(state.requests.screenshot);
  press(GLFW_KEY_F);
  EXPECT_TRUE(state.requests.toggle_full_screen);
  press(GLFW_KEY_F1);
  EXPECT_TRUE(state.help);
  frame();
  place("help");
  press(GLFW_KEY_ESCAPE);
  EXPECT_FALSE(state.help);
  ImGui::GetIO().KeysDown[GLFW_KEY_B] = true;
  frame();
  EXPECT_TRUE(state.hold_source);
  ImGui::GetIO().KeysDown[GLFW_KEY_B] = false;
  frame();
  EXPECT_FALSE(state.hold_source);
}

TEST_F(Panel, KeysTypedIntoAFieldAreText) {
  open(Tab::output);
  click("preset name");
  press(GLFW_KEY_D);
  press(GLFW_KEY_3);
  EXPECT_FALSE(state.settings.divider);
  EXPECT_EQ(shown_style(state), 1U);
}

TEST_F(Panel, TheDividerIsDragged) {
  press(GLFW_KEY_D);
  frame();
  const live::Box picture = place("picture");
  const live::Box divider = place("divider");
  const float y = (picture.least.y + picture.most.y) / 2;
  drag({divider.least.x + 4, y}, {picture.least.x + picture.width() * 0.25F, y});
  EXPECT_NEAR(state.settings.divider_position, 0.25, 0.02);
  EXPECT_EQ(state.view.zoom(), 1);
}

TEST_F(Panel, TheWheelZoomsAndADragMoves) {
  const live::Box fitted = place("picture");
  move_to({fitted.least.x + 100, fitted.least.y + 100});
  ImGui::GetIO().MouseWheel = 5;
  frame();
  EXPECT_GT(state.view.zoom(), 1.5F);
  const live::Box before = state.view.place(state.shape, {{0, 0}, {920, 728}});
  drag({300, 300}, {350, 320});
  const live::Box after = state.view.place(state.shape, {{0, 0}, {920, 728}});
  EXPECT_NEAR(after.least.x - before.least.x, 50, 1);
  click_at({300, 300}, 2);
  EXPECT_EQ(state.view.zoom(), 1);
}

TEST_F(Panel, TheStatusLineSaysTheMostUrgent) {
  state.report.source.description = "clip.mp4 640x360 25";
  EXPECT_THAT(live::status_text(state, now).text, HasSubstr("clip.mp4"));
  EXPECT_FALSE(live::status_text(state, now).is_warning);
  state.hint = "no camera found";
  EXPECT_EQ(live::status_text(state, now).text, "no camera found");
  state.report.source.message = "the camera is gone";
  EXPECT_EQ(live::status_text(state, now).text, "the camera is gone");
  EXPECT_TRUE(live::status_text(state, now).is_warning);
  state.report.problem = "the device is lost";
  EXPECT_EQ(live::status_text(state, now).text, "the device is lost");
  live::show_message(state, "saved a.png", false, now);
  EXPECT_EQ(live::status_text(state, now).text, "saved a.png");
  EXPECT_EQ(live::status_text(state, now + std::chrono::seconds(9)).text, "the device is lost");
}

/// Nothing may leave the panel: places of all controls of all tabs, at each size and scale.
TEST_F(Panel, NothingIsCutOffSideways) {
  struct Size {
    float width, height, scale;
  };
  for (const Size& size : {Size{800, 600, 1}, Size{1280, 760, 1}, Size{1600, 1200, 2},
                           Size{3840, 2160, 2}, Size{800, 600, 2}}) {
    resize(size.width, size.height, size.scale);
    for (int tab = 0; tab < live::tab_count; ++tab) {
      open(static_cast<Tab>(tab));
      for (const auto& [name, box] : state.controls) {
        EXPECT_GE(box.least.x, 0) << name << " at " << size.width << " x " << size.scale;
        EXPECT_LE(box.most.x, size.width) << name << " at " << size.width << " x " << size.scale;
        EXPECT_GT(box.width(), 8) << name << " at " << size.width << " x " << size.scale;
      }
    }
  }
}

TEST_F(Panel, AWindowOfOnePixelIsDrawn) {
  resize(1, 1, 1);
  for (int tab = 0; tab < live::tab_count; ++tab) EXPECT_NO_THROW(open(static_cast<Tab>(tab)));
}

}  // namespace
}  // namespace impasto::test
