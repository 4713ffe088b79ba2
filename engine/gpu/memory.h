// Owns: device memory, and memory of the process that buffers of several devices lie on. One buffer
// is one allocation: the engine has few and large ones, and suballocates them itself.
// Depends on: device.h.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "engine/gpu/device.h"
#include "engine/gpu/handle.h"

namespace impasto::gpu {

enum class MemoryUse {
  device,     ///< read and written by kernels, not mapped
  upload,     ///< mapped and coherent; the host writes it once per frame
  read_back,  ///< mapped, coherent and cached where there is such a type; the host reads it
};

/// A share of Device::memory_in_use, given back at the end.
class MemoryAccount {
 public:
  MemoryAccount() = default;
  MemoryAccount(Device& device, VkDeviceSize bytes) : device_(&device), bytes_(bytes) {
    device.memory_in_use_ += bytes;
  }
  MemoryAccount(MemoryAccount&& other) noexcept { swap(other); }
  MemoryAccount& operator=(MemoryAccount&& other) noexcept { return swap(other), *this; }
  ~MemoryAccount() {
    if (device_) device_->memory_in_use_ -= bytes_;
  }

 private:
  void swap(MemoryAccount& other) {
    std::swap(device_, other.device_);
    std::swap(bytes_, other.bytes_);
  }
  Device* device_ = nullptr;
  VkDeviceSize bytes_ = 0;
};

/// Memory of the process, its first bytes zero, that buffers may lie on which several devices of a
/// CPU driver share (DeviceInfo::imports_host_memory). Throws Error{gpu} when there is none left.
class HostMemory {
 public:
  explicit HostMemory(std::size_t size);
  ~HostMemory();
  HostMemory(const HostMemory&) = delete;
  HostMemory& operator=(const HostMemory&) = delete;
  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }  ///< whole pages

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Usable as storage buffer, uniform texel buffer, source and target of copies; upload buffers also
/// as vertices and indices of a window, device buffers for grids of dispatches. Its first bytes
/// are undefined. Movable; the device must outlive it.
class Buffer {
 public:
  Buffer() = default;
  /// Refuses with Error{gpu}, before the driver is asked, what exceeds the device's allocation
  /// limit or what its heap has left. `name` appears in messages. `size` > 0, bytes.
  Buffer(Device& device, VkDeviceSize size, MemoryUse use, const std::string& name);

  /// MemoryUse::device on memory of the host, which it keeps alive: its own, or that of another
  /// device's buffer. `size`: at most the memory's. For DeviceInfo::imports_host_memory.
  Buffer(Device& device, VkDeviceSize size, std::shared_ptr<const HostMemory> memory,
         const std::string& name);

  VkBuffer get() const { return buffer_.get(); }
  const std::shared_ptr<const HostMemory>& host_memory() const { return host_memory_; }
  VkDeviceSize size() const { return size_; }
  /// The mapped bytes; empty for MemoryUse::device. Writes made before a submit are visible to it;
  /// reads need a recorded barrier to Stage::host and a wait for the timeline.
  std::span<std::byte> bytes() const { return {mapped_, mapped_ ? size_ : 0}; }

 private:
  void create(Device& device, VkDeviceSize size, MemoryUse use, const void* next,
              const std::string& name);
  void allocate(Device& device, const VkMemoryAllocateInfo& info, const std::string& name);
  VkDeviceSize size_ = 0;
  std::byte* mapped_ = nullptr;
  std::shared_ptr<const HostMemory> host_memory_;
  MemoryAccount account_;
  Handle<VkDeviceMemory, vkFreeMemory> memory_;  // before the buffer: freed after it
  Handle<VkBuffer, vkDestroyBuffer> buffer_;
};

}  // namespace impasto::gpu
