// Owns: 3x3 filters as the products of Winograd's F(4x4, 3x3) and F(6x6, 3x3) need them
// (shaders/lib/winograd.glsl). Depends on: net/op.h.
#pragma once

#include <vector>

#include "engine/net/op.h"

namespace impasto::graph {

/// Tiles of tile_side (4 or 6) x tile_side outputs; doubled: of a source upsampled by 2.
struct WinogradForm {
  int tile_side = 4;
  bool doubled = false;
  /// Products along one axis.
  int products() const { return tile_side + (doubled ? 1 : 2); }
  /// Different inputs along one axis.
  int inputs() const { return doubled ? tile_side / 2 + 2 : products(); }
  int input_count() const { return inputs() * inputs(); }
  int product_count() const { return products() * products(); }
};

/// [frequency y][frequency x][block][in plane][out plane of the block][in lane] vec4 of out lanes,
/// zeros past the ends; computed in double.
std::vector<float> winograd_filters(const net::Conv& op, const WinogradForm& form,
                                    int block_planes);

}  // namespace impasto::graph
