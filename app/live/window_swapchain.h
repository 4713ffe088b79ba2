// Owns: the surface of a GLFW window and the images that are shown on it. Depends on: gpu, GLFW.
// Internal to window_*. A resize, a minimised window or a lost surface is no error here.
#pragma once

#include <vulkan/vulkan.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/gpu/device.h"
#include "engine/gpu/handle.h"

struct GLFWwindow;

namespace impasto::live {

class WindowSwapchain {
 public:
  WindowSwapchain(gpu::Device& device, GLFWwindow* window);
  ~WindowSwapchain();
  WindowSwapchain(const WindowSwapchain&) = delete;
  WindowSwapchain& operator=(const WindowSwapchain&) = delete;

  VkFormat format() const { return VK_FORMAT_B8G8R8A8_UNORM; }
  VkExtent2D extent() const { return extent_; }
  VkImage image(std::uint32_t index) const { return images_[index].image; }
  VkImageView view(std::uint32_t index) const { return images_[index].view.get(); }
  VkSemaphore drawn(std::uint32_t index) const { return images_[index].drawn.get(); }

  /// The next image to draw on, `acquired` being signalled when it may be. Makes the images anew
  /// where they no longer fit. Nothing: the window has no area, or no image came in time.
  std::optional<std::uint32_t> acquire(VkSemaphore acquired);
  /// Shows it once `drawn(index)` is signalled.
  void present(std::uint32_t index);

 private:
  struct Shown {
    VkImage image = VK_NULL_HANDLE;
    gpu::Handle<VkImageView, vkDestroyImageView> view;
    gpu::Handle<VkSemaphore, vkDestroySemaphore> drawn;
  };
  void make_surface();
  /// VK_SUCCESS, or what to make anew first.
  VkResult make_images();
  void renew_surface();
  void drop_surface();
  bool fits() const;

  gpu::Device& device_;
  GLFWwindow* window_;
  VkSurfaceKHR surface_ = VK_NULL_HANDLE;
  gpu::Handle<VkSwapchainKHR, vkDestroySwapchainKHR> swapchain_;
  std::vector<Shown> images_;
  VkExtent2D extent_{};
  bool stale_ = true;
};

gpu::Handle<VkSemaphore, vkDestroySemaphore> make_semaphore(gpu::Device& device);

}  // namespace impasto::live
