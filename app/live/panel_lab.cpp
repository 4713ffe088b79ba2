#include <algorithm>
#include <cmath>
#include <cstdio>

#include "app/live/controls.h"
#include "app/live/feature_grid.h"
#include "app/live/panel.h"
#include "app/live/theme.h"

namespace impasto::live {
namespace {

constexpr std::size_t most_passes = 12;

void draw_layer_choice(State& state, const net::LayerTable& layers) {
  std::vector<std::string> names = {"none"};
  for (const net::FeatureLayer& layer : layers.feature_layers()) {
    names.push_back(layer.name + "  " + layer.kind + (layer.normalizes ? " norm  (" : "  (") +
                    std::to_string(layer.channels) + ")");
  }
  label(state, "Layer");
  if (const auto chosen = choice(
          state, "watch", state.watched ? names[*state.watched + 1] : names[0], names,
          "Shows the channels of what this layer makes; of a norm, what goes in and comes out.")) {
    state.watched = *chosen == 0 ? std::nullopt : std::optional(*chosen - 1);
    state.requests.watch = state.watched;
  }
}

/// The tile under the mouse, with its numbers.
void explain_tile(const FeatureView& view, const FeatureGrid& grid, ImVec2 place, float scale) {
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const auto channel = grid.channel_at((mouse.x - place.x) / scale, (mouse.y - place.y) / scale);
  if (!channel) return;
  const auto numbers = [&](const std::vector<session::ChannelStatistics>& statistics) {
    const session::ChannelStatistics& own = statistics[*channel];
    char text[64];
    std::snprintf(text, sizeof text, "mean %.3f  sd %.3f", static_cast<double>(own.mean),
                  static_cast<double>(own.deviation));
    return std::string(text);
  };
  const std::string text = view.normalized ? "before  " + numbers(view.statistics_before) +
                                                 "\nafter  " + numbers(view.statistics_after)
                                           : numbers(view.statistics_before);
  ImGui::SetTooltip("channel %zu\n%s", *channel, text.c_str());
}

void draw_features(State& state) {
  const std::shared_ptr<const FeatureView>& view = state.report.features;
  if (!state.watched) {
    ImGui::TextWrapped("Choose a layer to see its channels.");
    return;
  }
  if (view && view->absorbed) {
    ImGui::TextWrapped(
        "A neighbour's pass computes this layer on the way and stores nothing of it.");
    return;
  }
  if (!view || !state.features) {
    ImGui::TextDisabled("Preparing\u2026");
    return;
  }
  if (view->normalized) {
    either(state, state.features_after,
           {"features before", "before", "What goes into the normalization."},
           {"features after", "after", "What comes out of it, gamma and beta applied."});
    ImGui::SameLine();
  }
  ImGui::TextDisabled("%d x %d%s", view->layer_width, view->layer_height,
                      view->activated ? ", after its activation" : "");
  const FeatureGrid grid = plan_feature_grid(*view);
  const float scale = ImGui::GetContentRegionAvail().x / static_cast<float>(grid.width);
  const ImVec2 place = ImGui::GetCursorScreenPos();
  const ImVec2 size{static_cast<float>(grid.width) * scale,
                    static_cast<float>(grid.height) * scale};
  state.drawn_bitmaps.push_back(state.features);
  ImGui::Image(texture_id(state.features->id), size);
  state.controls["features"] = box_of(ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  if (ImGui::IsItemHovered()) explain_tile(*view, grid, place, scale);
}

/// The dearest passes as bars.
void draw_passes(State& state) {
  std::vector<session::PassTime> passes = state.report.passes;
  double total = 0;
  for (const session::PassTime& pass : passes) total += pass.ms;
  std::stable_sort(passes.begin(), passes.end(),
                   [](const auto& a, const auto& b) { return a.ms > b.ms; });
  if (total <= 0) return heading("Device time");
  char title[64];
  std::snprintf(title, sizeof title, "Device time  %.1f ms in %zu passes", total, passes.size());
  heading(title);
  passes.resize(std::min(passes.size(), most_passes));
  for (const session::PassTime& pass : passes) {
    const ImVec2 place = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    const float height = ImGui::GetTextLineHeight();
    const auto share = static_cast<float>(pass.ms / passes[0].ms);
    ImGui::GetWindowDrawList()->AddRectFilled(place, {place.x + width * share, place.y + height},
                                              theme::field, 3 * state.scale);
    char time[32];
    std::snprintf(time, sizeof time, "%.2f ms", pass.ms);
    const float time_width = ImGui::CalcTextSize(time).x + 8 * state.scale;
    ImGui::Text(" %s", shortened(pass.name, width - time_width - 16 * state.scale).c_str());
    mark(state, "pass " + pass.name, (pass.name + "\n" + pass.kernel).c_str());
    ImGui::SameLine(width - time_width);
    ImGui::TextDisabled("%s", time);
  }
}

}  // namespace

void draw_lab_tab(State& state) {
  if (!state.report.model) {
    ImGui::TextDisabled("Loading\u2026");
    return;
  }
  heading("What a layer sees");
  draw_layer_choice(state, state.report.model->layers);
  draw_features(state);
  draw_passes(state);
}

}  // namespace impasto::live
