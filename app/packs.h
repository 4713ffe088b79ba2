// Owns: where packs of styles lie, and how what a user asked for (a pack or a file, a style, a mix,
// ranges) becomes a model and a look. Depends on: base, net, stylizer.h.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/net/model.h"
#include "engine/stylizer.h"

namespace impasto::app {

struct Pack {
  std::string name;  ///< file name without its ending
  std::filesystem::path file;
};

/// Where the shipped packs lie, beside the program or where an installation has them; empty:
/// nowhere.
std::filesystem::path shipped_folder();

inline const std::string default_pack = "live";
inline const std::string fine_pack = "fine";  ///< the same styles by a larger network

/// The default pack, the other shipped ones, then those of the user's own
/// (XDG_DATA_HOME/impasto/styles); a name that appears twice is the user's.
std::vector<Pack> find_packs();

struct ModelChoice {
  std::string pack;         ///< empty: default_pack
  std::string model;        ///< an ONNX file; wins over the pack
  std::string input_range;  ///< "0..255"; empty: what the model says
  std::string output_range;
};

/// The pack that this device is fast enough for, where nothing was chosen and the default is
/// smaller; empty: none.
std::string finer_pack(const ModelChoice& choice, gpu::DeviceType device);

/// Throws Error{usage} for an unknown pack or a malformed range, Error{model} for a bad file.
net::Model load_model(const ModelChoice& choice);

struct LookChoice {
  std::string style;  ///< a name of the model's; empty: as it is
  std::string mix;    ///< "a=0.7,b=0.3", normalised; excludes `style`
  std::optional<double> strength;
  bool keep_colors = false;  ///< true: keep them
};

/// Changes in `look` what the choice names. Throws Error{usage} naming the nearest style where one
/// is unknown.
void choose_look(const net::ModelInfo& model, const LookChoice& choice, Look& look);

}  // namespace impasto::app
