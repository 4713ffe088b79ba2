// Owns: `impasto inspect`: what a model is and what it compiles to. Depends on: looks/,
// stylizer.h.
#pragma once

#include <string>

#include "app/looks/choice.h"
#include "engine/stylizer.h"

namespace impasto::app {

struct InspectOptions {
  LookOptions looks;
  StylizerOptions stylizer;
  int width = 640;
  int height = 360;
  bool with_graph = false;
  bool as_dot = false;
  bool as_json = false;
};

void inspect(const InspectOptions& options);

}  // namespace impasto::app
