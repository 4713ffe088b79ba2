#include "engine/gpu/device_info.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string_view>

#include "engine/base/debug.h"
#include "engine/gpu/handle.h"
#include "engine/gpu/instance.h"

namespace impasto::gpu {

const char* device_type_name(DeviceType type) {
  switch (type) {
    case DeviceType::discrete:
      return "discrete";
    case DeviceType::integrated:
      return "integrated";
    case DeviceType::virtual_gpu:
      return "virtual";
    case DeviceType::cpu:
      return "cpu";
    case DeviceType::other:
      break;
  }
  return "other";
}

namespace {

DeviceType device_type(VkPhysicalDeviceType type) {
  switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
      return DeviceType::discrete;
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
      return DeviceType::integrated;
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
      return DeviceType::virtual_gpu;
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
      return DeviceType::cpu;
    default:
      return DeviceType::other;
  }
}

std::string version_text(std::uint32_t version) {
  return std::to_string(VK_API_VERSION_MAJOR(version)) + "." +
         std::to_string(VK_API_VERSION_MINOR(version));
}

void read_limits(VkPhysicalDevice physical, DeviceInfo& info) {
  VkPhysicalDeviceMaintenance4Properties buffers{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_4_PROPERTIES};
  VkPhysicalDeviceMaintenance3Properties memory{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES, &buffers};
  VkPhysicalDeviceSubgroupSizeControlProperties sizes{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES, &memory};
  VkPhysicalDeviceSubgroupProperties subgroup{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES,
                                              &sizes};
  VkPhysicalDeviceDriverProperties driver{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES,
                                          &subgroup};
  VkPhysicalDeviceProperties2 all{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &driver};
  vkGetPhysicalDeviceProperties2(physical, &all);

  const std::string version = driver.driverInfo;
  info.driver = std::string(driver.driverName) + " " +
                (version.empty() ? version_text(all.properties.driverVersion) : version);
  const bool llvmpipe = driver.driverID == VK_DRIVER_ID_MESA_LLVMPIPE;
  info.obeys_thread_count = llvmpipe;
  info.leaks_names_of_sets = llvmpipe;  // Mesa 22.3
  // GPU-assisted validation numbers every shader, so that no code is found again, and its checks
  // break the loops of one block that specialised modules have.
  info.translates_at_dispatch =
      llvmpipe && !std::getenv("MESA_SHADER_CACHE_DISABLE") && !debug_switches().gpuav;
  info.subgroup_size = subgroup.subgroupSize;
  info.min_subgroup_size = sizes.minSubgroupSize;
  info.max_subgroup_size = sizes.maxSubgroupSize;
  info.subgroup_size_control = sizes.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT;
  if (subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT) {
    const VkSubgroupFeatureFlags operations = subgroup.supportedOperations;
    info.subgroup_basic = operations & VK_SUBGROUP_FEATURE_BASIC_BIT;
    info.subgroup_vote = operations & VK_SUBGROUP_FEATURE_VOTE_BIT;
    info.subgroup_arithmetic = operations & VK_SUBGROUP_FEATURE_ARITHMETIC_BIT;
    info.subgroup_ballot = operations & VK_SUBGROUP_FEATURE_BALLOT_BIT;
    info.subgroup_shuffle = operations & VK_SUBGROUP_FEATURE_SHUFFLE_BIT;
  }

  const VkPhysicalDeviceLimits& limits = all.properties.limits;
  info.timestamp_period_ns = static_cast<double>(limits.timestampPeriod);
  info.max_storage_buffer_range = limits.maxStorageBufferRange;
  info.max_texel_buffer_elements = limits.maxTexelBufferElements;
  info.min_texel_buffer_offset_alignment = limits.minTexelBufferOffsetAlignment;
  info.min_storage_buffer_offset_alignment = limits.minStorageBufferOffsetAlignment;
  info.max_memory_allocation_size = std::min(memory.maxMemoryAllocationSize, buffers.maxBufferSize);
  info.max_push_constants_size = limits.maxPushConstantsSize;
  info.max_workgroup_invocations = limits.maxComputeWorkGroupInvocations;
  std::copy_n(limits.maxComputeWorkGroupSize, 3, info.max_workgroup_size.begin());
  std::copy_n(limits.maxComputeWorkGroupCount, 3, info.max_workgroup_count.begin());
  info.max_shared_memory = limits.maxComputeSharedMemorySize;
}

bool offers(const std::vector<VkExtensionProperties>& extensions, const char* name) {
  return std::any_of(extensions.begin(), extensions.end(), [&](const auto& each) {
    return std::string_view(each.extensionName) == name;
  });
}

std::vector<VkExtensionProperties> list_extensions(VkPhysicalDevice physical) {
  std::uint32_t count = 0;
  vkEnumerateDeviceExtensionProperties(physical, nullptr, &count, nullptr);
  std::vector<VkExtensionProperties> extensions(count);
  vkEnumerateDeviceExtensionProperties(physical, nullptr, &count, extensions.data());
  return extensions;
}

long import_alignment(VkPhysicalDevice physical) {
  VkPhysicalDeviceExternalMemoryHostPropertiesEXT memory{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT};
  VkPhysicalDeviceProperties2 all{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &memory};
  vkGetPhysicalDeviceProperties2(physical, &all);
  return static_cast<long>(memory.minImportedHostPointerAlignment);
}

// Vendors count in their own structures.
std::uint32_t count_units(VkPhysicalDevice physical,
                          const std::vector<VkExtensionProperties>& extensions) {
  VkPhysicalDeviceShaderSMBuiltinsPropertiesNV nvidia{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_SM_BUILTINS_PROPERTIES_NV};
  VkPhysicalDeviceShaderCorePropertiesAMD amd{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_CORE_PROPERTIES_AMD};
  VkPhysicalDeviceShaderCoreBuiltinsPropertiesARM arm{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_CORE_BUILTINS_PROPERTIES_ARM};
  VkPhysicalDeviceProperties2 all{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
  if (offers(extensions, VK_NV_SHADER_SM_BUILTINS_EXTENSION_NAME)) {
    all.pNext = &nvidia;
  } else if (offers(extensions, VK_AMD_SHADER_CORE_PROPERTIES_EXTENSION_NAME)) {
    all.pNext = &amd;
  } else if (offers(extensions, VK_ARM_SHADER_CORE_BUILTINS_EXTENSION_NAME)) {
    all.pNext = &arm;
  }
  vkGetPhysicalDeviceProperties2(physical, &all);
  return nvidia.shaderSMCount +
         amd.shaderEngineCount * amd.shaderArraysPerEngineCount * amd.computeUnitsPerShaderArray +
         arm.shaderCoreCount;
}

void read_features(VkPhysicalDevice physical, DeviceInfo& info) {
  VkPhysicalDeviceVulkan13Features v13{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES};
  VkPhysicalDeviceVulkan12Features v12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES, &v13};
  VkPhysicalDeviceVulkan11Features v11{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES, &v12};
  VkPhysicalDeviceFeatures2 all{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, &v11};
  vkGetPhysicalDeviceFeatures2(physical, &all);
  info.fp16_storage = v11.storageBuffer16BitAccess;
  info.shader_float16 = v12.shaderFloat16;
  info.shader_int64 = all.features.shaderInt64;
  info.subgroup_size_control = info.subgroup_size_control && v13.subgroupSizeControl;
  info.full_subgroups = v13.computeFullSubgroups;
}

}  // namespace

DeviceInfo describe_device(VkPhysicalDevice physical) {
  VkPhysicalDeviceProperties properties;
  vkGetPhysicalDeviceProperties(physical, &properties);
  DeviceInfo info;
  info.name = properties.deviceName;
  info.vendor_id = properties.vendorID;
  info.device_id = properties.deviceID;
  info.type = device_type(properties.deviceType);
  info.api_version = properties.apiVersion;
  if (properties.apiVersion < VK_API_VERSION_1_3) {
    info.problem = "Vulkan " + version_text(properties.apiVersion) + ", needs 1.3";
    return info;  // the structures below may be unknown to it
  }
  read_limits(physical, info);
  read_features(physical, info);
  const std::vector<VkExtensionProperties> extensions = list_extensions(physical);
  info.compute_units = count_units(physical, extensions);
  info.imports_host_memory = info.obeys_thread_count &&
                             offers(extensions, VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME) &&
                             import_alignment(physical) <= sysconf(_SC_PAGESIZE);

  std::uint32_t families = 0;
  vkGetPhysicalDeviceQueueFamilyProperties(physical, &families, nullptr);
  std::vector<VkQueueFamilyProperties> family(families);
  vkGetPhysicalDeviceQueueFamilyProperties(physical, &families, family.data());
  const auto compute = std::find_if(family.begin(), family.end(), [](const auto& each) {
    return each.queueFlags & VK_QUEUE_COMPUTE_BIT;
  });
  if (compute == family.end()) {
    info.problem = "no compute queue";
  } else {
    info.timestamp_valid_bits = compute->timestampValidBits;
  }

  VkPhysicalDeviceMemoryProperties memory;
  vkGetPhysicalDeviceMemoryProperties(physical, &memory);
  for (std::uint32_t heap = 0; heap < memory.memoryHeapCount; ++heap) {
    info.heap_sizes.push_back(memory.memoryHeaps[heap].size);
  }
  return info;
}

std::string device_file_name(const std::string& kind, const DeviceInfo& info,
                             const std::string& suffix) {
  std::string name =
      kind + "-" + info.name + "-" + info.driver + "-" + std::to_string(info.subgroup_size);
  for (char& each : name) {
    if (!std::isalnum(static_cast<unsigned char>(each)) && each != '.') each = '-';
  }
  return name + "." + suffix;
}

std::vector<DeviceInfo> list_devices() {
  const Instance instance;
  std::vector<DeviceInfo> all;
  for (VkPhysicalDevice physical : instance.physical_devices()) {
    all.push_back(describe_device(physical));
  }
  return all;
}

}  // namespace impasto::gpu
