#include "app/looks/choice.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "engine/base/error.h"
#include "engine/base/files.h"

namespace impasto::app {
namespace {

struct TimedPreset {
  std::string name;
  Preset preset;
  std::optional<double> seconds;
};

/// The seconds behind the last '@', where a number stands there and no preset has the whole name.
TimedPreset read_preset(const std::string& argument) {
  TimedPreset result{argument, {}, std::nullopt};
  const std::size_t at = argument.rfind('@');
  if (at != std::string::npos && !files::file_exists(argument)) {
    double seconds = 0;
    const char* end = argument.data() + argument.size();
    const auto [stop, error] = std::from_chars(argument.data() + at + 1, end, seconds);
    if (error == std::errc{} && stop == end) {
      if (!(seconds >= 0 && std::isfinite(seconds))) {
        throw Error(ExitCode::usage, "--preset '" + argument + "': a time is 0 seconds or more");
      }
      result.name = argument.substr(0, at);
      result.seconds = seconds;
    }
  }
  result.preset = load_preset(result.name);
  return result;
}

std::vector<TimedPreset> read_presets(const std::vector<std::string>& arguments) {
  std::vector<TimedPreset> presets;
  std::set<double> times;
  for (const std::string& argument : arguments) {
    presets.push_back(read_preset(argument));
    const std::optional<double>& seconds = presets.back().seconds;
    if (!seconds && arguments.size() > 1) {
      throw Error(
          ExitCode::usage,
          "--preset '" + argument + "': each of several needs its time, as " + argument + "@4.5");
    }
    if (seconds && !times.insert(*seconds).second) {
      throw Error(ExitCode::usage, "--preset '" + argument + "': another one has the same time");
    }
  }
  return presets;
}

}  // namespace

ChosenLooks choose_looks(const LookOptions& options) {
  const std::vector<TimedPreset> presets = read_presets(options.presets);
  const bool any_model = options.model.model.empty() && options.model.pack.empty();
  const ModelChoice choice = any_model && !presets.empty()
                                 ? model_of(presets.front().preset, options.model)
                                 : options.model;
  ChosenLooks chosen{choice, load_model(choice), {}, !presets.empty(), {}};
  const net::ModelInfo& info = chosen.model.info();
  if (presets.empty()) {
    net::Look look = default_look(info);
    choose_look(info, options.look, look);
    chosen.track.add(0, std::move(look));
    return chosen;
  }
  const net::LayerTable layers(chosen.model);
  for (const TimedPreset& timed : presets) {
    BoundPreset bound = bind_preset(timed.preset, timed.name, chosen.model, layers);
    choose_look(info, options.look, bound.look);
    chosen.track.add(timed.seconds.value_or(0), std::move(bound.look));
    if (!bound.unmatched.empty()) chosen.remarks.push_back(std::move(bound.unmatched));
  }
  return chosen;
}

}  // namespace impasto::app
