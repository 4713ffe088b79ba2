#include "app/live/actions.h"

#include <algorithm>
#include <ctime>
#include <filesystem>

#include "app/looks/mixer.h"
#include "engine/base/error.h"
#include "engine/base/files.h"

namespace impasto::live {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto message_time = 8s;

const net::LayerTable* layers_of(const State& state) {
  return state.report.model ? &state.report.model->layers : nullptr;
}

/// Binds to the model that runs; what does not match is said.
Look bind_to_model(State& state, const app::Preset& preset, const std::string& name,
                   Clock::time_point now) {
  const LoadedModel& model = *state.report.model;
  app::BoundPreset bound = app::bind_preset(preset, name, model.model, model.layers);
  if (!bound.unmatched.empty()) show_message(state, bound.unmatched, true, now);
  return std::move(bound.look);
}

void begin_model(State& state, Clock::time_point now) {
  const LoadedModel& model = *state.report.model;
  Look look = default_look(model.model.info());
  if (state.restore) look = bind_to_model(state, *state.restore, "the look of the last time", now);
  if (state.first_look) look = *state.first_look;
  state.restore.reset();
  state.first_look.reset();
  state.history.restart(look);
  state.fade.jump(look);
  state.layer = 0;
  state.selected.assign(model.layers.size(), false);
  if (!state.selected.empty()) state.selected[0] = true;
  state.morph.reset();
  state.watched.reset();
  state.features = nullptr;
  state.thumbnails.clear();
}

/// Bars that a person can read: single frames jump about. Another graph begins anew.
void smooth_passes(const std::vector<session::PassTime>& before,
                   std::vector<session::PassTime>& passes) {
  constexpr double share = 0.1;
  const auto same = [](const auto& a, const auto& b) { return a.name == b.name; };
  if (!std::ranges::equal(before, passes, same)) return;
  for (std::size_t i = 0; i < passes.size(); ++i) {
    passes[i].ms = before[i].ms + (passes[i].ms - before[i].ms) * share;
  }
}

}  // namespace

Look shown_look(const State& state, Clock::time_point now) {
  return state.fade.at(now);
}

void show_message(State& state, const std::string& text, bool is_warning, Clock::time_point now) {
  state.message = {text, is_warning, now + message_time};
}

void take_report(State& state, Report report, Clock::time_point now) {
  if (report.stats.frames == state.report.stats.frames && !state.report.passes.empty()) {
    report.passes = state.report.passes;
  } else {
    smooth_passes(state.report.passes, report.passes);
  }
  if (report.notices != state.report.notices) {
    show_message(state, report.notice, report.notice_is_warning, now);
  }
  state.report = std::move(report);
  if (state.report.model_number == state.model_number) return;
  state.model_number = state.report.model_number;
  begin_model(state, now);
}

void choose_look(State& state, Look look, Clock::time_point now) {
  net::tidy(look);
  state.morph.reset();
  state.history.change(look);
  state.fade.begin(look, state.settings.fade_seconds, now);
}

void drag_look(State& state, const Look& look, const std::string& control) {
  Look tidied = look;
  net::tidy(tidied);
  state.history.change(tidied, control);
  state.fade.jump(tidied);
}

std::optional<std::size_t> leading_style(const Look& look) {
  if (look.style.empty()) return std::nullopt;
  return static_cast<std::size_t>(std::max_element(look.style.begin(), look.style.end()) -
                                  look.style.begin());
}

void choose_style(State& state, std::size_t style, Clock::time_point now) {
  if (!state.report.model || style >= chosen_look(state).style.size()) return;
  Look look = chosen_look(state);
  look.style = app::only_style(state.report.model->model.info(), style);
  choose_look(state, look, now);
}

void toggle_style(State& state, std::size_t style, Clock::time_point now) {
  Look look = chosen_look(state);
  if (style >= look.style.size()) return;
  const auto used =
      std::count_if(look.style.begin(), look.style.end(), [](float w) { return w > 0; });
  if (look.style[style] > 0) {
    if (used == 1) return;  // something has to be left
    look.style[style] = 0;
  } else {
    look.style[style] = 1.0F / static_cast<float>(std::max<std::ptrdiff_t>(used, 1));
  }
  if (state.settings.normalised_mixer) look.style = app::normalised(look.style);
  choose_look(state, look, now);
}

void step_style(State& state, int by, Clock::time_point now) {
  const std::optional<std::size_t> current = leading_style(chosen_look(state));
  if (!current) return;
  const auto count = static_cast<int>(chosen_look(state).style.size());
  choose_style(state, static_cast<std::size_t>((static_cast<int>(*current) + by + count) % count),
               now);
}

void choose_style_key(State& state, int digit, Clock::time_point now) {
  if (!state.report.model) return;
  const net::ModelInfo& info = state.report.model->model.info();
  if (digit == 0) {
    if (info.identity_style >= 0) {
      choose_style(state, static_cast<std::size_t>(info.identity_style), now);
    }
    return;
  }
  int place = 0;
  for (std::size_t i = 0; i < info.styles.size(); ++i) {
    if (static_cast<int>(i) != info.identity_style && ++place == digit) {
      choose_style(state, i, now);
    }
  }
}

void set_style_weight(State& state, std::size_t style, float weight) {
  Look look = chosen_look(state);
  if (style >= look.style.size()) return;
  if (state.settings.normalised_mixer) {
    look.style = app::with_weight(look.style, style, weight);
  } else {
    look.style[style] = weight;
  }
  drag_look(state, look, "weight " + std::to_string(style));
}

void choose_random_mix(State& state, Clock::time_point now) {
  if (!state.report.model || chosen_look(state).style.empty()) return;
  Look look = chosen_look(state);
  look.style = app::random_mix(state.report.model->model.info(), state.random);
  choose_look(state, look, now);
}

void undo(State& state) {
  state.morph.reset();
  state.fade.jump(state.history.undo());
}

void redo(State& state) {
  state.morph.reset();
  state.fade.jump(state.history.redo());
}

void select_layer(State& state, std::size_t layer, bool add) {
  if (layer >= state.selected.size()) return;
  if (!add) state.selected.assign(state.selected.size(), false);
  state.selected[layer] = add ? !state.selected[layer] : true;
  state.layer = layer;
}

void select_all_layers(State& state) {
  state.selected.assign(state.selected.size(), true);
}

void set_layer_value(State& state, LayerValue which, float value) {
  Look look = chosen_look(state);
  auto& edits = net::editable_layers(look, state.selected.size());
  for (std::size_t i = 0; i < edits.size(); ++i) {
    if (state.selected[i]) (which == LayerValue::gain ? edits[i].gain : edits[i].offset) = value;
  }
  drag_look(state, look, which == LayerValue::gain ? "gain" : "offset");
}

void set_channel(State& state, std::size_t channel, std::optional<float> value) {
  const net::LayerTable* layers = layers_of(state);
  if (!layers || state.layer >= layers->size()) return;
  Look look = chosen_look(state);
  net::LayerEdit& edit = net::editable_layers(look, layers->size())[state.layer];
  std::vector<float>& changes = state.channels_are_beta ? edit.channel_beta : edit.channel_gamma;
  changes.resize(static_cast<std::size_t>(layers->layers()[state.layer].channels));
  if (channel >= changes.size()) return;
  if (value) {
    const net::LayerValues now = layers->of_look(state.layer, look);
    changes[channel] += *value - (state.channels_are_beta ? now.beta : now.gamma)[channel];
  } else {
    changes[channel] = 0;
  }
  drag_look(state, look, "channel");
}

void reset_selected_layers(State& state, Clock::time_point now) {
  Look look = chosen_look(state);
  auto& edits = net::editable_layers(look, state.selected.size());
  for (std::size_t i = 0; i < edits.size(); ++i) {
    if (state.selected[i]) edits[i] = {};
  }
  choose_look(state, look, now);
}

void reset_all_layers(State& state, Clock::time_point now) {
  Look look = chosen_look(state);
  look.layers.clear();
  choose_look(state, look, now);
}

void copy_style_to_layers(State& state, std::optional<std::size_t> style, Clock::time_point now) {
  if (!state.report.model) return;
  Look look = chosen_look(state);
  auto& edits = net::editable_layers(look, state.selected.size());
  for (std::size_t i = 0; i < edits.size(); ++i) {
    if (!state.selected[i]) continue;
    edits[i].style =
        style ? app::only_style(state.report.model->model.info(), *style) : std::vector<float>{};
  }
  choose_look(state, look, now);
}

void begin_morph(State& state, Clock::time_point now) {
  if (!state.report.model) return;
  try {
    const auto look_of = [&](const std::string& name) {
      return name.empty() ? chosen_look(state)
                          : bind_to_model(state, app::load_preset(name), name, now);
    };
    state.morph = Morph{look_of(state.morph_from), look_of(state.morph_to)};
  } catch (const Error& error) {
    state.morph.reset();
    show_message(state, error.what(), true, now);
  }
}

void set_morph(State& state, float share) {
  if (!state.morph) return;
  state.morph->share = share;
  drag_look(state, net::interpolate(state.morph->from, state.morph->to, share), "morph");
}

void save_named_preset(State& state, const std::string& name, Clock::time_point now) {
  if (!state.report.model) return;
  const LoadedModel& model = *state.report.model;
  try {
    const fs::path file =
        app::save_preset(name, app::make_preset(model.model, model.layers, chosen_look(state)));
    show_message(state, "saved " + file.string(), false, now);
    state.requests.refresh_lists = true;
  } catch (const Error& error) {
    show_message(state, error.what(), true, now);
  }
}

void save_new_preset(State& state, Clock::time_point now) {
  if (!state.report.model) return;
  const net::ModelInfo& info = state.report.model->model.info();
  const std::optional<std::size_t> style = leading_style(chosen_look(state));
  const std::string stem = style ? info.styles[*style].name : info.name;
  const std::vector<std::string> taken = app::saved_presets();
  std::string name;
  int number = 0;
  do {
    name = stem + " " + std::to_string(++number);
  } while (std::find(taken.begin(), taken.end(), name) != taken.end());
  save_named_preset(state, name, now);
}

void load_named_preset(State& state, const std::string& name, Clock::time_point now) {
  if (!state.report.model) return;
  try {
    choose_look(state, bind_to_model(state, app::load_preset(name), name, now), now);
  } catch (const Error& error) {
    show_message(state, error.what(), true, now);
  }
}

void drop_files(State& state, const std::vector<std::string>& files, Clock::time_point now) {
  for (const std::string& file : files) {
    const std::string ending = fs::path(file).extension();
    if (ending == ".onnx") {
      state.requests.model = app::ModelChoice{.model = file};
    } else if (ending == ".json") {
      load_named_preset(state, file, now);
    } else {
      state.requests.source = file;
    }
  }
}

std::string new_file_name(const Settings& settings, const std::string& ending) {
  const fs::path folder = settings.folder.empty() ? default_folder() : fs::path(settings.folder);
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  localtime_r(&now, &parts);
  char stamp[64];
  std::strftime(stamp, sizeof stamp, "impasto %Y-%m-%d %H.%M.%S", &parts);
  fs::path file = folder / (stamp + ending);
  for (int copy = 2; files::file_exists(file); ++copy) {
    file = folder / (stamp + (" " + std::to_string(copy)) + ending);
  }
  return file;
}

Settings settings_to_keep(const State& state) {
  Settings settings = state.settings;
  if (state.report.model) {
    const LoadedModel& model = *state.report.model;
    settings.model = model.choice;
    settings.look = app::make_preset(model.model, model.layers, chosen_look(state));
  }
  return settings;
}

}  // namespace impasto::live
