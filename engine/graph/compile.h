// Owns: compile: network + frame formats + limits -> RenderGraph. Depends on: render_graph.h,
// options.h, frame_passes.h, net; names no device. The stages are fuse.cpp, lower_*.cpp, place.cpp,
// order.cpp.
#pragma once

#include "engine/graph/frame_passes.h"
#include "engine/graph/options.h"
#include "engine/graph/render_graph.h"
#include "engine/net/model.h"
#include "engine/net/net.h"

namespace impasto::graph {

/// What stands around the network in a frame's graph.
struct FrameUse {
  video::FrameFormat source;
  video::FrameFormat output;
  FrameGeometry geometry;  ///< network_height and network_width are those of the network's input
  net::ValueRange input_range;
  net::ValueRange output_range;
  bool with_source = false;  ///< frame_out has a second picture: the source as `output` shows it
};
/// Where in frame_out that second picture starts, bytes.
std::uint64_t source_picture_offset(const video::FrameFormat& output);

/// The whole way of a frame: ingest, network, emit. The network has 3 channels in, 1 or 3 out.
RenderGraph compile_frame(const net::Net& net, const FrameUse& frame,
                          const CompileOptions& options);

/// The network alone: the input tensor is read from frame_in and the output written to frame_out,
/// both packed as activations are, in fp32 but with Precision::fp16_everywhere (tests and tools use
/// it).
RenderGraph compile_network(const net::Net& net, const CompileOptions& options);

}  // namespace impasto::graph
