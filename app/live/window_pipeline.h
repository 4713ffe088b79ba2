// Owns: the one graphics pipeline, and drawing Dear ImGui's lists with it. Depends on: gpu, ImGui,
// window_textures.h. Internal to window_*. Everything that the window shows is a draw list: the
// panel, the thumbnails, and the picture under them.
#pragma once

#include <vulkan/vulkan.h>

#include "app/live/window_textures.h"
#include "engine/gpu/memory.h"

struct ImDrawData;

namespace impasto::live {

class WindowPipeline {
 public:
  WindowPipeline(gpu::Device& device, VkDescriptorSetLayout set_layout, VkFormat target);

  /// Bytes of vertices and indices, which draw() puts at the start of `buffer`.
  static VkDeviceSize buffer_bytes(const ImDrawData& data);
  /// Inside a rendering of `extent` pixels.
  void draw(VkCommandBuffer commands, const ImDrawData& data, VkExtent2D extent,
            const WindowTextures& textures, gpu::Buffer& buffer) const;

 private:
  gpu::Handle<VkPipelineLayout, vkDestroyPipelineLayout> layout_;
  gpu::Handle<VkPipeline, vkDestroyPipeline> pipeline_;
};

}  // namespace impasto::live
