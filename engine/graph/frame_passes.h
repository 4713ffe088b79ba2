// Owns: the passes between a frame and the network: ingest (planes -> input tensor), rescale and
// emit (result -> planes), and the size at which the network sees a frame.
// Depends on: draft.h, frame_layout.h, and video/frame.h for the description of the samples.
// A new pixel format needs nothing here: the kernels read the description (shaders/frame_abi.h). To
// add a transfer: a CURVE there, its two functions in shaders/lib/color.glsl, curve_of here.
#pragma once

#include <string>

#include "engine/graph/draft.h"
#include "engine/net/model.h"
#include "engine/video/frame.h"

namespace impasto::graph {

/// The picture as the network sees it: scaled to the content's size, at the top left of a tensor
/// whose other rows and columns are its reflection.
struct FrameGeometry {
  int network_height = 0;
  int network_width = 0;
  int content_height = 0;
  int content_width = 0;
  bool operator==(const FrameGeometry&) const = default;
};

/// `wanted_height` lines, width in proportion (0: the frame's own size); the tensor is padded to a
/// multiple of `size_multiple` and to at least `minimum` each way.
FrameGeometry plan_geometry(const video::FrameFormat& format, int wanted_height, int size_multiple,
                            int minimum);

/// The frame in frame_in (packed as plan_layout(source) says) -> a tensor of 3 channels with values
/// range.low..range.high: components resampled from their own grids (bilinear where they grow, area
/// average where they shrink), matrix, transfer (PQ is brought to what networks know, color.glsl).
TensorRef lower_ingest(Draft& draft, const video::FrameFormat& source,
                       const FrameGeometry& geometry, const net::ValueRange& range);

/// The content of `result` (1 or 3 channels, values clamped to the range) -> frame_out, packed as
/// plan_layout(output) says: Catmull-Rom to the output's size (area average where it shrinks),
/// transfer, matrix, chroma averaged around its position, codes rounded, blended with the source's
/// codes by LiveValues::strength and keep_colors. Alpha is the source's, opaque where it has none.
/// Where format and size are the source's, strength 0 gives its samples bit for bit; elsewhere the
/// source converted by the same passes. `with_source` emits a second picture behind the first,
/// always of strength 0: what stands beside the result in a comparison.
void lower_emit(Draft& draft, const TensorRef& result, const video::FrameFormat& source,
                const video::FrameFormat& output, const FrameGeometry& geometry,
                const net::ValueRange& range, bool with_source = false);

}  // namespace impasto::graph
