// Owns: what convolutions and pooling share: 1-D and 2-D inputs, per-axis attribute lists,
// explicit and automatic padding.
// Depends on: onnx_graph.h.
#pragma once

#include "engine/net/onnx_graph.h"

namespace impasto::net {

/// An input [1,C,H,W], or [1,C,L] whose L is one axis of the value.
struct Planes {
  ValueId id = -1;
  int channels = 0;
  int height = 0;
  int width = 0;
  int rank = 4;
  bool along_rows = false;  ///< rank 3: L is the height
};

/// Refuses other ranks and batches.
Planes planes_of(GraphBuilder& graph, const View& view);
/// The view of a result with the same rank.
View planes_view(const GraphBuilder& graph, ValueId id, const Planes& like);

/// Kernel, stride, dilation and padding of one node, brought to two axes.
struct Window {
  Pair kernel;
  Pair stride;
  Pair dilation;
  Border border;
  std::string auto_pad;  ///< NOTSET, VALID, SAME_UPPER or SAME_LOWER
};

/// Reads the attributes; `kernel` comes from the weights' shape where there are weights (else
/// empty, and kernel_shape is needed). Padding by SAME_* is left to same_border.
Window read_window(GraphBuilder& graph, const Planes& in, const Shape& kernel);
/// A per-axis list of the node as (y, x).
Pair read_pair(GraphBuilder& graph, const char* attribute, const Planes& in, int otherwise,
               int low);
/// Splits a total padding; SAME_UPPER puts the odd one at the end.
void split_padding(std::int64_t total, bool upper, int& begin, int& end);
/// Sets the border so that the output has ceil(size / stride) elements.
void apply_same_padding(Window& window, const Planes& in);

/// floor((size + padding - dilated kernel) / stride) + 1; refuses what does not fit.
std::int64_t window_count(std::int64_t size, int before, int after, int kernel, int stride,
                          int dilation);

}  // namespace impasto::net
