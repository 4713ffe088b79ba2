// Owns: `impasto bench`: times a model on generated frames, pass by pass, beside the device's own
// peak. Depends on: looks/, stylizer.h.
#pragma once

#include "app/looks/choice.h"
#include "engine/stylizer.h"

namespace impasto::app {

struct BenchOptions {
  LookOptions looks;  ///< the look at the first time
  StylizerOptions stylizer;
  int width = 640;
  int height = 360;
  int frames = 10;
  int warm_up = 2;
  bool as_json = false;
};

/// Prints to stdout, or nothing after a signal (signals.h). Throws Error.
void bench(const BenchOptions& options);

}  // namespace impasto::app
