#include "app/looks/presets.h"

#include <algorithm>

#include "app/names.h"
#include "engine/base/error.h"
#include "engine/base/files.h"
#include "engine/net/onnx_refusal.h"
#include "engine/stylizer.h"

namespace impasto::app {
namespace {

namespace fs = std::filesystem;
using net::printable;

constexpr const char* ending = ".json";

Preset::Weights named(const net::ModelInfo& model, const std::vector<float>& weights) {
  Preset::Weights result;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] != 0) result[model.styles[i].name] = weights[i];
  }
  return result;
}

std::map<int, float> named(const std::vector<float>& channels) {
  std::map<int, float> result;
  for (std::size_t i = 0; i < channels.size(); ++i) {
    if (channels[i] != 0) result[static_cast<int>(i)] = channels[i];
  }
  return result;
}

/// What did not match, each once.
struct Unmatched {
  std::vector<std::string> styles;
  std::vector<std::string> layers;
  std::vector<std::string> sizes;

  static void add(std::vector<std::string>& list, const std::string& name) {
    const std::string shown = printable(name);
    if (std::ranges::find(list, shown) == list.end()) list.push_back(shown);
  }

  std::string text(const std::string& name, const Preset& preset, const net::Model& model) const {
    std::vector<std::string> parts;
    if (!styles.empty()) parts.push_back("no style " + enumerate(styles));
    if (!layers.empty()) parts.push_back("no layer " + enumerate(layers));
    if (!sizes.empty()) parts.push_back("other numbers of channels in " + enumerate(sizes));
    if (parts.empty()) return {};
    std::string result = "preset " + printable(name, 4096) + ": " + model.info().name + " has ";
    for (std::size_t i = 0; i < parts.size(); ++i) result += (i > 0 ? "; " : "") + parts[i];
    if (!preset.model.empty()) {
      const bool changed = preset.model == model.info().name && preset.digest != model.digest();
      result += " (it was made on " + std::string(changed ? "another version of " : "") +
                printable(preset.model) + ")";
    }
    return result;
  }
};

/// Empty where the model has none of the styles.
std::vector<float> weights_for(const Preset::Weights& named, const net::ModelInfo& model,
                               Unmatched& unmatched) {
  std::vector<float> weights(model.styles.size(), 0.0F);
  bool any = named.empty();
  for (const auto& [name, weight] : named) {
    const auto found = std::ranges::find(model.styles, name, &net::StyleInfo::name);
    if (found == model.styles.end()) {
      Unmatched::add(unmatched.styles, name);
      continue;
    }
    weights[static_cast<std::size_t>(found - model.styles.begin())] = weight;
    any = true;
  }
  return any ? weights : std::vector<float>{};
}

net::LayerEdit edit_for(const std::string& name, const Preset::Layer& layer,
                        const net::NormLayer& target, const net::ModelInfo& model,
                        Unmatched& unmatched) {
  net::LayerEdit edit;
  edit.gain = layer.gain;
  edit.offset = layer.offset;
  if (layer.styles) edit.style = weights_for(*layer.styles, model, unmatched);
  if (layer.channels > 0 && layer.channels != target.channels) {
    Unmatched::add(unmatched.sizes, name);
    return edit;
  }
  const auto spread = [&](const std::map<int, float>& channels, std::vector<float>& values) {
    if (channels.empty()) return;
    values.assign(static_cast<std::size_t>(target.channels), 0.0F);
    for (const auto& [channel, value] : channels) values[static_cast<std::size_t>(channel)] = value;
  };
  spread(layer.gamma, edit.channel_gamma);
  spread(layer.beta, edit.channel_beta);
  return edit;
}

}  // namespace

Preset make_preset(const net::Model& model, const net::LayerTable& layers, const net::Look& look) {
  Preset preset;
  preset.model = model.info().name;
  preset.model_file = fs::absolute(model.info().file).lexically_normal().string();
  preset.digest = model.digest();
  if (!model.info().styles.empty()) preset.styles = named(model.info(), look.style);
  preset.strength = look.strength;
  preset.keep_colors = look.keep_colors;
  for (std::size_t i = 0; i < look.layers.size(); ++i) {
    const net::LayerEdit& edit = look.layers[i];
    if (edit.neutral()) continue;
    Preset::Layer& layer = preset.layers[layers.layers()[i].name];
    layer.gain = edit.gain;
    layer.offset = edit.offset;
    if (!edit.style.empty()) layer.styles = named(model.info(), edit.style);
    layer.gamma = named(edit.channel_gamma);
    layer.beta = named(edit.channel_beta);
    if (!layer.gamma.empty() || !layer.beta.empty()) layer.channels = layers.layers()[i].channels;
  }
  return preset;
}

BoundPreset bind_preset(const Preset& preset, const std::string& name, const net::Model& model,
                        const net::LayerTable& layers) {
  const net::ModelInfo& info = model.info();
  Unmatched unmatched;
  BoundPreset bound{default_look(info), {}};
  bound.look.strength = preset.strength;
  bound.look.keep_colors = preset.keep_colors;
  if (preset.styles) {
    const std::vector<float> weights = weights_for(*preset.styles, info, unmatched);
    if (!weights.empty()) bound.look.style = weights;
  }
  for (const auto& [layer, values] : preset.layers) {
    const auto found = std::ranges::find(layers.layers(), layer, &net::NormLayer::name);
    if (found == layers.layers().end()) {
      Unmatched::add(unmatched.layers, layer);
      continue;
    }
    const auto index = static_cast<std::size_t>(found - layers.layers().begin());
    net::editable_layers(bound.look, layers.size())[index] =
        edit_for(layer, values, *found, info, unmatched);
  }
  net::tidy(bound.look);
  bound.unmatched = unmatched.text(name, preset, model);
  return bound;
}

fs::path preset_folder() {
  return files::config_folder() / "presets";
}

std::vector<std::string> saved_presets() {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(preset_folder(), ignored)) {
    if (entry.path().extension() == ending) names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

fs::path save_preset(const std::string& name, const Preset& preset) {
  if (name.empty() || name.front() == '.' || name.size() > 100 || name != printable(name, 100) ||
      name.find('/') != std::string::npos) {
    throw Error(ExitCode::usage, "'" + printable(name) +
                                     "' is no name for a preset: letters, digits and spaces make "
                                     "one, without '/' and no '.' in front");
  }
  fs::path file = preset_folder() / (name + ending);
  files::write_file(file, preset_text(preset), ExitCode::output);
  return file;
}

Preset load_preset(const std::string& file_or_name) {
  fs::path file = file_or_name;
  if (!files::file_exists(file)) {
    const fs::path saved = preset_folder() / (file_or_name + ending);
    const std::vector<std::string> names = saved_presets();
    if (std::ranges::find(names, file_or_name) == names.end()) {
      std::string hint;
      if (names.empty()) {
        hint = ", and none is saved in " + preset_folder().string();
      } else if (!file.has_parent_path()) {
        hint = "; did you mean '" + nearest(file_or_name, names) + "'?";
      }
      throw Error(ExitCode::usage,
                  "there is no preset '" + printable(file_or_name, 4096) + "'" + hint);
    }
    file = saved;
  }
  return parse_preset(files::read_file(file, ExitCode::usage), file_or_name);
}

ModelChoice model_of(const Preset& preset, const ModelChoice& otherwise) {
  ModelChoice choice = otherwise;
  const std::vector<Pack> packs = find_packs();
  const auto pack = std::ranges::find(packs, preset.model, &Pack::name);
  std::error_code ignored;
  const bool file_is_there = !preset.model_file.empty() && files::file_exists(preset.model_file);
  if (pack != packs.end() &&
      (!file_is_there || fs::equivalent(pack->file, preset.model_file, ignored))) {
    choice.pack = pack->name;
  } else if (file_is_there) {
    choice.model = preset.model_file;
  }
  return choice;
}

}  // namespace impasto::app
