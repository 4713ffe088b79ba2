// Owns: how a command line's pack, model, style, mix, strength and presets become a model and its
// looks over time. Depends on: presets.h, track.h, packs.h.
#pragma once

#include <string>
#include <vector>

#include "app/looks/presets.h"
#include "app/looks/track.h"
#include "app/packs.h"

namespace impasto::app {

struct LookOptions {
  ModelChoice model;  ///< empty: that of the first preset, or the default pack
  LookChoice look;    ///< wins over what presets say
  /// "FILE_OR_NAME" or "FILE_OR_NAME@SECONDS", the latter for each where there are several.
  std::vector<std::string> presets;
};

struct ChosenLooks {
  ModelChoice choice;  ///< what `model` was loaded by
  net::Model model;
  LookTrack track;                   ///< at least one look
  bool layer_edits = false;          ///< for StylizerOptions: a preset was given
  std::vector<std::string> remarks;  ///< what of the presets the model does not have, a line each
};

/// Throws Error{usage} for what is malformed or unknown, Error{model} for a bad file.
ChosenLooks choose_looks(const LookOptions& options);

}  // namespace impasto::app
