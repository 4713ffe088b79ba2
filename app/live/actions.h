// Owns: what controls, keys and dropped files do to the state; no drawing, so that tests reach all
// of it. Depends on: state.h, looks/. To add one: a function here, a control in its panel_*.cpp.
#pragma once

#include <string>
#include <vector>

#include "app/live/state.h"

namespace impasto::live {

using Clock = std::chrono::steady_clock;

/// The look that was chosen, and the one to show now (on the way to it).
inline const Look& chosen_look(const State& state) {
  return state.history.look();
}
Look shown_look(const State& state, Clock::time_point now);

/// Takes over the pipeline's report; another model begins with its default look, or the restored.
void take_report(State& state, Report report, Clock::time_point now);
void show_message(State& state, const std::string& text, bool is_warning, Clock::time_point now);

// Styles. Choosing fades, dragging acts at once.
void choose_look(State& state, Look look, Clock::time_point now);
/// At once; changes of one control within a second are one step back.
void drag_look(State& state, const Look& look, const std::string& control);
void choose_style(State& state, std::size_t style, Clock::time_point now);
/// Adds the style to the mix, or takes it out.
void toggle_style(State& state, std::size_t style, Clock::time_point now);
void step_style(State& state, int by, Clock::time_point now);
/// Keys 1..9: the styles in order without identity; 0: identity.
void choose_style_key(State& state, int digit, Clock::time_point now);
void set_style_weight(State& state, std::size_t style, float weight);
void choose_random_mix(State& state, Clock::time_point now);
void undo(State& state);
void redo(State& state);
/// The style with the most weight; empty for a model without styles.
std::optional<std::size_t> leading_style(const Look& look);

// Layers.
/// A click on a layer: selects it alone, or with `add` besides the others.
void select_layer(State& state, std::size_t layer, bool add);
void select_all_layers(State& state);
enum class LayerValue { gain, offset };
/// Of all selected layers.
void set_layer_value(State& state, LayerValue which, float value);
/// Gamma or beta of a channel of the shown layer as the network gets it; empty: as the style has
/// it.
void set_channel(State& state, std::size_t channel, std::optional<float> value);
void reset_selected_layers(State& state, Clock::time_point now);
void reset_all_layers(State& state, Clock::time_point now);
/// The selected layers follow another style; empty: the mix again.
void copy_style_to_layers(State& state, std::optional<std::size_t> style, Clock::time_point now);
/// Binds the two presets of the state (an empty name: the look as it is); empty where that failed.
void begin_morph(State& state, Clock::time_point now);
void set_morph(State& state, float share);

// Presets. Failures become messages.
void save_named_preset(State& state, const std::string& name, Clock::time_point now);
/// Under the leading style's name and the first number that is free.
void save_new_preset(State& state, Clock::time_point now);
void load_named_preset(State& state, const std::string& name_or_file, Clock::time_point now);

// Sources and models.
/// Files dropped on the window: networks and presets by their endings, everything else is a source.
void drop_files(State& state, const std::vector<std::string>& files, Clock::time_point now);
/// A name for a new file in the settings' folder: "impasto 2026-11-28 03.15.20.mp4".
std::string new_file_name(const Settings& settings, const std::string& ending);
/// What to remember for the next start.
Settings settings_to_keep(const State& state);

}  // namespace impasto::live
