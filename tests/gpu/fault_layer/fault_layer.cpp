// A Vulkan layer that makes the Nth call of one function return an error, without passing it on:
// IMPASTO_FAULT="vkQueueSubmit2:3:VK_ERROR_DEVICE_LOST". Read when an instance is created, which
// also sets the count to zero where the text is another one. To cover a function: its name in
// FUNCTIONS. Devices share the count; all of them must be of one driver. With IMPASTO_FAULT_COUNTS
// a process that ends writes into that file how often each function was called and how many errors
// were returned: lines "vkQueueSubmit2 12 1".
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <string>

namespace {

// clang-format off
#define FUNCTIONS(F) \
  F(vkAcquireNextImageKHR) F(vkAllocateCommandBuffers) F(vkAllocateDescriptorSets) \
  F(vkAllocateMemory) F(vkBindImageMemory) F(vkCreateGraphicsPipelines) F(vkCreateImage) \
  F(vkCreateImageView) F(vkCreateSampler) F(vkCreateSwapchainKHR) F(vkGetSwapchainImagesKHR) \
  F(vkQueuePresentKHR) F(vkResetCommandPool) \
  F(vkBeginCommandBuffer) F(vkBindBufferMemory) F(vkCreateBuffer) F(vkCreateBufferView) \
  F(vkCreateCommandPool) F(vkCreateComputePipelines) F(vkCreateDescriptorPool) \
  F(vkCreateDescriptorSetLayout) F(vkCreatePipelineCache) F(vkCreatePipelineLayout) \
  F(vkCreateQueryPool) F(vkCreateSemaphore) F(vkCreateShaderModule) F(vkEndCommandBuffer) \
  F(vkGetQueryPoolResults) F(vkGetSemaphoreCounterValue) F(vkMapMemory) F(vkQueueSubmit2) \
  F(vkQueueWaitIdle) F(vkWaitSemaphores)
// clang-format on

const std::map<std::string, VkResult> results = {
    {"VK_ERROR_OUT_OF_HOST_MEMORY", VK_ERROR_OUT_OF_HOST_MEMORY},
    {"VK_ERROR_OUT_OF_DEVICE_MEMORY", VK_ERROR_OUT_OF_DEVICE_MEMORY},
    {"VK_ERROR_INITIALIZATION_FAILED", VK_ERROR_INITIALIZATION_FAILED},
    {"VK_ERROR_DEVICE_LOST", VK_ERROR_DEVICE_LOST},
    {"VK_ERROR_MEMORY_MAP_FAILED", VK_ERROR_MEMORY_MAP_FAILED},
    {"VK_ERROR_OUT_OF_DATE_KHR", VK_ERROR_OUT_OF_DATE_KHR},
    {"VK_ERROR_SURFACE_LOST_KHR", VK_ERROR_SURFACE_LOST_KHR},
    {"VK_SUBOPTIMAL_KHR", VK_SUBOPTIMAL_KHR},
};

std::string fault_text;
std::string fault_function;
int fault_call = 0;  // counted from 1
VkResult fault_result = VK_SUCCESS;
std::atomic<int> calls = 0;

void read_environment() {
  const char* text = std::getenv("IMPASTO_FAULT");
  const std::string fault = text ? text : "";
  if (fault == fault_text) return;
  fault_text = fault;
  const std::size_t first = fault.find(':');
  const std::size_t second = fault.find(':', first + 1);
  fault_function.clear();
  calls = 0;
  if (second == std::string::npos) return;
  fault_function = fault.substr(0, first);
  fault_call = std::atoi(fault.c_str() + first + 1);
  fault_result = results.at(fault.substr(second + 1));
}

struct Count {
  int calls = 0;
  int faults = 0;
};
struct Counts {
  std::mutex mutex;
  std::map<std::string, Count> of_functions;
  ~Counts() {
    const char* path = std::getenv("IMPASTO_FAULT_COUNTS");
    if (!path) return;
    std::ofstream file(path);
    for (const auto& [name, count] : of_functions) {
      file << name << ' ' << count.calls << ' ' << count.faults << '\n';
    }
  }
} counts;

bool fails(const char* function) {
  const bool faulty = fault_function == function && ++calls == fault_call;
  const std::lock_guard lock(counts.mutex);
  Count& count = counts.of_functions[function];
  ++count.calls;
  if (faulty) ++count.faults;
  return faulty;
}

template <class Function>
struct Hook;
template <class... Arguments>
struct Hook<VkResult (*)(Arguments...)> {
  template <const char* const* name>
  struct Of {
    static inline VkResult (*next)(Arguments...) = nullptr;
    static VkResult call(Arguments... arguments) {
      const bool faulty = fails(*name);
      if (faulty && fault_result < 0) return fault_result;
      // A code of success says something of what was done: it must be done.
      const VkResult result = next(arguments...);
      return faulty && result == VK_SUCCESS ? fault_result : result;
    }
  };
};

// The names have static storage, so that they can be template arguments.
#define NAME(function) constexpr const char* name_##function = #function;
FUNCTIONS(NAME)
#define HOOK(function) Hook<PFN_##function>::Of<&name_##function>

PFN_vkGetInstanceProcAddr next_instance_proc = nullptr;
PFN_vkGetDeviceProcAddr next_device_proc = nullptr;
VkInstance instance_of_devices = VK_NULL_HANDLE;

// The loader's own structure in the chain: which layer comes next.
template <class Info>
Info* find_link(const void* next, VkStructureType type) {
  for (auto* info = static_cast<Info*>(const_cast<void*>(next)); info;
       info = static_cast<Info*>(const_cast<void*>(info->pNext))) {
    if (info->sType == type && info->function == VK_LAYER_LINK_INFO) return info;
  }
  return nullptr;
}

VkResult create_instance(const VkInstanceCreateInfo* info, const VkAllocationCallbacks* allocator,
                         VkInstance* instance) {
  read_environment();
  if (fails("vkCreateInstance")) return fault_result;
  auto* link = find_link<VkLayerInstanceCreateInfo>(info->pNext,
                                                    VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO);
  next_instance_proc = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
  link->u.pLayerInfo = link->u.pLayerInfo->pNext;
  const auto create = reinterpret_cast<PFN_vkCreateInstance>(
      next_instance_proc(VK_NULL_HANDLE, "vkCreateInstance"));
  const VkResult result = create(info, allocator, instance);
  if (result == VK_SUCCESS) instance_of_devices = *instance;
  return result;
}

VkResult enumerate_devices(VkInstance instance, std::uint32_t* count, VkPhysicalDevice* devices) {
  if (fails("vkEnumeratePhysicalDevices")) return fault_result;
  return reinterpret_cast<PFN_vkEnumeratePhysicalDevices>(
      next_instance_proc(instance, "vkEnumeratePhysicalDevices"))(instance, count, devices);
}

VkResult surface_capabilities(VkPhysicalDevice physical, VkSurfaceKHR surface,
                              VkSurfaceCapabilitiesKHR* capabilities) {
  const char* name = "vkGetPhysicalDeviceSurfaceCapabilitiesKHR";
  if (fails(name)) return fault_result;
  return reinterpret_cast<PFN_vkGetPhysicalDeviceSurfaceCapabilitiesKHR>(
      next_instance_proc(instance_of_devices, name))(physical, surface, capabilities);
}

VkResult create_device(VkPhysicalDevice physical, const VkDeviceCreateInfo* info,
                       const VkAllocationCallbacks* allocator, VkDevice* device) {
  if (fails("vkCreateDevice")) return fault_result;
  auto* link =
      find_link<VkLayerDeviceCreateInfo>(info->pNext, VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO);
  const auto next_proc = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
  next_device_proc = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
  link->u.pLayerInfo = link->u.pLayerInfo->pNext;
  const auto create =
      reinterpret_cast<PFN_vkCreateDevice>(next_proc(instance_of_devices, "vkCreateDevice"));
  const VkResult result = create(physical, info, allocator, device);
  if (result != VK_SUCCESS) return result;
#define RESOLVE(function)                                                                 \
  if (const auto next = next_device_proc(*device, #function)) { /* its extension is on */ \
    HOOK(function)::next = reinterpret_cast<PFN_##function>(next);                        \
  }
  FUNCTIONS(RESOLVE)
  return VK_SUCCESS;
}

PFN_vkVoidFunction device_proc(VkDevice device, const char* name) {
#define FIND(function)               \
  if (!std::strcmp(name, #function)) \
    return reinterpret_cast<PFN_vkVoidFunction>(HOOK(function)::call);
  FUNCTIONS(FIND)
  if (!std::strcmp(name, "vkGetDeviceProcAddr")) {
    return reinterpret_cast<PFN_vkVoidFunction>(device_proc);
  }
  return next_device_proc(device, name);
}

PFN_vkVoidFunction instance_proc(VkInstance instance, const char* name) {
  const std::map<std::string, PFN_vkVoidFunction> own = {
      {"vkGetInstanceProcAddr", reinterpret_cast<PFN_vkVoidFunction>(instance_proc)},
      {"vkGetDeviceProcAddr", reinterpret_cast<PFN_vkVoidFunction>(device_proc)},
      {"vkCreateInstance", reinterpret_cast<PFN_vkVoidFunction>(create_instance)},
      {"vkEnumeratePhysicalDevices", reinterpret_cast<PFN_vkVoidFunction>(enumerate_devices)},
      {"vkCreateDevice", reinterpret_cast<PFN_vkVoidFunction>(create_device)},
      {"vkGetPhysicalDeviceSurfaceCapabilitiesKHR",
       reinterpret_cast<PFN_vkVoidFunction>(surface_capabilities)},
  };
  const auto found = own.find(name);
  return found != own.end() ? found->second : next_instance_proc(instance, name);
}

}  // namespace

extern "C" VKAPI_ATTR VkResult VKAPI_CALL
vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface* version) {
  version->loaderLayerInterfaceVersion = 2;
  version->pfnGetInstanceProcAddr = instance_proc;
  version->pfnGetDeviceProcAddr = device_proc;
  version->pfnGetPhysicalDeviceProcAddr = nullptr;
  return VK_SUCCESS;
}
