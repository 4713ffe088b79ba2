// The smallest network that a window shows: it exchanges red and blue, and is compiled at once.
#pragma once

#include <fstream>
#include <string>

#include "tests/support/onnx_builder.h"

namespace impasto::test {

inline void write_small_model(const std::string& path) {
  OnnxBuilder model;
  model.input("image", {1, 3, -1, -1});
  model.node("Conv", {"image", model.floats("w", {3, 3, 1, 1}, {0, 0, 1, 0, 1, 0, 1, 0, 0})}, "y");
  model.output("y");
  std::ofstream(path, std::ios::binary) << model.bytes();
}

}  // namespace impasto::test
