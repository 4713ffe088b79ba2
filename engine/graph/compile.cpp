#include "engine/graph/compile.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "engine/graph/finish.h"
#include "engine/graph/frame_layout.h"
#include "engine/graph/fuse.h"
#include "engine/graph/lower.h"

namespace impasto::graph {
namespace {

int in_proportion(int content, int before, int after) {
  return std::max(1, static_cast<int>(std::lround(static_cast<double>(content) * after / before)));
}

}  // namespace

std::uint64_t source_picture_offset(const video::FrameFormat& output) {
  return plan_layout(output).bytes;
}

RenderGraph compile_frame(const net::Net& net, const FrameUse& frame,
                          const CompileOptions& options) {
  Draft draft(options);
  const TensorRef input = lower_ingest(draft, frame.source, frame.geometry, frame.input_range);
  assert(net.value(net.input).height == input.height && net.value(net.input).width == input.width);
  const std::size_t first = draft.passes.size();
  const TensorRef result = lower_network(draft, net, input);
  const std::size_t last = draft.passes.size();
  const FrameGeometry geometry{
      result.height, result.width,
      in_proportion(frame.geometry.content_height, input.height, result.height),
      in_proportion(frame.geometry.content_width, input.width, result.width)};
  lower_emit(draft, result, frame.source, frame.output, geometry, frame.output_range,
             frame.with_source);
  RenderGraph graph = finish(draft);
  graph.first_network = first;
  graph.last_network = last;
  return graph;
}

RenderGraph compile_network(const net::Net& net, const CompileOptions& options) {
  Draft draft(options);
  const auto frame_tensor = [&](net::ValueId id, bool input) {
    const net::Value& value = net.value(id);
    TensorRef tensor{-1, value.channels, value.height, value.width,
                     options.precision == Precision::fp16_everywhere};
    const std::uint64_t bytes = Draft::tensor_bytes(tensor, tensor.planes());
    tensor.resource = input ? draft.frame_in(bytes) : draft.frame_out(bytes);
    return tensor;
  };
  const TensorRef input = frame_tensor(net.input, true);
  const TensorRef output = frame_tensor(net.output, false);
  const TensorRef result = lower_network(draft, net, input);
  lower_map(draft, "output", TensorView{.tensor = result}, {}, {}, -1, output);
  return finish(draft);
}

}  // namespace impasto::graph
