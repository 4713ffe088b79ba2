// Owns: the opened Vulkan device, its one queue, its memory account and the names of its objects.
// Depends on: Vulkan, base, instance.h. Everything else in this folder takes a Device& and must be
// destroyed before it. A window brings its own Instance and surface through DeviceRequest.
#pragma once

#include <vulkan/vulkan.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/gpu/device_info.h"
#include "engine/gpu/instance.h"

namespace impasto::gpu {

struct DeviceRequest {
  /// An index of list_devices() or part of a name, in any case. Empty: the best, discrete before
  /// integrated before virtual before CPU.
  std::string selector;
  /// Empty: the device makes one of its own.
  std::shared_ptr<Instance> instance;
  /// Device extensions besides our own, such as VK_KHR_swapchain.
  std::vector<std::string> extensions;
  /// Which queue family of a device will do, on top of compute; a window asks for presentation.
  std::function<bool(VkPhysicalDevice, std::uint32_t family)> accepts;
};

/// What a device was asked for since it was opened; a steady run of frames asks for submits alone.
struct DeviceCounters {
  std::uint64_t allocations = 0;
  std::uint64_t pipelines = 0;
  std::uint64_t descriptor_sets = 0;
  std::uint64_t recordings = 0;  ///< command buffers recorded
  std::uint64_t submits = 0;
};

class Device {
 public:
  /// Throws Error{gpu}: nothing fits the selector (the message lists the devices), no driver, or
  /// a device that cannot be used.
  explicit Device(const DeviceRequest& request = {});
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  const DeviceInfo& info() const { return info_; }
  VkInstance instance() const { return instance_->get(); }
  VkPhysicalDevice physical() const { return physical_; }
  VkDevice get() const { return device_; }
  std::uint32_t queue_family() const { return queue_family_; }
  VkQueue queue() const { return queue_; }
  /// Held by whoever submits to the queue or presents on it.
  std::mutex& queue_mutex() { return queue_mutex_; }

  /// Waits until the queue is idle; never throws, so that destructors may call it.
  void wait_idle() noexcept;

  /// Gives an object the name that validation messages and debuggers show.
  template <class T>
  void set_name(T object, VkObjectType type, const std::string& name) const {
    set_name(reinterpret_cast<std::uint64_t>(object), type, name);
  }
  void set_name(std::uint64_t object, VkObjectType type, const std::string& name) const;

  /// A named stretch of a command buffer, for debuggers and messages.
  void begin_label(VkCommandBuffer commands, const std::string& label) const;
  void end_label(VkCommandBuffer commands) const;

  /// Bytes held by all Buffers of this device.
  VkDeviceSize memory_in_use() const { return memory_in_use_; }
  DeviceCounters counters() const {
    return {allocations, pipelines, descriptor_sets, recordings, submits};
  }
  std::atomic<std::uint64_t> allocations = 0;  ///< these five: counted where it happens
  std::atomic<std::uint64_t> pipelines = 0;
  std::atomic<std::uint64_t> descriptor_sets = 0;
  std::atomic<std::uint64_t> recordings = 0;
  std::atomic<std::uint64_t> submits = 0;
  /// Bytes that a heap can still give: the driver's budget where it states one, else the heap's
  /// size less our own use.
  VkDeviceSize memory_available(std::uint32_t heap) const;

 private:
  friend class MemoryAccount;
  std::shared_ptr<Instance> instance_;
  DeviceInfo info_;
  VkPhysicalDevice physical_ = VK_NULL_HANDLE;
  VkDevice device_ = VK_NULL_HANDLE;
  std::uint32_t queue_family_ = 0;
  VkQueue queue_ = VK_NULL_HANDLE;
  std::mutex queue_mutex_;
  bool memory_budget_ = false;  // VK_EXT_memory_budget
  PFN_vkSetDebugUtilsObjectNameEXT set_object_name_ = nullptr;
  PFN_vkCmdBeginDebugUtilsLabelEXT begin_label_ = nullptr;
  PFN_vkCmdEndDebugUtilsLabelEXT end_label_ = nullptr;
  std::atomic<VkDeviceSize> memory_in_use_ = 0;
};

}  // namespace impasto::gpu
