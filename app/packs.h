// Owns: where packs of styles lie, and how what a user asked for (a pack or a file, a style, a mix,
// ranges) becomes a model and a look. Depends on: base, net, stylizer.h.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/net/model.h"
#include "engine/stylizer.h"

namespace impasto::app {

struct Pack {
  std::string name;  ///< file name without its ending
  std::filesystem::path file;
};

/// The shipped packs, then those of the user's own (XDG_DATA_HOME/impasto/styles); a name that
/// appears twice is the user's.
std::vector<Pack> find_packs();

struct ModelChoice {
  std::string pack = "live";
  std::string model;        ///< an ONNX file; wins over the pack
  std::string input_range;  ///< "0..255"; empty: what the model says
  std::string output_range;
};

/// Throws Error{usage} for an unknown pack or a malformed range, Error{model} for a bad file.
net::Model load_model(const ModelChoice& choice);

struct LookChoice {
  std::string style;  ///< a name of the model's; empty: its first
  std::string mix;    ///< "a=0.7,b=0.3", normalised; excludes `style`
  double strength = 1;
  bool keep_colors = false;
};

/// Throws Error{usage} naming the nearest style where one is unknown.
Look make_look(const net::ModelInfo& model, const LookChoice& choice);

}  // namespace impasto::app
