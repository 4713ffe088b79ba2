#include "engine/session/graph_buffers.h"

#include <algorithm>
#include <string>

namespace impasto::session {
namespace {

gpu::BindingKind binding_kind(graph::Access access) {
  switch (access) {
    case graph::Access::storage_read:
      return gpu::BindingKind::storage_read;
    case graph::Access::storage_write:
      return gpu::BindingKind::storage_write;
    case graph::Access::texel_read:
      return gpu::BindingKind::texel_read;
  }
  return gpu::BindingKind::storage_read;
}

VkFormat texel_format(graph::TexelFormat format) {
  switch (format) {
    case graph::TexelFormat::none:
      return VK_FORMAT_UNDEFINED;
    case graph::TexelFormat::rgba32f:
      return VK_FORMAT_R32G32B32A32_SFLOAT;
    case graph::TexelFormat::rgba16f:
      return VK_FORMAT_R16G16B16A16_SFLOAT;
    case graph::TexelFormat::r32ui:
      return VK_FORMAT_R32_UINT;
  }
  return VK_FORMAT_UNDEFINED;
}

const gpu::Buffer& buffer(const GraphBuffers& buffers, const graph::Range& range,
                          const gpu::Buffer& features) {
  switch (range.region) {
    case graph::Region::arena:
      return buffers.arena[range.block];
    case graph::Region::constants:
      return buffers.constants;
    case graph::Region::parameters:
      return buffers.parameters;
    case graph::Region::frame_in:
      return buffers.frame_in;
    case graph::Region::frame_out:
      return buffers.frame_out;
    case graph::Region::features:
      return features;
    case graph::Region::scratch:
      return buffers.scratch;
  }
  return buffers.constants;
}

}  // namespace

std::uint64_t at_least_one(std::uint64_t bytes) {
  return std::max<std::uint64_t>(bytes, 16);
}

GraphBuffers::GraphBuffers(gpu::Device& device, const graph::RenderGraph& graph, bool shared) {
  const auto make = [&](std::uint64_t wanted, const std::string& name) -> gpu::Buffer {
    const std::uint64_t size = at_least_one(wanted);
    if (!shared) return {device, size, gpu::MemoryUse::device, name};
    return {device, size, std::make_shared<const gpu::HostMemory>(size), name};
  };
  for (std::size_t i = 0; i < graph.arena_blocks.size(); ++i) {
    arena.push_back(make(graph.arena_blocks[i], "arena " + std::to_string(i)));
  }
  scratch = {device, at_least_one(graph.scratch_bytes), gpu::MemoryUse::device, "scratch"};
  constants = make(graph.constants.size(), "constants");
  parameters = make(graph.parameter_bytes, "parameters");
  frame_in = make(graph.frame_in_bytes, "frame in");
  frame_out = make(graph.frame_out_bytes, "frame out");
}

GraphBuffers::GraphBuffers(gpu::Device& device, const GraphBuffers& own) {
  const auto view = [&](const gpu::Buffer& buffer, const std::string& name) -> gpu::Buffer {
    return {device, buffer.size(), buffer.host_memory(), name};
  };
  for (std::size_t i = 0; i < own.arena.size(); ++i) {
    arena.push_back(view(own.arena[i], "arena " + std::to_string(i)));
  }
  scratch = {device, own.scratch.size(), gpu::MemoryUse::device, "scratch"};
  constants = view(own.constants, "constants");
  parameters = view(own.parameters, "parameters");
  frame_in = view(own.frame_in, "frame in");
  frame_out = view(own.frame_out, "frame out");
}

std::vector<gpu::Binding> GraphBuffers::bindings(const graph::Pass& pass,
                                                 const gpu::Buffer& features) const {
  std::vector<gpu::Binding> result;
  for (const graph::Binding& binding : pass.bindings) {
    const graph::Range& range = binding.range;
    result.push_back(
        {&buffer(*this, range, features), range.offset, range.size, texel_format(binding.format)});
  }
  return result;
}

std::uint64_t GraphBuffers::bytes() const {
  std::uint64_t bytes =
      scratch.size() + constants.size() + parameters.size() + frame_in.size() + frame_out.size();
  for (const gpu::Buffer& block : arena) bytes += block.size();
  return bytes;
}

gpu::KernelKey kernel_key(const graph::Pass& pass, bool in_parts) {
  gpu::KernelKey key;
  key.module = pass.kernel;
  key.constants = pass.constants;
  for (const graph::Binding& binding : pass.bindings) {
    key.bindings.push_back(binding_kind(binding.access));
  }
  key.push_bytes = static_cast<std::uint32_t>(pass.push.size());
  key.required_subgroup_size = pass.subgroup_size;
  key.full_subgroups = pass.subgroup_size > 0;
  key.in_parts = in_parts;
  return key;
}

}  // namespace impasto::session
