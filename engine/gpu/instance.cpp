#include "engine/gpu/instance.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "engine/base/debug.h"
#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/gpu/handle.h"

namespace impasto::gpu {

namespace {

constexpr const char* validation_layer = "VK_LAYER_KHRONOS_validation";
// Of Mesa's llvmpipe and lavapipe; empty is as if it were not there. It is there before there are
// threads: what a variable says may then change while others read the environment.
constexpr const char* thread_variable = "LP_NUM_THREADS";
[[maybe_unused]] const int added = setenv(thread_variable, "", 0);

std::atomic<std::uint64_t> error_count = 0;
std::atomic<std::uint64_t> warning_count = 0;

VKAPI_ATTR VkBool32 VKAPI_CALL on_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                          VkDebugUtilsMessageTypeFlagsEXT,
                                          const VkDebugUtilsMessengerCallbackDataEXT* data, void*) {
  const bool error = severity & VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
  ++(error ? error_count : warning_count);
  log::write(error ? log::Level::error : log::Level::warning, data->pMessage);
  return VK_FALSE;  // the call that caused it goes on
}

VkDebugUtilsMessengerCreateInfoEXT messenger_info() {
  VkDebugUtilsMessengerCreateInfoEXT info{VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT};
  info.messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
                         VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
  info.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
  info.pfnUserCallback = on_message;
  return info;
}

template <class Item, class Enumerate>
std::vector<Item> enumerate(const char* call, Enumerate function) {
  std::uint32_t count = 0;
  check(function(&count, nullptr), call);
  std::vector<Item> all(count);
  check(function(&count, all.data()), call);
  all.resize(count);
  return all;
}

bool has_layer(const char* name) {
  const auto layers = enumerate<VkLayerProperties>("vkEnumerateInstanceLayerProperties",
                                                   vkEnumerateInstanceLayerProperties);
  return std::any_of(layers.begin(), layers.end(),
                     [&](const auto& layer) { return !std::strcmp(layer.layerName, name); });
}

bool has_extension(const std::string& name) {
  const auto extensions = enumerate<VkExtensionProperties>(
      "vkEnumerateInstanceExtensionProperties",
      [](std::uint32_t* count, VkExtensionProperties* all) {
        return vkEnumerateInstanceExtensionProperties(nullptr, count, all);
      });
  return std::any_of(extensions.begin(), extensions.end(),
                     [&](const auto& extension) { return extension.extensionName == name; });
}

// Hazards between submits are behind a switch that the layer reads from the environment only.
void enable_sync_across_submits() {
  static std::once_flag once;
  std::call_once(once, [] {
    setenv("VK_LAYER_ENABLES",
           "VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT:"
           "VALIDATION_CHECK_ENABLE_SYNCHRONIZATION_VALIDATION_QUEUE_SUBMIT",
           0);
  });
}

}  // namespace

ValidationMessages validation_messages() {
  return {error_count, warning_count};
}

DriverThreads::DriverThreads(unsigned threads) : in_effect_(*std::getenv(thread_variable) == '\0') {
  if (in_effect_) setenv(thread_variable, std::to_string(threads).c_str(), 1);
}

DriverThreads::~DriverThreads() {
  if (in_effect_) setenv(thread_variable, "", 1);
}

Instance::Instance(const std::vector<std::string>& extensions) {
  const DebugSwitches& switches = debug_switches();
  const bool validate = switches.validate || switches.sync || switches.gpuav;
  if (validate && !has_layer(validation_layer)) {
    throw Error(ExitCode::gpu,
                "IMPASTO_DEBUG asks for validation, which is not installed: apt install "
                "vulkan-validationlayers, or leave it out");
  }
  if (switches.sync) enable_sync_across_submits();

  std::vector<const char*> names;
  for (const std::string& extension : extensions) {
    if (!has_extension(extension)) {
      throw Error(ExitCode::gpu, "the Vulkan drivers lack the instance extension " + extension +
                                     ": install or update the graphics card's driver");
    }
    names.push_back(extension.c_str());
  }
  const bool debug_utils = has_extension(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
  if (debug_utils) names.push_back(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);

  VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO};
  application.pApplicationName = "impasto";
  application.apiVersion = VK_API_VERSION_1_3;
  VkInstanceCreateInfo info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
  info.pApplicationInfo = &application;
  info.enabledExtensionCount = static_cast<std::uint32_t>(names.size());
  info.ppEnabledExtensionNames = names.data();

  std::vector<VkValidationFeatureEnableEXT> enables;
  if (switches.sync) {
    enables.push_back(VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT);
  }
  if (switches.gpuav) {
    enables.push_back(VK_VALIDATION_FEATURE_ENABLE_GPU_ASSISTED_EXT);
    enables.push_back(VK_VALIDATION_FEATURE_ENABLE_GPU_ASSISTED_RESERVE_BINDING_SLOT_EXT);
  }
  VkValidationFeaturesEXT features{VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT};
  features.enabledValidationFeatureCount = static_cast<std::uint32_t>(enables.size());
  features.pEnabledValidationFeatures = enables.data();
  VkDebugUtilsMessengerCreateInfoEXT messenger = messenger_info();
  if (validate) {
    info.enabledLayerCount = 1;
    info.ppEnabledLayerNames = &validation_layer;
    messenger.pNext = enables.empty() ? nullptr : &features;
    info.pNext = &messenger;  // for messages about the instance itself
  }
  check(vkCreateInstance(&info, nullptr, &instance_), "vkCreateInstance");

  if (validate && debug_utils) {
    const auto create = reinterpret_cast<PFN_vkCreateDebugUtilsMessengerEXT>(
        vkGetInstanceProcAddr(instance_, "vkCreateDebugUtilsMessengerEXT"));
    messenger = messenger_info();
    const VkResult result = create(instance_, &messenger, nullptr, &messenger_);
    if (result < 0) vkDestroyInstance(instance_, nullptr);
    check(result, "vkCreateDebugUtilsMessengerEXT");
  }
}

Instance::~Instance() {
  if (messenger_ != VK_NULL_HANDLE) {
    reinterpret_cast<PFN_vkDestroyDebugUtilsMessengerEXT>(vkGetInstanceProcAddr(
        instance_, "vkDestroyDebugUtilsMessengerEXT"))(instance_, messenger_, nullptr);
  }
  vkDestroyInstance(instance_, nullptr);
}

std::vector<VkPhysicalDevice> Instance::physical_devices() const {
  const char* call = "vkEnumeratePhysicalDevices";
  auto all = enumerate<VkPhysicalDevice>(call, [&](std::uint32_t* count, VkPhysicalDevice* each) {
    return vkEnumeratePhysicalDevices(instance_, count, each);
  });
  if (all.empty()) check(VK_ERROR_INCOMPATIBLE_DRIVER, call);
  return all;
}

}  // namespace impasto::gpu
