// Owns: the names of the shapes of tiles that a device may choose between for a dense convolution
// (CompileOptions::tiled_shape). Depends on: nothing. To add one: a preset in lower_conv_tiled.cpp.
#pragma once

#include <string>
#include <vector>

namespace impasto::graph {

/// All of them, whatever a device can have: "L", "L+prefetch", "L+memory" (weights are read from
/// memory instead of shared memory), ...
std::vector<std::string> tiled_shapes();

}  // namespace impasto::graph
