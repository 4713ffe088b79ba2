#include "app/live/window_textures.h"

#include <algorithm>
#include <cstring>

#include "app/live/picture_textures.h"
#include "engine/graph/frame_layout.h"

namespace impasto::live {
namespace {

constexpr std::uint32_t most_textures = 256;
constexpr std::uint64_t frames_kept = 240;  // of a bitmap that is not drawn
constexpr VkDeviceSize copy_alignment = 16;

VkDeviceSize aligned(VkDeviceSize bytes) {
  return (bytes + copy_alignment - 1) / copy_alignment * copy_alignment;
}

}  // namespace

struct WindowTextures::Copy {
  std::uint64_t id = 0;
  int width = 0;
  int height = 0;
  std::uint32_t pitch = 0;
  const void* host = nullptr;  ///< null: in `buffer`
  VkBuffer buffer = VK_NULL_HANDLE;
  VkDeviceSize offset = 0;
  VkDeviceSize bytes() const { return std::uint64_t{pitch} * static_cast<std::uint64_t>(height); }
};

WindowTextures::WindowTextures(gpu::Device& device) : device_(device) {
  VkSamplerCreateInfo sampler_info{VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO};
  sampler_info.magFilter = VK_FILTER_LINEAR;
  sampler_info.minFilter = VK_FILTER_LINEAR;
  sampler_info.addressModeU = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE;
  sampler_info.addressModeV = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE;
  sampler_info.addressModeW = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE;
  VkSampler sampler = VK_NULL_HANDLE;
  gpu::check(vkCreateSampler(device.get(), &sampler_info, nullptr, &sampler), "vkCreateSampler");
  sampler_ = {device.get(), sampler};

  VkDescriptorSetLayoutBinding binding{};
  binding.descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER;
  binding.descriptorCount = 1;
  binding.stageFlags = VK_SHADER_STAGE_FRAGMENT_BIT;
  binding.pImmutableSamplers = &sampler;
  VkDescriptorSetLayoutCreateInfo layout_info{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO};
  layout_info.bindingCount = 1;
  layout_info.pBindings = &binding;
  VkDescriptorSetLayout layout = VK_NULL_HANDLE;
  gpu::check(vkCreateDescriptorSetLayout(device.get(), &layout_info, nullptr, &layout),
             "vkCreateDescriptorSetLayout");
  layout_ = {device.get(), layout};

  const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, most_textures};
  VkDescriptorPoolCreateInfo pool_info{VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO};
  pool_info.flags = VK_DESCRIPTOR_POOL_CREATE_FREE_DESCRIPTOR_SET_BIT;
  pool_info.maxSets = most_textures;
  pool_info.poolSizeCount = 1;
  pool_info.pPoolSizes = &size;
  VkDescriptorPool pool = VK_NULL_HANDLE;
  gpu::check(vkCreateDescriptorPool(device.get(), &pool_info, nullptr, &pool),
             "vkCreateDescriptorPool");
  pool_ = {device.get(), pool};
}

std::vector<WindowTextures::Copy> WindowTextures::plan_copies() const {
  std::vector<Copy> copies;
  for (const auto& [id, bitmap] : wanted_) {
    if (textures_.contains(id)) continue;
    copies.push_back({id, bitmap->width, bitmap->height,
                      static_cast<std::uint32_t>(bitmap->width) * 4, bitmap->rgba.data()});
  }
  if (!new_picture_) return copies;
  const session::Picture& picture = *new_picture_;
  const graph::FrameLayout layout = graph::plan_layout(picture.format);
  const std::byte* host = picture.buffer->bytes().data();
  const bool shared = picture.device.get() == &device_;
  const auto add = [&](std::uint64_t id, VkDeviceSize offset) {
    offset += layout.planes[0].offset;
    copies.push_back({id, picture.format.width, picture.format.height, layout.planes[0].pitch,
                      shared ? nullptr : host + offset, picture.buffer->get(), offset});
  };
  add(result_texture, 0);
  if (picture.source_offset > 0) add(source_texture, picture.source_offset);
  return copies;
}

VkDeviceSize WindowTextures::staging_bytes() const {
  VkDeviceSize bytes = 0;
  for (const Copy& copy : plan_copies()) bytes += copy.host ? aligned(copy.bytes()) : 0;
  return bytes + copy_alignment;
}

void WindowTextures::discard(Texture& texture) {
  if (texture.set == VK_NULL_HANDLE) return;
  leftover_.images.push_back(std::move(texture.image));
  leftover_.sets.push_back(texture.set);
  texture.set = VK_NULL_HANDLE;
}

void WindowTextures::resize(Texture& texture, int width, int height) {
  if (texture.set != VK_NULL_HANDLE && texture.image.has_size(width, height)) return;
  discard(texture);
  texture.image = WindowImage(device_, width, height);
  const VkDescriptorSetLayout layout = layout_.get();
  VkDescriptorSetAllocateInfo allocate{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO};
  allocate.descriptorPool = pool_.get();
  allocate.descriptorSetCount = 1;
  allocate.pSetLayouts = &layout;
  gpu::check(vkAllocateDescriptorSets(device_.get(), &allocate, &texture.set),
             "vkAllocateDescriptorSets", "a picture in the window");
  VkDescriptorImageInfo image_info{};
  image_info.imageView = texture.image.view();
  image_info.imageLayout = VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL;
  VkWriteDescriptorSet write{VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET};
  write.dstSet = texture.set;
  write.descriptorCount = 1;
  write.descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER;
  write.pImageInfo = &image_info;
  vkUpdateDescriptorSets(device_.get(), 1, &write, 0, nullptr);
}

void WindowTextures::record(VkCommandBuffer commands, gpu::Buffer& staging, VkDeviceSize offset) {
  ++frame_;
  offset = aligned(offset);
  for (const Copy& copy : plan_copies()) {
    Texture& texture = textures_[copy.id];
    resize(texture, copy.width, copy.height);
    if (copy.host) {
      std::memcpy(staging.bytes().data() + offset, copy.host, copy.bytes());
      texture.image.record_copy(commands, staging.get(), offset, copy.pitch);
      offset += aligned(copy.bytes());
    } else {
      texture.image.record_copy(commands, copy.buffer, copy.offset, copy.pitch);
    }
  }
  if (new_picture_ && new_picture_->device.get() == &device_) {
    leftover_.picture = std::move(new_picture_);  // the copy has yet to run
  }
  new_picture_.reset();
  for (const auto& [id, bitmap] : wanted_) textures_[id].last_use = frame_;
  wanted_.clear();
  for (auto entry = textures_.begin(); entry != textures_.end();) {
    const bool old = entry->first > source_texture && entry->second.last_use + frames_kept < frame_;
    if (old) discard(entry->second);
    entry = old ? textures_.erase(entry) : std::next(entry);
  }
}

VkDescriptorSet WindowTextures::find(std::uint64_t id) const {
  const auto found = textures_.find(id);
  return found == textures_.end() ? VK_NULL_HANDLE : found->second.set;
}

WindowTextures::Leftover WindowTextures::take_leftover() {
  return std::exchange(leftover_, {});
}

void WindowTextures::drop(Leftover leftover) {
  if (leftover.sets.empty()) return;
  vkFreeDescriptorSets(device_.get(), pool_.get(), static_cast<std::uint32_t>(leftover.sets.size()),
                       leftover.sets.data());
}

}  // namespace impasto::live
