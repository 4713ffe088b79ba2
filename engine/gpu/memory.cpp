#include "engine/gpu/memory.h"

#include <sys/mman.h>
#include <unistd.h>

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

HostMemory::HostMemory(std::size_t size) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  size_ = (size + page - 1) / page * page;
  void* mapped = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) {
    throw Error(ExitCode::gpu, "no " + megabytes(size) +
                                   " of memory are left: choose a smaller --height or close "
                                   "other programs");
  }
  madvise(mapped, size_, MADV_HUGEPAGE);  // a kernel walks along many planes at once
  data_ = static_cast<std::byte*>(mapped);
}

HostMemory::~HostMemory() {
  munmap(data_, size_);
}

void Buffer::create(Device& device, VkDeviceSize size, MemoryUse use, const void* next,
                    const std::string& name) {
  assert(size > 0);
  check_limit(device, size, name);
  size_ = size;
  VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, next};
  info.size = size;
  info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT |
               VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;
  if (use == MemoryUse::upload) {
    info.usage |= VK_BUFFER_USAGE_VERTEX_BUFFER_BIT | VK_BUFFER_USAGE_INDEX_BUFFER_BIT;
  }
  if (use == MemoryUse::device) info.usage |= VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT;
  VkBuffer buffer = VK_NULL_HANDLE;
  check(vkCreateBuffer(device.get(), &info, nullptr, &buffer), "vkCreateBuffer", name);
  buffer_ = {device.get(), buffer};
  device.set_name(buffer, VK_OBJECT_TYPE_BUFFER, name);
}

void Buffer::allocate(Device& device, const VkMemoryAllocateInfo& info, const std::string& name) {
  VkDeviceMemory memory = VK_NULL_HANDLE;
  check(vkAllocateMemory(device.get(), &info, nullptr, &memory), "vkAllocateMemory",
        name + " (" + megabytes(info.allocationSize) + ")");
  memory_ = {device.get(), memory};
  device.set_name(memory, VK_OBJECT_TYPE_DEVICE_MEMORY, name);
  check(vkBindBufferMemory(device.get(), buffer_.get(), memory, 0), "vkBindBufferMemory", name);
  ++device.allocations;
}

Buffer::Buffer(Device& device, VkDeviceSize size, MemoryUse use, const std::string& name) {
  create(device, size, use, nullptr, name);
  VkMemoryRequirements needs;
  vkGetBufferMemoryRequirements(device.get(), buffer_.get(), &needs);
  check_limit(device, needs.size, name);
  VkPhysicalDeviceMemoryProperties types;
  vkGetPhysicalDeviceMemoryProperties(device.physical(), &types);
  VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
  info.allocationSize = needs.size;
  info.memoryTypeIndex = choose_memory_type(types, needs.memoryTypeBits, use);
  const VkDeviceSize left =
      device.memory_available(types.memoryTypes[info.memoryTypeIndex].heapIndex);
  if (needs.size > left) refuse(name, needs.size, "the device has " + megabytes(left) + " left");
  allocate(device, info, name);
  if (use != MemoryUse::device) {
    void* mapped = nullptr;  // stays mapped; freeing the memory unmaps it
    check(vkMapMemory(device.get(), memory_.get(), 0, VK_WHOLE_SIZE, 0, &mapped), "vkMapMemory",
          name);
    mapped_ = static_cast<std::byte*>(mapped);
  }
  account_ = {device, needs.size};
}

Buffer::Buffer(Device& device, VkDeviceSize size, std::shared_ptr<const HostMemory> memory,
               const std::string& name)
    : host_memory_(std::move(memory)) {
  assert(size <= host_memory_->size());
  constexpr auto kind = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT;
  const VkExternalMemoryBufferCreateInfo external{
      VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO, nullptr, kind};
  create(device, size, MemoryUse::device, &external, name);
  VkMemoryRequirements needs;
  vkGetBufferMemoryRequirements(device.get(), buffer_.get(), &needs);
  VkMemoryHostPointerPropertiesEXT pointer{VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT};
  const auto ask = reinterpret_cast<PFN_vkGetMemoryHostPointerPropertiesEXT>(
      vkGetDeviceProcAddr(device.get(), "vkGetMemoryHostPointerPropertiesEXT"));
  check(ask(device.get(), kind, host_memory_->data(), &pointer),
        "vkGetMemoryHostPointerPropertiesEXT", name);
  VkPhysicalDeviceMemoryProperties types;
  vkGetPhysicalDeviceMemoryProperties(device.physical(), &types);
  const VkImportMemoryHostPointerInfoEXT import{
      VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT, nullptr, kind, host_memory_->data()};
  VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, &import};
  info.allocationSize = host_memory_->size();
  info.memoryTypeIndex =
      choose_memory_type(types, needs.memoryTypeBits & pointer.memoryTypeBits, MemoryUse::device);
  allocate(device, info, name);
  account_ = {device, info.allocationSize};
}

}  // namespace impasto::gpu
