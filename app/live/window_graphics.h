// Owns: everything of a window that dies with its device: device, swapchain, textures, pipeline,
// and the frames in flight. Depends on: gpu, GLFW, ImGui. Internal to window_*.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "app/live/window_pipeline.h"
#include "app/live/window_swapchain.h"
#include "app/live/window_textures.h"
#include "engine/gpu/device.h"
#include "engine/gpu/timeline.h"

namespace impasto::live {

class WindowGraphics {
 public:
  /// `device`: as --device names it. Throws Error{gpu} where none can show a window here.
  WindowGraphics(GLFWwindow* window, const std::string& device);
  ~WindowGraphics();

  const std::shared_ptr<gpu::Device>& device() const { return device_; }
  WindowTextures& textures() { return *textures_; }

  /// Draws and shows one frame over black. False where there was nothing to draw on. Throws
  /// Error{gpu}; the object is then good for nothing but to be destroyed.
  bool draw(const ImDrawData& data);

 private:
  // Two, so that one can be recorded while the other is drawn.
  static constexpr std::size_t frame_count = 2;
  struct Frame {
    gpu::Handle<VkCommandPool, vkDestroyCommandPool> pool;
    VkCommandBuffer commands = VK_NULL_HANDLE;
    gpu::Handle<VkSemaphore, vkDestroySemaphore> acquired;
    gpu::Buffer buffer;  // vertices, indices, new pixels
    WindowTextures::Leftover leftover;
    std::uint64_t value = 0;  // of the timeline when it is drawn
  };
  Frame make_frame();
  void fit_buffer(Frame& frame, VkDeviceSize bytes);
  void record(Frame& frame, const ImDrawData& data, std::uint32_t image);

  std::shared_ptr<gpu::Device> device_;
  std::unique_ptr<WindowSwapchain> swapchain_;
  std::unique_ptr<WindowTextures> textures_;
  std::unique_ptr<WindowPipeline> pipeline_;
  std::array<Frame, frame_count> frames_;
  std::size_t next_frame_ = 0;
  std::unique_ptr<gpu::Timeline> timeline_;
};

}  // namespace impasto::live
