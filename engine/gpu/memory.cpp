#include "engine/gpu/memory.h"

#include <cassert>
#include <cstdio>
#include <initializer_list>
#include <optional>

#include "engine/base/error.h"

namespace impasto::gpu {

namespace {

std::string megabytes(VkDeviceSize bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f MB", static_cast<double>(bytes) / 1e6);
  return text;
}

// The best first. A coherent, host visible type is in every device.
std::initializer_list<VkMemoryPropertyFlags> preferences(MemoryUse use) {
  constexpr VkMemoryPropertyFlags host =
      VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  static constexpr std::initializer_list<VkMemoryPropertyFlags> device = {
      VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0};
  static constexpr std::initializer_list<VkMemoryPropertyFlags> upload = {host};
  static constexpr std::initializer_list<VkMemoryPropertyFlags> read_back = {
      host | VK_MEMORY_PROPERTY_HOST_CACHED_BIT, host};
  switch (use) {
    case MemoryUse::device:
      return device;
    case MemoryUse::upload:
      return upload;
    case MemoryUse::read_back:
      break;
  }
  return read_back;
}

std::uint32_t choose_memory_type(const VkPhysicalDeviceMemoryProperties& memory,
                                 std::uint32_t allowed, MemoryUse use) {
  for (VkMemoryPropertyFlags wanted : preferences(use)) {
    for (std::uint32_t type = 0; type < memory.memoryTypeCount; ++type) {
      const VkMemoryPropertyFlags flags = memory.memoryTypes[type].propertyFlags;
      if ((allowed >> type & 1) && (flags & wanted) == wanted) return type;
    }
  }
  throw Error(ExitCode::gpu,
              "the device has no memory for buffers: update the driver or choose another --device");
}

void refuse(const std::string& name, VkDeviceSize size, const std::string& why) {
  throw Error(ExitCode::gpu, "the buffer '" + name + "' needs " + megabytes(size) + ", but " + why +
                                 ": choose a smaller --height or another --device");
}

void check_limit(const Device& device, VkDeviceSize size, const std::string& name) {
  const VkDeviceSize limit = device.info().max_memory_allocation_size;
  if (size > limit) refuse(name, size, "the device allocates at most " + megabytes(limit));
}

}  // namespace

Buffer::Buffer(Device& device, VkDeviceSize size, MemoryUse use, const std::string& name) {
  assert(size > 0);
  check_limit(device, size, name);
  size_ = size;

  VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
  info.size = size;
  info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT |
               VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;
  if (use == MemoryUse::upload) {
    info.usage |= VK_BUFFER_USAGE_VERTEX_BUFFER_BIT | VK_BUFFER_USAGE_INDEX_BUFFER_BIT;
  }
  VkBuffer buffer = VK_NULL_HANDLE;
  check(vkCreateBuffer(device.get(), &info, nullptr, &buffer), "vkCreateBuffer", name);
  buffer_ = {device.get(), buffer};
  device.set_name(buffer, VK_OBJECT_TYPE_BUFFER, name);

  VkMemoryRequirements needs;
  vkGetBufferMemoryRequirements(device.get(), buffer, &needs);
  check_limit(device, needs.size, name);
  VkPhysicalDeviceMemoryProperties types;
  vkGetPhysicalDeviceMemoryProperties(device.physical(), &types);
  VkMemoryAllocateInfo allocate{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
  allocate.allocationSize = needs.size;
  allocate.memoryTypeIndex = choose_memory_type(types, needs.memoryTypeBits, use);
  const VkDeviceSize left =
      device.memory_available(types.memoryTypes[allocate.memoryTypeIndex].heapIndex);
  if (needs.size > left) refuse(name, needs.size, "the device has " + megabytes(left) + " left");

  VkDeviceMemory memory = VK_NULL_HANDLE;
  check(vkAllocateMemory(device.get(), &allocate, nullptr, &memory), "vkAllocateMemory",
        name + " (" + megabytes(needs.size) + ")");
  memory_ = {device.get(), memory};
  device.set_name(memory, VK_OBJECT_TYPE_DEVICE_MEMORY, name);
  check(vkBindBufferMemory(device.get(), buffer, memory, 0), "vkBindBufferMemory", name);
  if (use != MemoryUse::device) {
    void* mapped = nullptr;  // stays mapped; freeing the memory unmaps it
    check(vkMapMemory(device.get(), memory, 0, VK_WHOLE_SIZE, 0, &mapped), "vkMapMemory", name);
    mapped_ = static_cast<std::byte*>(mapped);
  }
  account_ = {device, needs.size};
  ++device.allocations;
}

}  // namespace impasto::gpu
