#include <algorithm>

#include "app/live/controls.h"
#include "app/live/panel.h"
#include "app/live/theme.h"

namespace impasto::live {
namespace {

constexpr float list_rows = 7;
constexpr float bars_height = 96;

bool is_edited(const Look& look, std::size_t layer) {
  return layer < look.layers.size() && !look.layers[layer].neutral();
}

/// Name, channels and a small histogram of gamma, one row per layer.
void draw_layers(State& state, const net::LayerTable& layers) {
  const float row = ImGui::GetTextLineHeight() + ImGui::GetStyle().ItemSpacing.y;
  ImGui::BeginChild("layers", {0, row * list_rows + ImGui::GetStyle().ItemSpacing.y});
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const net::NormLayer& layer = layers.layers()[i];
    const float width = ImGui::GetContentRegionAvail().x;
    const float histogram = 72 * state.scale;
    const ImVec2 start = ImGui::GetCursorPos();
    ImGui::PushID(static_cast<int>(i));
    if (ImGui::Selectable("##layer", state.selected[i], ImGuiSelectableFlags_AllowItemOverlap,
                          {0, ImGui::GetTextLineHeight()})) {
      select_layer(state, i, ImGui::GetIO().KeyCtrl || ImGui::GetIO().KeyShift);
    }
    ImGui::PopID();
    const std::string help = layer.name + ": " + net::norm_kind_name(layer.kind) +
                             " norm. Click selects it, ctrl-click adds it.";
    mark(state, "layer " + std::to_string(i), help.c_str());
    const ImVec2 after = ImGui::GetCursorPos();
    ImGui::SetCursorPos(start);
    const bool edited = is_edited(chosen_look(state), i);
    // The accent is hard to read on the bar of what is selected.
    ImGui::PushStyleColor(ImGuiCol_Text,
                          edited && !state.selected[i] ? theme::accent : theme::text);
    const std::string name = layer.name + (edited ? "  \u2022" : "");
    ImGui::TextUnformatted(shortened(name, width - histogram - 56 * state.scale).c_str());
    ImGui::PopStyleColor();
    ImGui::SameLine(width - histogram - 40 * state.scale);
    ImGui::TextDisabled("%d", layer.channels);
    ImGui::SameLine(width - histogram);
    draw_histogram(layers.of_look(i, chosen_look(state)).gamma, histogram,
                   ImGui::GetTextLineHeight());
    ImGui::SetCursorPos(after);
  }
  ImGui::EndChild();
}

void draw_layer_values(State& state) {
  const Look& look = chosen_look(state);
  const net::LayerEdit edit =
      state.layer < look.layers.size() ? look.layers[state.layer] : net::LayerEdit{};
  float gain = edit.gain;
  if (slider(state, "gain", "Gain", gain, 0, 3, "%.2f",
             "Multiplies gamma of the selected layers.")) {
    set_layer_value(state, LayerValue::gain, gain);
  }
  float offset = edit.offset;
  if (slider(state, "offset", "Offset", offset, -2, 2, "%.2f",
             "Is added to beta of the selected layers.")) {
    set_layer_value(state, LayerValue::offset, offset);
  }
}

void draw_copy_from(State& state, const net::ModelInfo& info, Clock::time_point now) {
  if (info.styles.empty()) return;
  std::vector<std::string> names = {"the mix"};
  for (const net::StyleInfo& style : info.styles) names.push_back(readable(style.name));
  const Look& look = chosen_look(state);
  std::string shown = names[0];
  if (state.layer < look.layers.size() && !look.layers[state.layer].style.empty()) {
    Look of_layer;
    of_layer.style = look.layers[state.layer].style;
    shown = names[1 + *leading_style(of_layer)];
  }
  label(state, "Copy from");
  if (const auto chosen = choice(state, "copy from", shown, names,
                                 "The selected layers take gamma and beta of another style.")) {
    copy_style_to_layers(state, *chosen == 0 ? std::nullopt : std::optional(*chosen - 1), now);
  }
}

void draw_channels(State& state, const net::LayerTable& layers) {
  const net::NormLayer& layer = layers.layers()[state.layer];
  heading(("Channels of " + layer.name).c_str());
  either(state, state.channels_are_beta,
         {"show gamma", "gamma", "The bars are gamma, the scale of each channel."},
         {"show beta", "beta", "The bars are beta, the offset of each channel."});
  const Look& look = chosen_look(state);
  Look without = look;
  if (state.layer < without.layers.size()) {
    without.layers[state.layer].channel_gamma.clear();
    without.layers[state.layer].channel_beta.clear();
  }
  const net::LayerValues now = layers.of_look(state.layer, look);
  const net::LayerValues plain = layers.of_look(state.layer, without);
  const bool beta = state.channels_are_beta;
  const auto change = draw_bars(state, "channels", beta ? now.beta : now.gamma,
                                beta ? plain.beta : plain.gamma, bars_height * state.scale);
  if (change) set_channel(state, change->bar, change->value);
}

void draw_morph(State& state, Clock::time_point now) {
  heading("Morph between two looks");
  std::vector<std::string> names = {"the look now"};
  names.insert(names.end(), state.presets.begin(), state.presets.end());
  const auto end = [&](const char* name, std::string& chosen_name, const char* help) {
    ImGui::SetNextItemWidth(share_of_line(std::string(name) == "morph from" ? 2 : 1));
    const auto chosen =
        choice(state, name, chosen_name.empty() ? names[0] : chosen_name, names, help);
    if (chosen) {
      chosen_name = *chosen == 0 ? "" : names[*chosen];
      begin_morph(state, now);
    }
  };
  end("morph from", state.morph_from, "Where the way begins.");
  ImGui::SameLine();
  end("morph to", state.morph_to, "Where the way ends.");
  float share = state.morph ? state.morph->share : 0;
  if (slider(state, "morph", "Way", share, 0, 1, "%.2f",
             "How far the look has come from the one to the other.")) {
    if (!state.morph) begin_morph(state, now);
    set_morph(state, share);
  }
}

}  // namespace

void draw_tune_tab(State& state, Clock::time_point now) {
  if (!state.report.model || state.selected.empty()) {
    ImGui::TextWrapped("This model has no norm layers.");
    return;
  }
  const LoadedModel& model = *state.report.model;
  draw_layers(state, model.layers);
  if (button(state, "select all", "All", "Selects all layers.", share_of_line(4))) {
    select_all_layers(state);
  }
  ImGui::SameLine();
  if (button(state, "reset selected", "Reset", "Takes back the edits of the selected layers.",
             share_of_line(3))) {
    reset_selected_layers(state, now);
  }
  ImGui::SameLine();
  if (button(state, "reset all", "Reset all", "Takes back the edits of all layers.",
             share_of_line(2))) {
    reset_all_layers(state, now);
  }
  ImGui::SameLine();
  if (button(state, "tune undo", "Undo", "Takes back the last change (Ctrl+Z).",
             share_of_line(1))) {
    undo(state);
  }
  draw_layer_values(state);
  draw_copy_from(state, model.model.info(), now);
  draw_channels(state, model.layers);
  draw_morph(state, now);
}

}  // namespace impasto::live
