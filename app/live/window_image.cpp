#include "app/live/window_image.h"

#include "engine/base/error.h"

namespace impasto::live {
namespace {

std::uint32_t device_memory_type(const gpu::Device& device, std::uint32_t allowed) {
  VkPhysicalDeviceMemoryProperties memory;
  vkGetPhysicalDeviceMemoryProperties(device.physical(), &memory);
  for (std::uint32_t type = 0; type < memory.memoryTypeCount; ++type) {
    const bool local = memory.memoryTypes[type].propertyFlags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
    if ((allowed >> type & 1) && local) return type;
  }
  throw Error(ExitCode::gpu, "the device has no memory for pictures: choose another --device");
}

}  // namespace

void record_transition(VkCommandBuffer commands, VkImage image, const ImageUse& before,
                       const ImageUse& after) {
  VkImageMemoryBarrier2 barrier{VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER_2};
  barrier.srcStageMask = before.stage;
  barrier.srcAccessMask = before.access;
  barrier.oldLayout = before.layout;
  barrier.dstStageMask = after.stage;
  barrier.dstAccessMask = after.access;
  barrier.newLayout = after.layout;
  barrier.srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
  barrier.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
  barrier.image = image;
  barrier.subresourceRange = whole_image;
  VkDependencyInfo info{VK_STRUCTURE_TYPE_DEPENDENCY_INFO};
  info.imageMemoryBarrierCount = 1;
  info.pImageMemoryBarriers = &barrier;
  vkCmdPipelineBarrier2(commands, &info);
}

WindowImage::WindowImage(gpu::Device& device, int width, int height)
    : width_(width), height_(height) {
  VkImageCreateInfo info{VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO};
  info.imageType = VK_IMAGE_TYPE_2D;
  info.format = VK_FORMAT_R8G8B8A8_UNORM;
  info.extent = {static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height), 1};
  info.mipLevels = 1;
  info.arrayLayers = 1;
  info.samples = VK_SAMPLE_COUNT_1_BIT;
  info.usage = VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT;
  VkImageFormatProperties limits{};
  const VkResult result = vkGetPhysicalDeviceImageFormatProperties(
      device.physical(), info.format, info.imageType, info.tiling, info.usage, 0, &limits);
  if (result < 0 || info.extent.width > limits.maxExtent.width ||
      info.extent.height > limits.maxExtent.height) {
    throw Error(ExitCode::gpu, "the device shows no picture of " + std::to_string(width) + "x" +
                                   std::to_string(height) + ": choose a smaller source");
  }
  VkImage image = VK_NULL_HANDLE;
  gpu::check(vkCreateImage(device.get(), &info, nullptr, &image), "vkCreateImage");
  image_ = {device.get(), image};
  device.set_name(image, VK_OBJECT_TYPE_IMAGE, "window picture");

  VkMemoryRequirements needs;
  vkGetImageMemoryRequirements(device.get(), image, &needs);
  VkMemoryAllocateInfo allocate{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
  allocate.allocationSize = needs.size;
  allocate.memoryTypeIndex = device_memory_type(device, needs.memoryTypeBits);
  VkDeviceMemory memory = VK_NULL_HANDLE;
  gpu::check(vkAllocateMemory(device.get(), &allocate, nullptr, &memory), "vkAllocateMemory",
             "a picture in the window");
  memory_ = {device.get(), memory};
  gpu::check(vkBindImageMemory(device.get(), image, memory, 0), "vkBindImageMemory");

  VkImageViewCreateInfo view_info{VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO};
  view_info.image = image;
  view_info.viewType = VK_IMAGE_VIEW_TYPE_2D;
  view_info.format = info.format;
  view_info.subresourceRange = whole_image;
  VkImageView view = VK_NULL_HANDLE;
  gpu::check(vkCreateImageView(device.get(), &view_info, nullptr, &view), "vkCreateImageView");
  view_ = {device.get(), view};
}

void WindowImage::record_copy(VkCommandBuffer commands, VkBuffer buffer, VkDeviceSize offset,
                              std::uint32_t pitch) {
  const ImageUse copied{VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT, VK_ACCESS_2_TRANSFER_WRITE_BIT,
                        VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL};
  // Its old content goes; what still reads it has to finish.
  record_transition(commands, image_.get(), {VK_PIPELINE_STAGE_2_FRAGMENT_SHADER_BIT}, copied);
  VkBufferImageCopy region{};
  region.bufferOffset = offset;
  region.bufferRowLength = pitch / 4;
  region.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
  region.imageExtent = {static_cast<std::uint32_t>(width_), static_cast<std::uint32_t>(height_), 1};
  vkCmdCopyBufferToImage(commands, buffer, image_.get(), VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1,
                         &region);
  record_transition(commands, image_.get(), copied,
                    {VK_PIPELINE_STAGE_2_FRAGMENT_SHADER_BIT, VK_ACCESS_2_SHADER_SAMPLED_READ_BIT,
                     VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL});
}

}  // namespace impasto::live
