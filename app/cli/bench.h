// Owns: `impasto bench`: times a model on generated frames, pass by pass, beside the device's own
// peak. Depends on: packs.h, stylizer.h.
#pragma once

#include "app/packs.h"

namespace impasto::app {

struct BenchOptions {
  ModelChoice model;
  LookChoice look;
  StylizerOptions stylizer;
  int width = 640;
  int height = 360;
  int frames = 10;
  int warm_up = 2;
  bool as_json = false;
};

void bench(const BenchOptions& options);

}  // namespace impasto::app
