#include "engine/graph/finish.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/graph/order.h"
#include "engine/graph/place.h"

namespace impasto::graph {
namespace {

std::uint64_t texel_bytes(TexelFormat format) {
  switch (format) {
    case TexelFormat::r32ui:
      return 4;
    case TexelFormat::rgba16f:
      return 8;
    case TexelFormat::none:
    case TexelFormat::rgba32f:
      return 16;
  }
  return 16;
}

void check_limits(const Pass& pass, const DeviceTraits& device) {
  for (const Binding& binding : pass.bindings) {
    const bool texel = binding.access == Access::texel_read;
    const bool fits =
        texel ? binding.range.size / texel_bytes(binding.format) <= device.max_texel_elements
              : binding.range.size <= device.max_storage_range;
    if (!fits) {
      throw Error(ExitCode::gpu, pass.name + ": a tensor of " +
                                     std::to_string(binding.range.size >> 20) +
                                     " MiB exceeds what the device binds at once");
    }
  }
  if (*std::max_element(pass.groups.begin(), pass.groups.end()) > device.max_groups) {
    throw Error(ExitCode::gpu, pass.name + ": too many workgroups for the device");
  }
}

}  // namespace

RenderGraph finish(Draft& draft) {
  draft.live_values();
  const Placement placement = place(draft);
  RenderGraph graph;
  graph.arena_blocks = placement.arena_blocks;
  graph.live_bytes = placement.live_bytes;
  for (DraftPass& source : draft.passes) {
    Pass pass;
    pass.name = std::move(source.name);
    pass.kernel = std::move(source.kernel);
    pass.constants = std::move(source.constants);
    pass.push = std::move(source.push);
    pass.groups = source.groups;
    pass.subgroup_size = source.subgroup_size;
    pass.flops = source.flops;
    pass.shared_bytes = source.shared_bytes;
    pass.run = source.run;
    pass.lean = std::move(source.lean);
    pass.cut_axis = source.rows_in_y ? 1 : source.groups[2] > 1 ? 2 : 0;
    for (const DraftBinding& binding : source.bindings) {
      Range range = placement.ranges[static_cast<std::size_t>(binding.resource)];
      range.offset += binding.offset;
      range.size = binding.size > 0 ? binding.size : range.size - binding.offset;
      pass.bindings.push_back({range, binding.access, binding.format});
      pass.bytes += static_cast<double>(range.size);
    }
    check_limits(pass, draft.device());
    graph.passes.push_back(std::move(pass));
  }
  set_barriers(graph.passes);
  const auto range = [&](ResourceId resource) {
    return placement.ranges[static_cast<std::size_t>(resource)];
  };
  for (const DraftLayer& layer : draft.layers) {
    const TensorRef& values = layer.values;
    graph.layers.push_back(
        {*layer.node, layer.position, range(values.resource),
         layer.norm_table < 0 ? std::nullopt : std::optional(range(layer.norm_table)),
         values.channels, values.height, values.width, values.half, layer.activated});
  }
  graph.convolutions = std::move(draft.convolutions);
  graph.constants = std::move(draft.constants);
  graph.parameters = std::move(draft.parameters);
  graph.parameter_bytes = draft.parameter_bytes;
  graph.scratch_bytes = draft.scratch_bytes;
  for (const Resource& resource : draft.resources) {
    if (resource.region == Region::frame_in) graph.frame_in_bytes = resource.bytes;
    if (resource.region == Region::frame_out) graph.frame_out_bytes = resource.bytes;
  }
  graph.last_network = graph.passes.size();
  return graph;
}

}  // namespace impasto::graph
