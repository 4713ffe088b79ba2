// Owns: what a front end may know about the kernels of dense convolutions: the names to choose by
// and the built-in choice. Depends on: options.h. To add a family: lower_conv.h says how; to add a
// shape of tiles: a preset in lower_conv_tiled.cpp.
#pragma once

#include <string>
#include <vector>

#include "engine/graph/options.h"

namespace impasto::graph {

/// Values of CompileOptions::tiled_shape, whatever a device can have: "L", "L+prefetch", "L+memory"
/// (weights are read from memory instead of shared memory), ...
std::vector<std::string> tiled_shapes();

/// The family that a wide 3x3 layer gets with these options: "shuffle", "tiled", ...
std::string wide_layer_family(const CompileOptions& options);

}  // namespace impasto::graph
