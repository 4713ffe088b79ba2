#include "engine/gpu/device.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstring>
#include <optional>

#include "engine/base/debug.h"
#include "engine/base/error.h"
#include "engine/gpu/handle.h"

namespace impasto::gpu {

namespace {

struct Candidate {
  VkPhysicalDevice physical = VK_NULL_HANDLE;
  DeviceInfo info;
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string device_list(const std::vector<Candidate>& all) {
  std::string text;
  for (std::size_t i = 0; i < all.size(); ++i) {
    text += (i ? ", " : "") + std::to_string(i) + " = " + all[i].info.name;
    if (!all[i].info.problem.empty()) text += " (unusable: " + all[i].info.problem + ")";
  }
  return text;
}

bool matches(const std::string& selector, std::size_t index, const DeviceInfo& info) {
  std::size_t number = 0;
  const char* end = selector.data() + selector.size();
  const auto [last, error] = std::from_chars(selector.data(), end, number);
  if (error == std::errc() && last == end) return number == index;
  return lower(info.name).find(lower(selector)) != std::string::npos;
}

std::vector<VkQueueFamilyProperties> queue_families(VkPhysicalDevice physical) {
  std::uint32_t count = 0;
  vkGetPhysicalDeviceQueueFamilyProperties(physical, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  vkGetPhysicalDeviceQueueFamilyProperties(physical, &count, families.data());
  return families;
}

std::optional<std::uint32_t> find_queue_family(const Candidate& candidate,
                                               const DeviceRequest& request) {
  const auto families = queue_families(candidate.physical);
  for (std::uint32_t family = 0; family < families.size(); ++family) {
    if (!(families[family].queueFlags & VK_QUEUE_COMPUTE_BIT)) continue;
    if (!request.accepts || request.accepts(candidate.physical, family)) return family;
  }
  return std::nullopt;
}

bool has_extension(VkPhysicalDevice physical, const std::string& name) {
  std::uint32_t count = 0;
  const char* call = "vkEnumerateDeviceExtensionProperties";
  check(vkEnumerateDeviceExtensionProperties(physical, nullptr, &count, nullptr), call);
  std::vector<VkExtensionProperties> all(count);
  check(vkEnumerateDeviceExtensionProperties(physical, nullptr, &count, all.data()), call);
  return std::any_of(all.begin(), all.end(),
                     [&](const auto& each) { return each.extensionName == name; });
}

// Usable devices that fit the selector, the best first.
std::vector<Candidate> choose(const std::vector<Candidate>& all, const std::string& selector) {
  std::vector<Candidate> fitting;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (selector.empty() || matches(selector, i, all[i].info)) fitting.push_back(all[i]);
  }
  if (fitting.empty()) {
    throw Error(ExitCode::gpu, "no Vulkan device is called '" + selector +
                                   "': choose an index or part of a name with --device from " +
                                   device_list(all));
  }
  std::erase_if(fitting, [](const Candidate& each) { return !each.info.problem.empty(); });
  if (fitting.empty()) {
    throw Error(ExitCode::gpu,
                "the Vulkan device cannot be used: update its driver or choose "
                "another with --device from " +
                    device_list(all));
  }
  std::stable_sort(fitting.begin(), fitting.end(), [](const Candidate& a, const Candidate& b) {
    return a.info.type < b.info.type;
  });
  return fitting;
}

VkDevice create_device(const Candidate& candidate, std::uint32_t family,
                       const std::vector<std::string>& extensions, bool gpuav) {
  // What is offered and needed is enabled; synchronization2, dynamic rendering, timeline
  // semaphores, maintenance4 and the two of subgroup size control are in every Vulkan 1.3.
  VkPhysicalDeviceVulkan13Features offered13{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES};
  VkPhysicalDeviceVulkan12Features offered12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
                                             &offered13};
  VkPhysicalDeviceVulkan11Features offered11{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES,
                                             &offered12};
  VkPhysicalDeviceFeatures2 offered{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, &offered11};
  vkGetPhysicalDeviceFeatures2(candidate.physical, &offered);

  VkPhysicalDeviceVulkan13Features enabled13{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES};
  enabled13.synchronization2 = VK_TRUE;
  enabled13.dynamicRendering = VK_TRUE;  // a window draws without render passes
  enabled13.maintenance4 = VK_TRUE;  // workgroup sizes from specialisation constants (LocalSizeId)
  enabled13.subgroupSizeControl = offered13.subgroupSizeControl;
  enabled13.computeFullSubgroups = offered13.computeFullSubgroups;
  VkPhysicalDeviceVulkan12Features enabled12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
                                             &enabled13};
  enabled12.timelineSemaphore = VK_TRUE;
  enabled12.shaderFloat16 = offered12.shaderFloat16;
  VkPhysicalDeviceVulkan11Features enabled11{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES,
                                             &enabled12};
  enabled11.storageBuffer16BitAccess = offered11.storageBuffer16BitAccess;
  VkPhysicalDeviceFeatures2 enabled{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, &enabled11};
  enabled.features.shaderInt64 = offered.features.shaderInt64;
  if (gpuav) {  // the layer writes what it finds from inside the shaders
    enabled.features.fragmentStoresAndAtomics = offered.features.fragmentStoresAndAtomics;
    enabled.features.vertexPipelineStoresAndAtomics =
        offered.features.vertexPipelineStoresAndAtomics;
    enabled12.bufferDeviceAddress = offered12.bufferDeviceAddress;
  }

  std::vector<const char*> names;
  for (const std::string& extension : extensions) names.push_back(extension.c_str());
  const float priority = 1;
  VkDeviceQueueCreateInfo queue{VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO};
  queue.queueFamilyIndex = family;
  queue.queueCount = 1;
  queue.pQueuePriorities = &priority;
  VkDeviceCreateInfo info{VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, &enabled};
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queue;
  info.enabledExtensionCount = static_cast<std::uint32_t>(names.size());
  info.ppEnabledExtensionNames = names.data();
  VkDevice device = VK_NULL_HANDLE;
  check(vkCreateDevice(candidate.physical, &info, nullptr, &device), "vkCreateDevice",
        candidate.info.name);
  return device;
}

}  // namespace

Device::Device(const DeviceRequest& request)
    : instance_(request.instance ? request.instance : std::make_shared<Instance>()) {
  std::vector<Candidate> all;
  for (VkPhysicalDevice each : instance_->physical_devices()) {
    all.push_back({each, describe_device(each)});
  }
  std::optional<std::uint32_t> family;
  for (const Candidate& candidate : choose(all, request.selector)) {
    family = find_queue_family(candidate, request);
    if (!family) continue;
    physical_ = candidate.physical;
    info_ = candidate.info;
    break;
  }
  if (!family) {
    throw Error(ExitCode::gpu,
                "no Vulkan device can show a window here: choose another with "
                "--device from " +
                    device_list(all));
  }
  queue_family_ = *family;
  info_.timestamp_valid_bits = queue_families(physical_)[queue_family_].timestampValidBits;

  std::vector<std::string> extensions = request.extensions;
  memory_budget_ = has_extension(physical_, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
  if (memory_budget_) extensions.push_back(VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
  if (info_.imports_host_memory) {
    extensions.push_back(VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME);
  }
  device_ = create_device({physical_, info_}, queue_family_, extensions, debug_switches().gpuav);
  vkGetDeviceQueue(device_, queue_family_, 0, &queue_);
  set_object_name_ = reinterpret_cast<PFN_vkSetDebugUtilsObjectNameEXT>(
      vkGetInstanceProcAddr(instance(), "vkSetDebugUtilsObjectNameEXT"));
  begin_label_ = reinterpret_cast<PFN_vkCmdBeginDebugUtilsLabelEXT>(
      vkGetInstanceProcAddr(instance(), "vkCmdBeginDebugUtilsLabelEXT"));
  end_label_ = reinterpret_cast<PFN_vkCmdEndDebugUtilsLabelEXT>(
      vkGetInstanceProcAddr(instance(), "vkCmdEndDebugUtilsLabelEXT"));
  set_name(queue_, VK_OBJECT_TYPE_QUEUE, "compute queue");
}

Device::~Device() {
  wait_idle();
  vkDestroyDevice(device_, nullptr);
}

void Device::wait_idle() noexcept {
  const std::lock_guard lock(queue_mutex_);
  vkQueueWaitIdle(queue_);
}

void Device::set_name(std::uint64_t object, VkObjectType type, const std::string& name) const {
  if (!set_object_name_) return;
  if (type == VK_OBJECT_TYPE_DESCRIPTOR_SET && info_.leaks_names_of_sets) return;
  VkDebugUtilsObjectNameInfoEXT info{VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT};
  info.objectType = type;
  info.objectHandle = object;
  info.pObjectName = name.c_str();
  check(set_object_name_(device_, &info), "vkSetDebugUtilsObjectNameEXT", name);
}

void Device::begin_label(VkCommandBuffer commands, const std::string& label) const {
  if (!begin_label_) return;
  VkDebugUtilsLabelEXT info{VK_STRUCTURE_TYPE_DEBUG_UTILS_LABEL_EXT};
  info.pLabelName = label.c_str();
  begin_label_(commands, &info);
}

void Device::end_label(VkCommandBuffer commands) const {
  if (end_label_) end_label_(commands);
}

VkDeviceSize Device::memory_available(std::uint32_t heap) const {
  VkPhysicalDeviceMemoryBudgetPropertiesEXT budget{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
  VkPhysicalDeviceMemoryProperties2 memory{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2,
                                           memory_budget_ ? &budget : nullptr};
  vkGetPhysicalDeviceMemoryProperties2(physical_, &memory);
  const VkDeviceSize limit =
      memory_budget_ ? budget.heapBudget[heap] : memory.memoryProperties.memoryHeaps[heap].size;
  const VkDeviceSize used = memory_budget_ ? budget.heapUsage[heap] : memory_in_use();
  return limit - std::min(limit, used);
}

}  // namespace impasto::gpu
