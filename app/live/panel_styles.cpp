#include <algorithm>
#include <cmath>

#include "app/live/controls.h"
#include "app/live/panel.h"
#include "app/live/theme.h"

namespace impasto::live {
namespace {

constexpr int gallery_columns = 3;
constexpr float gallery_share = 0.52F;  // of the tab's height
constexpr float thumbnail_aspect = 16.0F / 9;

std::string describe(const net::StyleInfo& style) {
  std::string text = style.painter;
  for (const std::string& part : {style.title, style.year}) {
    if (!part.empty()) text += (text.empty() ? "" : ", ") + part;
  }
  return (text.empty() ? readable(style.name) : text) +
         "\nClick shows it, shift-click adds it to the mix.";
}

/// A style's picture with its name under it; framed where it has weight.
void draw_thumbnail(State& state, const net::StyleInfo& style, std::size_t index, float width,
                    Clock::time_point now) {
  const float height = width / thumbnail_aspect;
  const ImVec2 place = ImGui::GetCursorScreenPos();
  const ImVec2 end{place.x + width, place.y + height};
  ImGui::PushID(static_cast<int>(index));
  if (ImGui::InvisibleButton("style", {width, height + ImGui::GetTextLineHeight()})) {
    if (ImGui::GetIO().KeyShift) {
      toggle_style(state, index, now);
    } else {
      choose_style(state, index, now);
    }
  }
  ImGui::PopID();
  const bool hovered = ImGui::IsItemHovered();
  mark(state, "style " + style.name, describe(style).c_str());

  ImDrawList& list = *ImGui::GetWindowDrawList();
  const float rounding = 4 * state.scale;
  const float weight = chosen_look(state).style[index];
  const SharedBitmap bitmap =
      index < state.thumbnails.size() ? state.thumbnails[index] : SharedBitmap{};
  if (bitmap) {
    state.drawn_bitmaps.push_back(bitmap);
    list.AddImageRounded(texture_id(bitmap->id), place, end, {0, 0}, {1, 1}, IM_COL32_WHITE,
                         rounding);
  } else {
    list.AddRectFilled(place, end, theme::field, rounding);
  }
  if (weight > 0) {
    list.AddRect(place, end, theme::accent, rounding, 0, 2 * state.scale);
  } else if (hovered) {
    list.AddRect(place, end, theme::accent_dim, rounding, 0, 2 * state.scale);
  }
  list.AddText({place.x, end.y + 2 * state.scale}, weight > 0 ? theme::text : theme::text_dim,
               shortened(readable(style.name), width).c_str());
}

void draw_gallery(State& state, const net::ModelInfo& info, Clock::time_point now) {
  ImGui::BeginChild("gallery", {0, ImGui::GetContentRegionAvail().y * gallery_share});
  const float width = std::floor(share_of_line(gallery_columns));
  for (std::size_t i = 0; i < info.styles.size(); ++i) {
    if (i % gallery_columns != 0) ImGui::SameLine();
    draw_thumbnail(state, info.styles[i], i, width, now);
  }
  ImGui::EndChild();
}

/// A slider per style in use, or per style.
void draw_mixer(State& state, const net::ModelInfo& info) {
  const std::vector<float> weights = chosen_look(state).style;
  const auto used =
      std::count_if(weights.begin(), weights.end(), [](float weight) { return weight != 0; });
  if (used < 2 && !state.settings.mixer_open) return;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] == 0 && !state.settings.mixer_open) continue;
    float weight = weights[i];
    const bool normalised = state.settings.normalised_mixer;
    const std::string name = "weight " + info.styles[i].name;
    const std::string text = shortened(readable(info.styles[i].name), 80 * state.scale);
    if (slider(state, name, text.c_str(), weight, normalised ? 0.0F : -1.0F, normalised ? 1 : 2,
               "%.2f", "How much of this style is in the mix.")) {
      set_style_weight(state, i, weight);
    }
  }
}

void draw_mix_controls(State& state, Clock::time_point now) {
  if (button(state, "random", "Random mix", "Two to four styles with random weights.",
             share_of_line(3))) {
    choose_random_mix(state, now);
  }
  ImGui::SameLine();
  if (button(state, "undo", "Undo", "Takes back the last change of the look (Ctrl+Z).",
             share_of_line(2))) {
    undo(state);
  }
  ImGui::SameLine();
  if (button(state, "redo", "Redo", "Makes it again (Ctrl+Y).", share_of_line(1))) redo(state);
  checkbox(state, "mixer", "All weights", state.settings.mixer_open,
           "A slider for each style of the pack (M).");
  ImGui::SameLine();
  checkbox(state, "normalised", "Sum is 1", state.settings.normalised_mixer,
           "The weights share 1; without it each is free, from -1 to 2.");
}

}  // namespace

void draw_styles_tab(State& state, Clock::time_point now) {
  if (!state.report.model) {
    ImGui::TextDisabled("Loading\u2026");
    return;
  }
  const net::ModelInfo& info = state.report.model->model.info();
  if (!info.styles.empty()) {
    draw_gallery(state, info, now);
  } else {
    ImGui::TextWrapped("%s paints in one style.", info.name.c_str());
  }
  ImGui::BeginChild("mix");
  Look look = chosen_look(state);
  if (slider(state, "strength", "Strength", look.strength, 0, 1, "%.2f",
             "From the source's picture to the painted one.")) {
    drag_look(state, look, "strength");
  }
  if (slider(state, "keep colours", "Keep colours", look.keep_colors, 0, 1, "%.2f",
             "Paints the brightness and keeps the source's colours.")) {
    drag_look(state, look, "keep colours");
  }
  slider(state, "fade", "Fade", state.settings.fade_seconds, 0, 5, "%.1f s",
         "How long a change of style takes.");
  if (!info.styles.empty()) {
    draw_mix_controls(state, now);
    draw_mixer(state, info);
  }
  ImGui::EndChild();
}

}  // namespace impasto::live
