#include "app/live/window_pipeline.h"

#include <imgui.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "shaders/embedded.h"

namespace impasto::live {
namespace {

struct Push {
  float scale[2];
  float offset[2];
};

using Module = gpu::Handle<VkShaderModule, vkDestroyShaderModule>;

Module make_module(gpu::Device& device, const char* name) {
  const auto words = shaders::find_module(name);
  VkShaderModuleCreateInfo info{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
  info.codeSize = words.size_bytes();
  info.pCode = words.data();
  VkShaderModule module = VK_NULL_HANDLE;
  gpu::check(vkCreateShaderModule(device.get(), &info, nullptr, &module), "vkCreateShaderModule",
             name);
  return {device.get(), module};
}

VkPipelineShaderStageCreateInfo stage_info(VkShaderStageFlagBits stage, const Module& module) {
  VkPipelineShaderStageCreateInfo info{VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO};
  info.stage = stage;
  info.module = module.get();
  info.pName = "main";
  return info;
}

VkPipeline make_pipeline(gpu::Device& device, VkPipelineLayout layout, VkFormat target) {
  const Module vertex = make_module(device, "panel.vert");
  const Module fragment = make_module(device, "panel.frag");
  const std::array stages = {stage_info(VK_SHADER_STAGE_VERTEX_BIT, vertex),
                             stage_info(VK_SHADER_STAGE_FRAGMENT_BIT, fragment)};
  const VkVertexInputBindingDescription binding{0, sizeof(ImDrawVert), VK_VERTEX_INPUT_RATE_VERTEX};
  const std::array<VkVertexInputAttributeDescription, 3> attributes = {
      {{0, 0, VK_FORMAT_R32G32_SFLOAT, offsetof(ImDrawVert, pos)},
       {1, 0, VK_FORMAT_R32G32_SFLOAT, offsetof(ImDrawVert, uv)},
       {2, 0, VK_FORMAT_R8G8B8A8_UNORM, offsetof(ImDrawVert, col)}}};
  VkPipelineVertexInputStateCreateInfo vertices{
      VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO};
  vertices.vertexBindingDescriptionCount = 1;
  vertices.pVertexBindingDescriptions = &binding;
  vertices.vertexAttributeDescriptionCount = static_cast<std::uint32_t>(attributes.size());
  vertices.pVertexAttributeDescriptions = attributes.data();
  VkPipelineInputAssemblyStateCreateInfo assembly{
      VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO};
  assembly.topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST;
  VkPipelineViewportStateCreateInfo viewport{VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO};
  viewport.viewportCount = 1;
  viewport.scissorCount = 1;
  VkPipelineRasterizationStateCreateInfo raster{
      VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO};
  raster.lineWidth = 1;
  VkPipelineMultisampleStateCreateInfo samples{
      VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO};
  samples.rasterizationSamples = VK_SAMPLE_COUNT_1_BIT;
  VkPipelineColorBlendAttachmentState blend{};
  blend.blendEnable = VK_TRUE;
  blend.srcColorBlendFactor = VK_BLEND_FACTOR_SRC_ALPHA;
  blend.dstColorBlendFactor = VK_BLEND_FACTOR_ONE_MINUS_SRC_ALPHA;
  blend.srcAlphaBlendFactor = VK_BLEND_FACTOR_ONE;
  blend.dstAlphaBlendFactor = VK_BLEND_FACTOR_ONE_MINUS_SRC_ALPHA;
  blend.colorWriteMask = VK_COLOR_COMPONENT_R_BIT | VK_COLOR_COMPONENT_G_BIT |
                         VK_COLOR_COMPONENT_B_BIT | VK_COLOR_COMPONENT_A_BIT;
  VkPipelineColorBlendStateCreateInfo blending{
      VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO};
  blending.attachmentCount = 1;
  blending.pAttachments = &blend;
  const std::array dynamic_states = {VK_DYNAMIC_STATE_VIEWPORT, VK_DYNAMIC_STATE_SCISSOR};
  VkPipelineDynamicStateCreateInfo dynamic{VK_STRUCTURE_TYPE_PIPELINE_DYNAMIC_STATE_CREATE_INFO};
  dynamic.dynamicStateCount = static_cast<std::uint32_t>(dynamic_states.size());
  dynamic.pDynamicStates = dynamic_states.data();
  VkPipelineRenderingCreateInfo rendering{VK_STRUCTURE_TYPE_PIPELINE_RENDERING_CREATE_INFO};
  rendering.colorAttachmentCount = 1;
  rendering.pColorAttachmentFormats = &target;

  VkGraphicsPipelineCreateInfo info{VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO, &rendering};
  info.stageCount = static_cast<std::uint32_t>(stages.size());
  info.pStages = stages.data();
  info.pVertexInputState = &vertices;
  info.pInputAssemblyState = &assembly;
  info.pViewportState = &viewport;
  info.pRasterizationState = &raster;
  info.pMultisampleState = &samples;
  info.pColorBlendState = &blending;
  info.pDynamicState = &dynamic;
  info.layout = layout;
  VkPipeline pipeline = VK_NULL_HANDLE;
  gpu::check(vkCreateGraphicsPipelines(device.get(), VK_NULL_HANDLE, 1, &info, nullptr, &pipeline),
             "vkCreateGraphicsPipelines", "the panel");
  return pipeline;
}

VkDeviceSize vertex_bytes(const ImDrawData& data) {
  return static_cast<VkDeviceSize>(data.TotalVtxCount) * sizeof(ImDrawVert);
}

void upload(const ImDrawData& data, gpu::Buffer& buffer) {
  std::byte* vertex = buffer.bytes().data();
  std::byte* index = vertex + vertex_bytes(data);
  for (int i = 0; i < data.CmdListsCount; ++i) {
    const ImDrawList& list = *data.CmdLists[i];
    std::memcpy(vertex, list.VtxBuffer.Data, list.VtxBuffer.size_in_bytes());
    std::memcpy(index, list.IdxBuffer.Data, list.IdxBuffer.size_in_bytes());
    vertex += list.VtxBuffer.size_in_bytes();
    index += list.IdxBuffer.size_in_bytes();
  }
}

/// The part of a clip rectangle inside the target; empty where there is none.
VkRect2D scissor(const ImDrawData& data, const ImVec4& clip, VkExtent2D extent) {
  const auto limit = [](float value, std::uint32_t most) {
    return static_cast<std::int32_t>(std::clamp(value, 0.0F, static_cast<float>(most)));
  };
  const float scale_x = data.FramebufferScale.x;
  const float scale_y = data.FramebufferScale.y;
  const std::int32_t left = limit((clip.x - data.DisplayPos.x) * scale_x, extent.width);
  const std::int32_t top = limit((clip.y - data.DisplayPos.y) * scale_y, extent.height);
  const std::int32_t right = limit((clip.z - data.DisplayPos.x) * scale_x, extent.width);
  const std::int32_t bottom = limit((clip.w - data.DisplayPos.y) * scale_y, extent.height);
  return {{left, top},
          {static_cast<std::uint32_t>(std::max(right - left, 0)),
           static_cast<std::uint32_t>(std::max(bottom - top, 0))}};
}

}  // namespace

WindowPipeline::WindowPipeline(gpu::Device& device, VkDescriptorSetLayout set_layout,
                               VkFormat target) {
  const VkPushConstantRange push{VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof(Push)};
  VkPipelineLayoutCreateInfo info{VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
  info.setLayoutCount = 1;
  info.pSetLayouts = &set_layout;
  info.pushConstantRangeCount = 1;
  info.pPushConstantRanges = &push;
  VkPipelineLayout layout = VK_NULL_HANDLE;
  gpu::check(vkCreatePipelineLayout(device.get(), &info, nullptr, &layout),
             "vkCreatePipelineLayout", "the panel");
  layout_ = {device.get(), layout};
  pipeline_ = {device.get(), make_pipeline(device, layout, target)};
}

VkDeviceSize WindowPipeline::buffer_bytes(const ImDrawData& data) {
  return vertex_bytes(data) + static_cast<VkDeviceSize>(data.TotalIdxCount) * sizeof(ImDrawIdx);
}

void WindowPipeline::draw(VkCommandBuffer commands, const ImDrawData& data, VkExtent2D extent,
                          const WindowTextures& textures, gpu::Buffer& buffer) const {
  if (data.TotalVtxCount == 0 || data.DisplaySize.x <= 0 || data.DisplaySize.y <= 0) return;
  upload(data, buffer);
  vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipeline_.get());
  const VkViewport viewport{
      0, 0, static_cast<float>(extent.width), static_cast<float>(extent.height), 0, 1};
  vkCmdSetViewport(commands, 0, 1, &viewport);
  const VkBuffer vertices = buffer.get();
  const VkDeviceSize start = 0;
  vkCmdBindVertexBuffers(commands, 0, 1, &vertices, &start);
  static_assert(sizeof(ImDrawIdx) == 2);
  vkCmdBindIndexBuffer(commands, buffer.get(), vertex_bytes(data), VK_INDEX_TYPE_UINT16);
  Push push{{2 / data.DisplaySize.x, 2 / data.DisplaySize.y}, {}};
  push.offset[0] = -1 - data.DisplayPos.x * push.scale[0];
  push.offset[1] = -1 - data.DisplayPos.y * push.scale[1];
  vkCmdPushConstants(commands, layout_.get(), VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof push, &push);

  std::uint32_t first_index = 0;
  std::int32_t first_vertex = 0;
  for (int i = 0; i < data.CmdListsCount; ++i) {
    const ImDrawList& list = *data.CmdLists[i];
    for (const ImDrawCmd& command : list.CmdBuffer) {
      const VkRect2D clip = scissor(data, command.ClipRect, extent);
      const VkDescriptorSet set = textures.find(reinterpret_cast<std::uint64_t>(command.TextureId));
      if (clip.extent.width == 0 || clip.extent.height == 0 || set == VK_NULL_HANDLE) continue;
      vkCmdSetScissor(commands, 0, 1, &clip);
      vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, layout_.get(), 0, 1, &set,
                              0, nullptr);
      vkCmdDrawIndexed(commands, command.ElemCount, 1, first_index + command.IdxOffset,
                       first_vertex + static_cast<std::int32_t>(command.VtxOffset), 0);
    }
    first_index += static_cast<std::uint32_t>(list.IdxBuffer.Size);
    first_vertex += list.VtxBuffer.Size;
  }
}

}  // namespace impasto::live
