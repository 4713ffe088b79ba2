#include <algorithm>

#include "engine/session/crew.h"
#include "engine/session/session.h"

namespace impasto::session {
namespace {

graph::DeviceTraits device_traits(const gpu::DeviceInfo& info) {
  graph::DeviceTraits traits;
  traits.subgroup_size = info.subgroup_size;
  // Narrow subgroups leave a lane more registers (Intel: 16 of 8..32) and divide more tiles (RDNA:
  // 32 of 32..64).
  if (info.subgroup_size_control && info.type != gpu::DeviceType::cpu) {
    traits.subgroup_size = std::clamp(16U, info.min_subgroup_size, info.max_subgroup_size);
  }
  traits.subgroup_shuffle = info.subgroup_basic && info.subgroup_shuffle;
  traits.subgroup_arithmetic = info.subgroup_basic && info.subgroup_arithmetic;
  traits.software = info.type == gpu::DeviceType::cpu;
  traits.max_storage_range = info.max_storage_buffer_range;
  traits.max_texel_elements = info.max_texel_buffer_elements;
  traits.max_allocation = info.max_memory_allocation_size;
  traits.storage_alignment = info.min_storage_buffer_offset_alignment;
  traits.texel_alignment = info.min_texel_buffer_offset_alignment;
  traits.max_workgroup_invocations = info.max_workgroup_invocations;
  traits.max_shared_bytes = info.max_shared_memory;
  traits.compute_units = info.compute_units;
  traits.max_groups = std::min(
      {info.max_workgroup_count[0], info.max_workgroup_count[1], info.max_workgroup_count[2]});
  return traits;
}

}  // namespace

graph::CompileOptions compile_options(const gpu::DeviceInfo& device, graph::Precision precision) {
  graph::CompileOptions result;
  result.device = device_traits(device);
  result.precision = precision;
  // Some drivers view so few texels that most tensors would need the storage kernels anyway; real
  // GPUs read vec4 words of storage buffers at full width, but some bind little at once. The
  // kernels for texel buffers store 64-bit words.
  constexpr std::uint32_t useful_texels = 16U << 20;
  constexpr std::uint64_t useful_range = 1ULL << 30;
  result.texel_reads = device.shader_int64 && device.max_texel_buffer_elements >= useful_texels &&
                       (result.device.software || device.max_storage_buffer_range < useful_range);
  return result;
}

graph::CompileOptions compile_options(const gpu::DeviceInfo& device,
                                      const SessionOptions& options) {
  graph::CompileOptions result = compile_options(device, options.precision);
  result.family = options.conv_family;
  result.tiled_shape = options.tiled_shape;
  result.conv_choices = options.conv_choices;
  result.device.devices = options.shared ? static_cast<int>(crew_size()) : 1;
  if (options.texel_reads) result.texel_reads = *options.texel_reads && device.shader_int64;
  return result;
}

}  // namespace impasto::session
