#include "app/live/window_swapchain.h"

#include <GLFW/glfw3.h>

#include <algorithm>

#include "app/live/window_image.h"

namespace impasto::live {
namespace {

// A window that nobody sees may get no image for long; the program goes on meanwhile.
constexpr std::uint64_t acquire_timeout = 100'000'000;  // ns

/// The window's size, where the surface leaves it to us.
VkExtent2D choose_extent(GLFWwindow* window, const VkSurfaceCapabilitiesKHR& surface) {
  if (surface.currentExtent.width != UINT32_MAX) return surface.currentExtent;
  int width = 0;
  int height = 0;
  glfwGetFramebufferSize(window, &width, &height);
  if (width == 0 || height == 0) return {0, 0};
  return {std::clamp(static_cast<std::uint32_t>(width), surface.minImageExtent.width,
                     surface.maxImageExtent.width),
          std::clamp(static_cast<std::uint32_t>(height), surface.minImageExtent.height,
                     surface.maxImageExtent.height)};
}

bool must_renew(VkResult result) {
  return result == VK_ERROR_SURFACE_LOST_KHR || result == VK_ERROR_OUT_OF_DATE_KHR;
}

}  // namespace

gpu::Handle<VkSemaphore, vkDestroySemaphore> make_semaphore(gpu::Device& device) {
  const VkSemaphoreCreateInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO};
  VkSemaphore semaphore = VK_NULL_HANDLE;
  gpu::check(vkCreateSemaphore(device.get(), &info, nullptr, &semaphore), "vkCreateSemaphore");
  return {device.get(), semaphore};
}

WindowSwapchain::WindowSwapchain(gpu::Device& device, GLFWwindow* window)
    : device_(device), window_(window) {
  make_surface();
}

WindowSwapchain::~WindowSwapchain() {
  drop_surface();
}

void WindowSwapchain::make_surface() {
  gpu::check(glfwCreateWindowSurface(device_.instance(), window_, nullptr, &surface_),
             "glfwCreateWindowSurface");
  stale_ = true;
}

void WindowSwapchain::drop_surface() {
  device_.wait_idle();
  images_.clear();
  swapchain_ = {};
  vkDestroySurfaceKHR(device_.instance(), surface_, nullptr);
  surface_ = VK_NULL_HANDLE;
}

void WindowSwapchain::renew_surface() {
  drop_surface();
  make_surface();
}

VkResult WindowSwapchain::make_images() {
  device_.wait_idle();
  images_.clear();
  extent_ = {};
  VkSurfaceCapabilitiesKHR surface;
  const VkResult asked =
      vkGetPhysicalDeviceSurfaceCapabilitiesKHR(device_.physical(), surface_, &surface);
  if (must_renew(asked)) return asked;
  gpu::check(asked, "vkGetPhysicalDeviceSurfaceCapabilitiesKHR");
  const VkExtent2D extent = choose_extent(window_, surface);
  if (extent.width == 0 || extent.height == 0) {
    swapchain_ = {};
    return VK_SUCCESS;
  }
  VkSwapchainCreateInfoKHR info{VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR};
  info.surface = surface_;
  info.minImageCount = surface.minImageCount + 1;
  if (surface.maxImageCount > 0) {
    info.minImageCount = std::min(info.minImageCount, surface.maxImageCount);
  }
  info.imageFormat = format();
  info.imageColorSpace = VK_COLOR_SPACE_SRGB_NONLINEAR_KHR;
  info.imageExtent = extent;
  info.imageArrayLayers = 1;
  info.imageUsage = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT;
  info.preTransform = surface.currentTransform;
  info.compositeAlpha = VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR;
  info.presentMode = VK_PRESENT_MODE_FIFO_KHR;  // the one that every driver has
  info.clipped = VK_TRUE;
  info.oldSwapchain = swapchain_.get();
  VkSwapchainKHR swapchain = VK_NULL_HANDLE;
  const VkResult made = vkCreateSwapchainKHR(device_.get(), &info, nullptr, &swapchain);
  swapchain_ = {};  // retired either way
  if (must_renew(made)) return made;
  gpu::check(made, "vkCreateSwapchainKHR");
  swapchain_ = {device_.get(), swapchain};

  std::uint32_t count = 0;
  gpu::check(vkGetSwapchainImagesKHR(device_.get(), swapchain, &count, nullptr),
             "vkGetSwapchainImagesKHR");
  std::vector<VkImage> all(count);
  gpu::check(vkGetSwapchainImagesKHR(device_.get(), swapchain, &count, all.data()),
             "vkGetSwapchainImagesKHR");
  for (VkImage image : all) {
    VkImageViewCreateInfo view_info{VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO};
    view_info.image = image;
    view_info.viewType = VK_IMAGE_VIEW_TYPE_2D;
    view_info.format = format();
    view_info.subresourceRange = whole_image;
    VkImageView view = VK_NULL_HANDLE;
    gpu::check(vkCreateImageView(device_.get(), &view_info, nullptr, &view), "vkCreateImageView");
    images_.push_back({image, {device_.get(), view}, make_semaphore(device_)});
  }
  extent_ = extent;
  return VK_SUCCESS;
}

/// What some drivers do not report.
bool WindowSwapchain::fits() const {
  int width = 0;
  int height = 0;
  glfwGetFramebufferSize(window_, &width, &height);
  return static_cast<int>(extent_.width) == width && static_cast<int>(extent_.height) == height;
}

std::optional<std::uint32_t> WindowSwapchain::acquire(VkSemaphore acquired) {
  for (int attempt = 0; attempt < 3; ++attempt) {
    VkResult result = stale_ || !fits() ? make_images() : VK_SUCCESS;
    stale_ = false;
    std::uint32_t index = 0;
    if (result == VK_SUCCESS) {
      if (images_.empty()) return std::nullopt;
      result = vkAcquireNextImageKHR(device_.get(), swapchain_.get(), acquire_timeout, acquired,
                                     VK_NULL_HANDLE, &index);
    }
    if (result == VK_TIMEOUT || result == VK_NOT_READY) return std::nullopt;
    stale_ = result != VK_SUCCESS;
    if (result == VK_SUCCESS || result == VK_SUBOPTIMAL_KHR) return index;
    if (!must_renew(result)) gpu::check(result, "vkAcquireNextImageKHR");
    if (result == VK_ERROR_SURFACE_LOST_KHR) renew_surface();
  }
  return std::nullopt;
}

void WindowSwapchain::present(std::uint32_t index) {
  const VkSemaphore drawn = images_[index].drawn.get();
  const VkSwapchainKHR swapchain = swapchain_.get();
  VkPresentInfoKHR info{VK_STRUCTURE_TYPE_PRESENT_INFO_KHR};
  info.waitSemaphoreCount = 1;
  info.pWaitSemaphores = &drawn;
  info.swapchainCount = 1;
  info.pSwapchains = &swapchain;
  info.pImageIndices = &index;
  VkResult result = VK_SUCCESS;
  {
    const std::lock_guard lock(device_.queue_mutex());
    result = vkQueuePresentKHR(device_.queue(), &info);
  }
  if (result == VK_SUCCESS) return;
  stale_ = true;
  if (result == VK_ERROR_SURFACE_LOST_KHR) {
    renew_surface();
  } else if (!must_renew(result)) {
    gpu::check(result, "vkQueuePresentKHR");
  }
}

}  // namespace impasto::live
