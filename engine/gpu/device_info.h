// Owns: what the program knows about a Vulkan device before and after it is opened.
// Depends on: Vulkan. To add a fact: a field here and its line in device_info.cpp.
#pragma once

#include <vulkan/vulkan.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace impasto::gpu {

class Instance;

enum class DeviceType { discrete, integrated, virtual_gpu, cpu, other };
const char* device_type_name(DeviceType type);

struct DeviceInfo {
  std::string name;
  std::string driver;  ///< name and version, as the driver states them
  std::uint32_t vendor_id = 0;
  std::uint32_t device_id = 0;
  DeviceType type = DeviceType::other;
  std::uint32_t api_version = 0;    ///< VK_API_VERSION_MAJOR and friends read it
  bool obeys_thread_count = false;  ///< DriverThreads of instance.h
  /// Makes a kernel's machine code when it is first dispatched, on one thread per device, and keeps
  /// it on disk where every device of the machine finds it; everything before that it does anew for
  /// each pipeline of each run.
  bool translates_at_dispatch = false;
  bool leaks_names_of_sets = false;  ///< of descriptor sets that go with their pool
  /// Its buffers may lie on memory of the process, and so on that of another of its devices.
  bool imports_host_memory = false;
  std::string problem;  ///< why this program cannot use it; empty where it can

  std::uint32_t subgroup_size = 1;
  std::uint32_t min_subgroup_size = 1;
  std::uint32_t max_subgroup_size = 1;
  bool subgroup_size_control = false;  ///< KernelKey::required_subgroup_size is honoured
  bool full_subgroups = false;         ///< KernelKey::full_subgroups is honoured
  bool subgroup_basic = false;         ///< these five: in compute shaders
  bool subgroup_vote = false;
  bool subgroup_arithmetic = false;
  bool subgroup_ballot = false;
  bool subgroup_shuffle = false;

  bool fp16_storage = false;    ///< float16_t in storage buffers
  bool shader_float16 = false;  ///< float16_t arithmetic
  bool shader_int64 = false;    ///< 64-bit integers

  double timestamp_period_ns = 1;          ///< nanoseconds per tick
  std::uint32_t timestamp_valid_bits = 0;  ///< of the compute queue; 0: no timestamps

  VkDeviceSize max_storage_buffer_range = 0;           ///< bytes of one binding
  std::uint32_t max_texel_buffer_elements = 0;         ///< texels of one view
  VkDeviceSize min_texel_buffer_offset_alignment = 1;  ///< bytes
  VkDeviceSize min_storage_buffer_offset_alignment = 1;
  VkDeviceSize max_memory_allocation_size = 0;  ///< also bounded by the largest buffer
  std::uint32_t max_push_constants_size = 0;
  std::uint32_t max_workgroup_invocations = 0;
  std::array<std::uint32_t, 3> max_workgroup_size{};
  std::array<std::uint32_t, 3> max_workgroup_count{};
  std::uint32_t max_shared_memory = 0;  ///< bytes per workgroup
  std::uint32_t compute_units =
      0;  ///< streaming multiprocessors, cores; 0: the driver does not say
  std::vector<VkDeviceSize> heap_sizes;
};

/// "KIND-device-driver-subgroup.SUFFIX": the name of a file about a device, which tells apart what
/// a driver's cache UUID does not: one may be the same at every subgroup size.
std::string device_file_name(const std::string& kind, const DeviceInfo& info,
                             const std::string& suffix);

/// Reads everything above; opens nothing.
DeviceInfo describe_device(VkPhysicalDevice physical);

/// All devices of the machine, in the order of `--device N`. Throws Error{gpu} without a driver.
std::vector<DeviceInfo> list_devices();

}  // namespace impasto::gpu
