// Owns: which values are stored as fp16. Depends on: options.h, net.
// With Precision::fp16 those have at least two convolutions behind them on some path from the input
// and one before them on some path to the output. Errors of the first layers are amplified by every
// norm after them, and those of the last are seen as they are: with these in fp32, five whole
// networks stay within 1 code of 255, without within 4.
#pragma once

#include <vector>

#include "engine/graph/options.h"
#include "engine/net/net.h"

namespace impasto::graph {

/// By value.
std::vector<bool> choose_half_storage(const net::Net& net, Precision precision);

}  // namespace impasto::graph
