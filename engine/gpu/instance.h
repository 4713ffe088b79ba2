// Owns: the Vulkan instance, the validation layers and their messages.
// Depends on: Vulkan, base. IMPASTO_DEBUG=validate,sync,gpuav switches validation on (sync and
// gpuav imply validate); the messages go to stderr and are counted.
#pragma once

#include <vulkan/vulkan.h>

#include <cstdint>
#include <string>
#include <vector>

namespace impasto::gpu {

/// Messages of the validation layers in this process, since its start.
struct ValidationMessages {
  std::uint64_t errors = 0;
  std::uint64_t warnings = 0;
  bool operator==(const ValidationMessages&) const = default;
};
ValidationMessages validation_messages();

/// While it lives: how many threads a CPU driver gives the dispatches of instances made meanwhile;
/// 0: none, they run on the thread of their queue. Else a driver takes as many as there are cores.
/// Reaches drivers with DeviceInfo::obeys_thread_count, through the environment of the process; one
/// at a time.
class DriverThreads {
 public:
  explicit DriverThreads(unsigned threads);
  ~DriverThreads();
  DriverThreads(const DriverThreads&) = delete;
  DriverThreads& operator=(const DriverThreads&) = delete;
  /// False: the user has set the variable, which stays as it is.
  bool in_effect() const { return in_effect_; }

 private:
  bool in_effect_;
};

class Instance {
 public:
  /// `extensions`: what a window system asks for. Throws Error{gpu} where there is no driver, an
  /// extension is missing, or validation was asked for and is not installed.
  explicit Instance(const std::vector<std::string>& extensions = {});
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  VkInstance get() const { return instance_; }
  /// In the driver's order; at least one, else throws Error{gpu}.
  std::vector<VkPhysicalDevice> physical_devices() const;

 private:
  VkInstance instance_ = VK_NULL_HANDLE;
  VkDebugUtilsMessengerEXT messenger_ = VK_NULL_HANDLE;
};

}  // namespace impasto::gpu
