// Owns: IMPASTO_DEBUG=controls: where each control lies, for programs that drive the window.
// Depends on: state.h, base.
#pragma once

#include <map>
#include <string>

#include "app/live/picture_view.h"

namespace impasto::live {

/// Writes XDG_CACHE_HOME/impasto/controls.txt, a line "x y width height name" per control (pixels
/// of the window), in one step, whenever a control has moved.
class ControlPlaces {
 public:
  void write(const std::map<std::string, Box>& controls);

 private:
  std::string written_;
};

}  // namespace impasto::live
