#include "app/live/panel.h"

#include <algorithm>

#include "app/live/controls.h"
#include "app/live/theme.h"

namespace impasto::live {
namespace {

constexpr const char* tab_titles[tab_count] = {"Styles", "Tune", "Lab", "Output"};
constexpr const char* tab_help[tab_count] = {"Styles, their mix and strength.",
                                             "Gamma and beta of every norm layer.",
                                             "What the layers see, and what each pass costs.",
                                             "Where pictures come from and where they go."};

/// A row of words; the chosen one is underlined.
void draw_tabs(State& state) {
  const float width = share_of_line(tab_count);
  for (int i = 0; i < tab_count; ++i) {
    if (i > 0) ImGui::SameLine();
    const bool chosen = static_cast<int>(state.settings.tab) == i;
    ImGui::PushStyleColor(ImGuiCol_Button, ImVec4{0, 0, 0, 0});
    ImGui::PushStyleColor(ImGuiCol_Text, chosen ? theme::text : theme::text_dim);
    const std::string name = std::string("tab ") + tab_titles[i];
    if (button(state, name, tab_titles[i], tab_help[i], width)) {
      state.settings.tab = static_cast<Tab>(i);
    }
    ImGui::PopStyleColor(2);
    const ImVec2 least = ImGui::GetItemRectMin();
    const ImVec2 most = ImGui::GetItemRectMax();
    ImGui::GetWindowDrawList()->AddRectFilled({least.x, most.y - 2 * state.scale}, most,
                                              chosen ? theme::accent : theme::field);
  }
  ImGui::Dummy({0, 0});
}

void draw_panel(State& state, const Box& area, Clock::time_point now) {
  ImGui::SetNextWindowPos({area.least.x, area.least.y});
  ImGui::SetNextWindowSize({area.width(), area.height()});
  ImGui::Begin("panel", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                   ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoSavedSettings);
  draw_tabs(state);
  ImGui::BeginChild("tab");
  switch (state.settings.tab) {
    case Tab::styles:
      draw_styles_tab(state, now);
      break;
    case Tab::tune:
      draw_tune_tab(state, now);
      break;
    case Tab::lab:
      draw_lab_tab(state);
      break;
    case Tab::output:
      draw_output_tab(state, now);
      break;
  }
  ImGui::EndChild();
  ImGui::End();
}

}  // namespace

void draw_interface(State& state, Clock::time_point now) {
  state.controls.clear();
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  handle_keys(state, now);
  Box area{{0, 0}, {size.x, size.y}};
  if (!state.full_screen || state.settings.panel_open) {
    area.most.y = std::max(0.0F, size.y - theme::status_height * state.scale);
    draw_status_line(state, now);
  }
  if (state.settings.panel_open) {
    // A narrow window keeps some of the picture.
    const float width = std::min(theme::panel_width * state.scale, size.x * 0.75F);
    area.most.x = size.x - width;
    draw_panel(state, {{area.most.x, 0}, {size.x, area.most.y}}, now);
  }
  draw_picture(state, area, now);
  if (state.help) draw_help(state);
}

}  // namespace impasto::live
