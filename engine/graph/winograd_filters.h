// Owns: 3x3 filters as the products of Winograd's F(4x4, 3x3) need them
// (shaders/lib/winograd.glsl). Depends on: net/op.h.
#pragma once

#include <vector>

#include "engine/net/op.h"

namespace impasto::graph {

/// Different inputs and products along one axis of a tile.
struct WinogradPoints {
  int inputs = 6;
  int products = 6;
  int input_count() const { return inputs * inputs; }
  int product_count() const { return products * products; }
};
WinogradPoints winograd_points(bool doubled);

/// [frequency y][frequency x][block][in plane][out plane of the block][in lane] vec4 of out lanes,
/// zeros past the ends; computed in double.
std::vector<float> winograd_filters(const net::Conv& op, bool doubled, int block_planes);

}  // namespace impasto::graph
