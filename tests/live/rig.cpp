#include "tests/live/rig.h"

#include <GLFW/glfw3.h>

namespace impasto::test {
namespace {

live::Point middle(const live::Box& box) {
  return {(box.least.x + box.most.x) / 2, (box.least.y + box.most.y) / 2};
}

}  // namespace

std::shared_ptr<const live::LoadedModel> live_pack() {
  static const auto model = [] {
    app::ModelChoice choice;
    choice.model = IMPASTO_SOURCE_DIR "/app/styles/live.onnx";
    net::Model loaded = app::load_model(choice);
    net::LayerTable layers(loaded);
    return std::make_shared<const live::LoadedModel>(
        live::LoadedModel{choice, std::move(loaded), std::move(layers)});
  }();
  return model;
}

Panel::Panel() {
  ImGui::CreateContext();
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;
  io.KeyMap[ImGuiKey_Enter] = GLFW_KEY_ENTER;
  io.KeyMap[ImGuiKey_Escape] = GLFW_KEY_ESCAPE;
  io.KeyMap[ImGuiKey_Backspace] = GLFW_KEY_BACKSPACE;
  io.KeyMap[ImGuiKey_A] = GLFW_KEY_A;
  resize(1280, 760, 1);
  live::Report report;
  report.model = live_pack();
  report.model_number = 1;
  report.source.seekable = true;
  report.source.duration = 10;
  report.source.sound = video::SoundState::playing;
  report.passes = {{"conv", "conv.texel", 2.5}, {"norm", "norm", 1.5}};
  live::take_report(state, report, now);
  state.shape = {640, 360};
  state.has_picture = true;
  frame();
}

Panel::~Panel() {
  ImGui::DestroyContext();
}

void Panel::resize(float width, float height, float scale) {
  ImGui::GetIO().DisplaySize = {width, height};
  state.scale = scale;
  live::theme::apply(scale);
}

void Panel::frame(int count) {
  for (int i = 0; i < count; ++i) {
    ImGui::GetIO().DeltaTime = 0.02F;
    now += std::chrono::milliseconds(20);
    ImGui::NewFrame();
    state.drawn_bitmaps.clear();
    live::draw_interface(state, now);
    ImGui::Render();
  }
}

void Panel::open(live::Tab tab) {
  state.settings.tab = tab;
  frame();
}

live::Box Panel::place(const std::string& control) {
  const auto found = state.controls.find(control);
  EXPECT_NE(found, state.controls.end()) << control;
  return found == state.controls.end() ? live::Box{} : found->second;
}

void Panel::move_to(live::Point point) {
  ImGui::GetIO().MousePos = {point.x, point.y};
  frame();
}

void Panel::click_at(live::Point point, int times) {
  move_to(point);
  for (int i = 0; i < times; ++i) {
    ImGui::GetIO().MouseDown[0] = true;
    frame(1);
    ImGui::GetIO().MouseDown[0] = false;
    frame(1);
  }
  now += std::chrono::seconds(2);  // the next one is no double click, and a step of its own
  ImGui::GetIO().DeltaTime = 2;
  frame();
}

void Panel::click(const std::string& control) {
  click_at(middle(place(control)));
}

void Panel::drag(live::Point from, live::Point to) {
  move_to(from);
  ImGui::GetIO().MouseDown[0] = true;
  frame(1);
  for (int i = 1; i <= 4; ++i) {
    const float share = static_cast<float>(i) / 4;
    move_to({from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share});
  }
  ImGui::GetIO().MouseDown[0] = false;
  frame();
}

void Panel::drag_slider(const std::string& control, float share) {
  const live::Box box = place(control);
  drag(middle(box), {box.least.x + box.width() * share, middle(box).y});
}

void Panel::press(int key, bool ctrl, bool shift) {
  ImGuiIO& io = ImGui::GetIO();
  io.KeyCtrl = ctrl;
  io.KeyShift = shift;
  io.KeysDown[key] = true;
  frame(1);
  io.KeysDown[key] = false;
  io.KeyCtrl = io.KeyShift = false;
  frame(1);
}

void Panel::choose(const std::string& control, std::size_t entry) {
  click(control);
  click(control + "/" + std::to_string(entry));
}

void Panel::type(const std::string& control, const std::string& text) {
  click(control);
  ImGui::GetIO().AddInputCharactersUTF8(text.c_str());
  frame();
  press(GLFW_KEY_ENTER);
}

}  // namespace impasto::test
