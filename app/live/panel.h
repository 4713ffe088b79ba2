// Owns: what is drawn over and beside the picture. Depends on: state.h, ImGui. Each function draws
// one part from the state and leaves what was done in it, by way of actions.h. To add a tab: a
// value in Tab, its name in settings.cpp and panel.cpp, a file panel_NAME.cpp.
#pragma once

#include "app/live/actions.h"
#include "app/live/state.h"

namespace impasto::live {

/// Everything, between ImGui's NewFrame and Render.
void draw_interface(State& state, Clock::time_point now);

void draw_picture(State& state, const Box& area, Clock::time_point now);
void draw_status_line(State& state, Clock::time_point now);
void draw_help(State& state);
void handle_keys(State& state, Clock::time_point now);

void draw_styles_tab(State& state, Clock::time_point now);
void draw_tune_tab(State& state, Clock::time_point now);
void draw_lab_tab(State& state);
void draw_output_tab(State& state, Clock::time_point now);

/// Bars of one value each, around zero; returns the bar that the mouse changes, and to what.
struct BarChange {
  std::size_t bar = 0;
  std::optional<float> value;  ///< empty: double click, back to where it was
};
std::optional<BarChange> draw_bars(State& state, const std::string& name,
                                   const std::vector<float>& values,
                                   const std::vector<float>& unchanged, float height);
/// How often values fall into equal steps between their least and largest.
void draw_histogram(const std::vector<float>& values, float width, float height);

}  // namespace impasto::live
