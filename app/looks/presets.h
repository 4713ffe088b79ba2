// Owns: looks kept as small JSON files, and how one is applied to a model, the one that it was made
// on or another. Depends on: base, net, packs.h.
//
//   { "impasto_preset": 1,
//     "model": {"name": "live", "file": "/where/it/lay.onnx", "digest": "0f3a..."},
//     "styles": {"starry_night": 0.7, "great_wave": 0.3},
//     "strength": 0.8, "keep_colors": 1,
//     "layers": {"norm1": {"gain": 1.5, "offset": -0.2, "styles": {"udnie": 1}, "channels": 32,
//                          "gamma": {"3": 0.25}, "beta": {"0": -0.1}}} }
// What is neutral is left out; gamma and beta are channel_gamma and channel_beta of net/look.h. To
// add a value: a member of Preset, its line in preset_text, parse_preset, make_preset, bind_preset.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/packs.h"
#include "engine/net/look.h"

namespace impasto::app {

/// A file's content, by names, not yet bound to a model.
struct Preset {
  using Weights = std::map<std::string, float>;  ///< by style; 0 where one is missing
  struct Layer {
    float gain = 1;
    float offset = 0;
    std::optional<Weights> styles;  ///< that this layer alone follows
    int channels = 0;               ///< that the layer had; 0: no channel is edited
    std::map<int, float> gamma;
    std::map<int, float> beta;
    bool operator==(const Layer&) const = default;
  };
  std::string model;       ///< name of the model that it was made on
  std::string model_file;  ///< where that lay
  std::uint64_t digest = 0;
  std::optional<Weights> styles;  ///< empty: the model had none
  float strength = 1;
  float keep_colors = 0;
  std::map<std::string, Layer> layers;
  bool operator==(const Preset&) const = default;
};

Preset make_preset(const net::Model& model, const net::LayerTable& layers, const net::Look& look);

std::string preset_text(const Preset& preset);
/// `name` is what messages call it. Throws Error{usage}: one line, what is wrong and where.
Preset parse_preset(std::string_view text, const std::string& name);

struct BoundPreset {
  net::Look look;
  /// What the model does not have, in one line; empty where all of it matched.
  std::string unmatched;
};
/// By the names of styles and layers; on the model that the preset was made on everything matches.
/// Weights of styles that are not there are lost, the others stay as they are; where none is there
/// the look has the model's default style.
BoundPreset bind_preset(const Preset& preset, const std::string& name, const net::Model& model,
                        const net::LayerTable& layers);

/// XDG_CONFIG_HOME/impasto/presets.
std::filesystem::path preset_folder();
/// Names of the saved ones, in alphabetical order.
std::vector<std::string> saved_presets();
/// Writes NAME.json there in one step, replacing what has the name. Returns the path. Throws
/// Error{usage} for a name that is no plain file name, Error{output} where it cannot be written.
std::filesystem::path save_preset(const std::string& name, const Preset& preset);
/// A path, or the name of a saved one. Throws Error{usage}: no such file (the nearest saved name is
/// suggested), or what parse_preset says.
Preset load_preset(const std::string& file_or_name);

/// The pack or file that the preset was made on, where it is still there; else `otherwise`. Ranges
/// are those of `otherwise`.
ModelChoice model_of(const Preset& preset, const ModelChoice& otherwise);

}  // namespace impasto::app
