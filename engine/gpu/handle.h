// Owns: the one RAII wrapper of what a Vulkan device creates, and the check of every VkResult.
// Depends on: Vulkan, base/error.h.
#pragma once

#include <vulkan/vulkan.h>

#include <string>
#include <utility>

namespace impasto::gpu {

/// Sole owner of a device's object; the device must outlive it.
template <class T, auto Destroy>
class Handle {
 public:
  Handle() = default;
  Handle(VkDevice device, T value) : device_(device), value_(value) {}
  Handle(Handle&& other) noexcept { swap(other); }
  Handle& operator=(Handle&& other) noexcept { return swap(other), *this; }
  ~Handle() {
    if (value_ != VK_NULL_HANDLE) Destroy(device_, value_, nullptr);
  }
  T get() const { return value_; }

 private:
  void swap(Handle& other) {
    std::swap(device_, other.device_);
    std::swap(value_, other.value_);
  }
  VkDevice device_ = VK_NULL_HANDLE;
  T value_ = VK_NULL_HANDLE;
};

/// "VK_ERROR_DEVICE_LOST" and so on.
std::string result_name(VkResult result);

/// Throws Error{gpu} for a negative result: the call, what it was for, the result's name, and what
/// the user can do. Codes that are not errors (VK_TIMEOUT, VK_INCOMPLETE) pass.
void check(VkResult result, const char* call, const std::string& what = {});

}  // namespace impasto::gpu
