// Owns: at which size a model sees a frame, and the memory that the compiled graph takes.
// Depends on: graph, net, video/frame.h; names no device.
#pragma once

#include <cstdint>

#include "engine/graph/compile.h"
#include "engine/net/model.h"

namespace impasto::session {

struct FrameRequest {
  video::FrameFormat source;
  video::FrameFormat output;
  int network_height = 0;  ///< lines of the picture in the network; 0: as many as the source has
  net::BatchNorms batch_norms = net::BatchNorms::folded;
  bool with_source = false;  ///< FrameUse::with_source
  bool operator==(const FrameRequest&) const = default;
};

struct FramePlan {
  net::Net net;
  graph::FrameUse use;
};

/// Scales the picture, pads it to the model's multiple (or to the smallest power of two at which
/// the network gives back a picture of its input's proportions) and builds the network for that
/// size. Throws Error{model} for a network that takes or gives no picture, or runs at no such size.
FramePlan plan_frame(const net::Model& model, const FrameRequest& request);

/// Device and host-visible bytes of an Executor of this graph.
std::uint64_t required_bytes(const graph::RenderGraph& graph, int slot_count);

}  // namespace impasto::session
