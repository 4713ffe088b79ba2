// Owns: one sampled picture on the device, RGBA with 8 bits. Depends on: gpu. Internal to window_*.
#pragma once

#include <vulkan/vulkan.h>

#include "engine/gpu/device.h"
#include "engine/gpu/handle.h"

namespace impasto::live {

class WindowImage {
 public:
  WindowImage() = default;
  /// Throws Error{gpu}, also where the device has no picture of that size.
  WindowImage(gpu::Device& device, int width, int height);

  bool has_size(int width, int height) const { return width_ == width && height_ == height; }
  VkImageView view() const { return view_.get(); }

  /// Replaces the whole picture by rows of `pitch` bytes that lie in `buffer` from `offset` on.
  /// Drawing that was recorded or submitted before is waited for.
  void record_copy(VkCommandBuffer commands, VkBuffer buffer, VkDeviceSize offset,
                   std::uint32_t pitch);

 private:
  int width_ = 0;
  int height_ = 0;
  gpu::Handle<VkDeviceMemory, vkFreeMemory> memory_;  // before the image: freed after it
  gpu::Handle<VkImage, vkDestroyImage> image_;
  gpu::Handle<VkImageView, vkDestroyImageView> view_;
};

/// Everything of an image that has one level, one layer and colours.
constexpr VkImageSubresourceRange whole_image{VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};

struct ImageUse {
  VkPipelineStageFlags2 stage = VK_PIPELINE_STAGE_2_NONE;
  VkAccessFlags2 access = VK_ACCESS_2_NONE;
  VkImageLayout layout = VK_IMAGE_LAYOUT_UNDEFINED;
};
void record_transition(VkCommandBuffer commands, VkImage image, const ImageUse& before,
                       const ImageUse& after);

}  // namespace impasto::live
