#include "engine/gpu/handle.h"

#include "engine/base/error.h"

namespace impasto::gpu {

std::string result_name(VkResult result) {
  switch (result) {
#define NAME(code) \
  case code:       \
    return #code;
    NAME(VK_SUCCESS)
    NAME(VK_NOT_READY)
    NAME(VK_TIMEOUT)
    NAME(VK_INCOMPLETE)
    NAME(VK_ERROR_OUT_OF_HOST_MEMORY)
    NAME(VK_ERROR_OUT_OF_DEVICE_MEMORY)
    NAME(VK_ERROR_INITIALIZATION_FAILED)
    NAME(VK_ERROR_DEVICE_LOST)
    NAME(VK_ERROR_MEMORY_MAP_FAILED)
    NAME(VK_ERROR_LAYER_NOT_PRESENT)
    NAME(VK_ERROR_EXTENSION_NOT_PRESENT)
    NAME(VK_ERROR_FEATURE_NOT_PRESENT)
    NAME(VK_ERROR_INCOMPATIBLE_DRIVER)
    NAME(VK_ERROR_TOO_MANY_OBJECTS)
    NAME(VK_ERROR_FORMAT_NOT_SUPPORTED)
    NAME(VK_ERROR_FRAGMENTED_POOL)
    NAME(VK_ERROR_FRAGMENTATION)
    NAME(VK_ERROR_OUT_OF_POOL_MEMORY)
    NAME(VK_ERROR_INVALID_SHADER_NV)
    NAME(VK_ERROR_SURFACE_LOST_KHR)
    NAME(VK_ERROR_NATIVE_WINDOW_IN_USE_KHR)
    NAME(VK_ERROR_OUT_OF_DATE_KHR)
    NAME(VK_SUBOPTIMAL_KHR)
    NAME(VK_ERROR_UNKNOWN)
#undef NAME
    default:
      return "VkResult " + std::to_string(static_cast<int>(result));
  }
}

namespace {

const char* advice(VkResult result) {
  switch (result) {
    case VK_ERROR_INCOMPATIBLE_DRIVER:
    case VK_ERROR_INITIALIZATION_FAILED:
      return "no working Vulkan driver: install the graphics card's, or the software one (Debian: "
             "apt install mesa-vulkan-drivers), and check VK_ICD_FILENAMES if it is set";
    case VK_ERROR_OUT_OF_HOST_MEMORY:
      return "the system's memory is full: close other programs or choose a smaller --height";
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
      return "the device's memory is full: close other programs or choose a smaller --height";
    case VK_ERROR_DEVICE_LOST:
      return "the device stopped working or was reset: start again, and look into the system log "
             "or choose another --device if it happens again";
    case VK_ERROR_LAYER_NOT_PRESENT:
      return "a layer is missing: check VK_INSTANCE_LAYERS if it is set (Debian: apt install "
             "vulkan-validationlayers)";
    case VK_ERROR_EXTENSION_NOT_PRESENT:
    case VK_ERROR_FEATURE_NOT_PRESENT:
      return "the driver lacks it: update the driver or choose another --device";
    default:
      return "update the driver or choose another --device";
  }
}

}  // namespace

void check(VkResult result, const char* call, const std::string& what) {
  if (result >= 0) return;
  throw Error(ExitCode::gpu, std::string(call) + (what.empty() ? "" : " for " + what) +
                                 " failed with " + result_name(result) + ": " + advice(result));
}

}  // namespace impasto::gpu
