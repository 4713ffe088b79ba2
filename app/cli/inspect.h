// Owns: `impasto inspect`: what a model is and what it compiles to. Depends on: packs.h,
// stylizer.h.
#pragma once

#include <string>

#include "app/packs.h"

namespace impasto::app {

struct InspectOptions {
  ModelChoice model;
  StylizerOptions stylizer;
  int width = 640;
  int height = 360;
  bool with_graph = false;
  bool as_json = false;
};

void inspect(const InspectOptions& options);

}  // namespace impasto::app
