#include <GLFW/glfw3.h>

#include <array>

#include "app/live/controls.h"
#include "app/live/panel.h"
#include "app/live/theme.h"

namespace impasto::live {
namespace {

bool pressed(int key) {
  return ImGui::IsKeyPressed(key, false);
}

void handle_style_keys(State& state, Clock::time_point now) {
  for (int digit = 0; digit <= 9; ++digit) {
    if (pressed(GLFW_KEY_0 + digit)) choose_style_key(state, digit, now);
  }
  if (pressed(GLFW_KEY_RIGHT) || pressed(GLFW_KEY_DOWN)) step_style(state, 1, now);
  if (pressed(GLFW_KEY_LEFT) || pressed(GLFW_KEY_UP)) step_style(state, -1, now);
}

struct KeyHelp {
  const char* key;
  const char* does;
};
constexpr std::array key_help = {
    KeyHelp{"1 \u2026 9, 0", "a style; 0 is the picture itself"},
    KeyHelp{"arrows", "the style before, the one after"},
    KeyHelp{"B", "hold for the original"},
    KeyHelp{"D", "divider between original and result"},
    KeyHelp{"wheel, drag", "zoom at the cursor, move; double click fits"},
    KeyHelp{"F", "full screen, Esc leaves it"},
    KeyHelp{"Tab", "panel"},
    KeyHelp{"M", "mixer with all styles"},
    KeyHelp{"Space", "pause"},
    KeyHelp{". ,", "one frame on, one back"},
    KeyHelp{"R", "record, and stop"},
    KeyHelp{"S", "screenshot"},
    KeyHelp{"P", "save the look as a preset"},
    KeyHelp{"Ctrl+Z, Ctrl+Y", "undo, redo"},
    KeyHelp{"Ctrl+click", "type a number into a slider"},
    KeyHelp{"F1", "this list"},
};

}  // namespace

void handle_keys(State& state, Clock::time_point now) {
  const ImGuiIO& io = ImGui::GetIO();
  if (pressed(GLFW_KEY_F1)) state.help = !state.help;
  if (io.WantTextInput) {
    state.hold_source = false;
    return;
  }
  state.hold_source = ImGui::IsKeyDown(GLFW_KEY_B);
  if (io.KeyCtrl) {
    if (pressed(GLFW_KEY_Z)) io.KeyShift ? redo(state) : undo(state);
    if (pressed(GLFW_KEY_Y)) redo(state);
    return;
  }
  handle_style_keys(state, now);
  Settings& settings = state.settings;
  if (pressed(GLFW_KEY_TAB)) settings.panel_open = !settings.panel_open;
  if (pressed(GLFW_KEY_D)) settings.divider = !settings.divider;
  if (pressed(GLFW_KEY_F)) state.requests.toggle_full_screen = true;
  if (pressed(GLFW_KEY_R)) state.requests.toggle_recording = true;
  if (pressed(GLFW_KEY_S)) state.requests.screenshot = true;
  if (pressed(GLFW_KEY_PERIOD)) state.requests.step = true;
  if (pressed(GLFW_KEY_COMMA)) state.requests.step_back = true;
  if (pressed(GLFW_KEY_SPACE)) {
    state.requests.pause = state.report.source.state != video::LiveState::paused;
  }
  if (pressed(GLFW_KEY_M)) {
    settings.mixer_open = !settings.mixer_open;
    settings.panel_open = true;
    settings.tab = Tab::styles;
  }
  if (pressed(GLFW_KEY_P)) save_new_preset(state, now);
  if (pressed(GLFW_KEY_ESCAPE)) {
    if (state.help) {
      state.help = false;
    } else if (state.full_screen) {
      state.requests.toggle_full_screen = true;
    }
  }
}

void draw_help(State& state) {
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({size.x / 2, size.y / 2}, ImGuiCond_Always, {0.5F, 0.5F});
  ImGui::PushStyleColor(ImGuiCol_WindowBg, IM_COL32(32, 33, 37, 246));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 8 * state.scale);
  ImGui::Begin("keys", &state.help,
               ImGuiWindowFlags_NoTitleBar | ImGuiWindowFlags_AlwaysAutoResize |
                   ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings);
  if (ImGui::BeginTable("keys", 2, ImGuiTableFlags_SizingFixedFit)) {
    for (const KeyHelp& each : key_help) {
      ImGui::TableNextColumn();
      ImGui::TextColored(ImGui::ColorConvertU32ToFloat4(theme::accent), "%s", each.key);
      ImGui::TableNextColumn();
      ImGui::TextUnformatted(each.does);
    }
    ImGui::EndTable();
  }
  state.controls["help"] =
      box_of(ImGui::GetWindowPos(), {ImGui::GetWindowPos().x + ImGui::GetWindowSize().x,
                                     ImGui::GetWindowPos().y + ImGui::GetWindowSize().y});
  ImGui::End();
  ImGui::PopStyleVar();
  ImGui::PopStyleColor();
}

}  // namespace impasto::live
