// Owns: the pictures that draw lists name, on the device: bitmaps, and the frame with its source.
// Depends on: gpu, bitmap.h, session's Picture. Internal to window_*. A bitmap comes to the device
// when it is first drawn and goes when it has not been drawn for a while.
#pragma once

#include <vulkan/vulkan.h>

#include <map>
#include <optional>
#include <vector>

#include "app/live/bitmap.h"
#include "app/live/window_image.h"
#include "engine/gpu/memory.h"
#include "engine/session/session.h"

namespace impasto::live {

class WindowTextures {
 public:
  explicit WindowTextures(gpu::Device& device);

  VkDescriptorSetLayout set_layout() const { return layout_.get(); }

  /// From the next record() on. A frame of the source beside it is texture `source_texture`.
  void set_picture(const session::Picture& picture) { new_picture_ = picture; }
  /// The bitmap may be drawn in the frame that is being made.
  void use(const SharedBitmap& bitmap) { wanted_[bitmap->id] = bitmap; }

  /// Bytes of host memory that record() will fill.
  VkDeviceSize staging_bytes() const;
  /// Copies what is new by way of `staging` from `offset` on.
  void record(VkCommandBuffer commands, gpu::Buffer& staging, VkDeviceSize offset);
  /// Of what was recorded; null where there is no such texture (any more).
  VkDescriptorSet find(std::uint64_t id) const;

  /// What frames in flight may still use and nobody needs afterwards; whoever takes it drops it
  /// when the frame is done.
  struct Leftover {
    std::vector<WindowImage> images;
    std::vector<VkDescriptorSet> sets;
    std::optional<session::Picture> picture;
  };
  Leftover take_leftover();
  void drop(Leftover leftover);

 private:
  struct Texture {
    WindowImage image;
    VkDescriptorSet set = VK_NULL_HANDLE;
    std::uint64_t last_use = 0;
  };
  struct Copy;
  std::vector<Copy> plan_copies() const;
  void resize(Texture& texture, int width, int height);
  void discard(Texture& texture);

  gpu::Device& device_;
  gpu::Handle<VkSampler, vkDestroySampler> sampler_;
  gpu::Handle<VkDescriptorSetLayout, vkDestroyDescriptorSetLayout> layout_;
  gpu::Handle<VkDescriptorPool, vkDestroyDescriptorPool> pool_;
  std::map<std::uint64_t, SharedBitmap> wanted_;
  std::map<std::uint64_t, Texture> textures_;
  std::optional<session::Picture> new_picture_;
  Leftover leftover_;
  std::uint64_t frame_ = 0;
};

}  // namespace impasto::live
