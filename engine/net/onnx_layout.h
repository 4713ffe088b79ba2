// Owns: what has to be done to an activation before its view is [1,C,H,W] again: nothing, a pixel
// shuffle or its inverse, a transposition of channels, or something that is not supported.
// Depends on: onnx_view.h.
#pragma once

#include "engine/net/onnx_view.h"

namespace impasto::net {

class GraphBuilder;

struct Layout {
  enum class Kind { same, depth_to_space, space_to_depth, channel_transpose, unsupported };
  Kind kind = Kind::unsupported;
  int block = 1;            ///< pixel shuffles
  bool column_row = false;  ///< pixel shuffles: the colour channel varies slowest (PyTorch)
  int outer = 1;            ///< channel_transpose: [outer][inner] becomes [inner][outer]
  int inner = 1;
};

Layout layout_of(const View& view, const Value& value);

/// Channels [outer][inner] -> [inner][outer], as slices joined again; refuses more than 64.
ValueId emit_channel_transpose(GraphBuilder& graph, ValueId id, int outer, int inner);

}  // namespace impasto::net
