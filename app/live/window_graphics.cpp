#include "app/live/window_graphics.h"

#define GLFW_INCLUDE_VULKAN
#include <GLFW/glfw3.h>
#include <imgui.h>

#include <algorithm>

#include "engine/base/error.h"

namespace impasto::live {
namespace {

std::shared_ptr<gpu::Device> open_device(const std::string& selector) {
  std::uint32_t count = 0;
  const char** names = glfwGetRequiredInstanceExtensions(&count);
  if (!names) {
    throw Error(ExitCode::gpu,
                "no Vulkan driver can show a window on this display: install the graphics card's, "
                "or the software one (Debian: apt install mesa-vulkan-drivers)");
  }
  gpu::DeviceRequest request;
  request.selector = selector;
  request.instance =
      std::make_shared<gpu::Instance>(std::vector<std::string>(names, names + count));
  request.extensions = {VK_KHR_SWAPCHAIN_EXTENSION_NAME};
  const VkInstance instance = request.instance->get();
  request.accepts = [instance](VkPhysicalDevice physical, std::uint32_t family) {
    std::uint32_t families = 0;
    vkGetPhysicalDeviceQueueFamilyProperties(physical, &families, nullptr);
    std::vector<VkQueueFamilyProperties> all(families);
    vkGetPhysicalDeviceQueueFamilyProperties(physical, &families, all.data());
    return (all[family].queueFlags & VK_QUEUE_GRAPHICS_BIT) &&
           glfwGetPhysicalDevicePresentationSupport(instance, physical, family) == GLFW_TRUE;
  };
  return std::make_shared<gpu::Device>(request);
}

}  // namespace

WindowGraphics::WindowGraphics(GLFWwindow* window, const std::string& device)
    : device_(open_device(device)),
      swapchain_(std::make_unique<WindowSwapchain>(*device_, window)),
      textures_(std::make_unique<WindowTextures>(*device_)),
      pipeline_(std::make_unique<WindowPipeline>(*device_, textures_->set_layout(),
                                                 swapchain_->format())),
      timeline_(std::make_unique<gpu::Timeline>(*device_)) {
  for (Frame& frame : frames_) frame = make_frame();
}

WindowGraphics::~WindowGraphics() {
  device_->wait_idle();
}

WindowGraphics::Frame WindowGraphics::make_frame() {
  Frame frame;
  VkCommandPoolCreateInfo pool_info{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
  pool_info.flags = VK_COMMAND_POOL_CREATE_TRANSIENT_BIT;
  pool_info.queueFamilyIndex = device_->queue_family();
  VkCommandPool pool = VK_NULL_HANDLE;
  gpu::check(vkCreateCommandPool(device_->get(), &pool_info, nullptr, &pool), "vkCreateCommandPool",
             "the window");
  frame.pool = {device_->get(), pool};
  VkCommandBufferAllocateInfo allocate{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
  allocate.commandPool = pool;
  allocate.commandBufferCount = 1;
  gpu::check(vkAllocateCommandBuffers(device_->get(), &allocate, &frame.commands),
             "vkAllocateCommandBuffers", "the window");
  device_->set_name(frame.commands, VK_OBJECT_TYPE_COMMAND_BUFFER, "window");
  frame.acquired = make_semaphore(*device_);
  return frame;
}

void WindowGraphics::fit_buffer(Frame& frame, VkDeviceSize bytes) {
  if (frame.buffer.size() >= bytes) return;
  frame.buffer = {};
  frame.buffer = gpu::Buffer(*device_, bytes + bytes / 2, gpu::MemoryUse::upload, "window");
}

void WindowGraphics::record(Frame& frame, const ImDrawData& data, std::uint32_t image) {
  gpu::check(vkResetCommandPool(device_->get(), frame.pool.get(), 0), "vkResetCommandPool");
  VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
  begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
  VkCommandBuffer commands = frame.commands;
  gpu::check(vkBeginCommandBuffer(commands, &begin), "vkBeginCommandBuffer", "the window");

  // A picture on this device was copied to where it lies by an earlier submit.
  VkMemoryBarrier2 copied{VK_STRUCTURE_TYPE_MEMORY_BARRIER_2};
  copied.srcStageMask = copied.dstStageMask = VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT;
  copied.srcAccessMask = VK_ACCESS_2_TRANSFER_WRITE_BIT;
  copied.dstAccessMask = VK_ACCESS_2_TRANSFER_READ_BIT;
  VkDependencyInfo dependency{VK_STRUCTURE_TYPE_DEPENDENCY_INFO};
  dependency.memoryBarrierCount = 1;
  dependency.pMemoryBarriers = &copied;
  vkCmdPipelineBarrier2(commands, &dependency);
  textures_->record(commands, frame.buffer, WindowPipeline::buffer_bytes(data));

  const ImageUse drawn{
      VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT,
      VK_ACCESS_2_COLOR_ATTACHMENT_WRITE_BIT | VK_ACCESS_2_COLOR_ATTACHMENT_READ_BIT,
      VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL};
  // The semaphore of the acquisition is waited for at this stage.
  record_transition(commands, swapchain_->image(image),
                    {VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT}, drawn);
  VkRenderingAttachmentInfo target{VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO};
  target.imageView = swapchain_->view(image);
  target.imageLayout = drawn.layout;
  target.loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR;
  target.storeOp = VK_ATTACHMENT_STORE_OP_STORE;
  target.clearValue.color = {{0, 0, 0, 1}};
  VkRenderingInfo rendering{VK_STRUCTURE_TYPE_RENDERING_INFO};
  rendering.renderArea.extent = swapchain_->extent();
  rendering.layerCount = 1;
  rendering.colorAttachmentCount = 1;
  rendering.pColorAttachments = &target;
  vkCmdBeginRendering(commands, &rendering);
  pipeline_->draw(commands, data, swapchain_->extent(), *textures_, frame.buffer);
  vkCmdEndRendering(commands);
  record_transition(commands, swapchain_->image(image), drawn,
                    {drawn.stage, VK_ACCESS_2_NONE, VK_IMAGE_LAYOUT_PRESENT_SRC_KHR});
  gpu::check(vkEndCommandBuffer(commands), "vkEndCommandBuffer", "the window");
}

bool WindowGraphics::draw(const ImDrawData& data) {
  Frame& frame = frames_[next_frame_];
  timeline_->wait(frame.value);
  textures_->drop(std::exchange(frame.leftover, {}));
  const std::optional<std::uint32_t> image = swapchain_->acquire(frame.acquired.get());
  if (!image) return false;
  fit_buffer(frame, WindowPipeline::buffer_bytes(data) + textures_->staging_bytes());
  record(frame, data, *image);
  frame.leftover = textures_->take_leftover();

  VkSemaphoreSubmitInfo wait{VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO};
  wait.semaphore = frame.acquired.get();
  wait.stageMask = VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT;
  VkSemaphoreSubmitInfo signal{VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO};
  signal.semaphore = swapchain_->drawn(*image);
  signal.stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT;
  frame.value = timeline_->submit({&frame.commands, 1}, {&wait, 1}, {&signal, 1});
  swapchain_->present(*image);
  next_frame_ = (next_frame_ + 1) % frame_count;
  return true;
}

}  // namespace impasto::live
