#include "app/live/window.h"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <imgui.h>

#include <algorithm>

#include "app/live/window_graphics.h"
#include "engine/base/error.h"

namespace impasto::live {

/// GLFW's callbacks; ImGui's own are called first, by ImGui_ImplGlfw_InitForVulkan's chain.
struct WindowEvents {
  static Window& of(GLFWwindow* window) {
    return *static_cast<Window*>(glfwGetWindowUserPointer(window));
  }
  static void dropped(GLFWwindow* window, int count, const char** paths) {
    of(window).dropped_.assign(paths, paths + count);
    of(window).had_event_ = true;
  }
  static void any(GLFWwindow* window) { of(window).had_event_ = true; }
  static void key(GLFWwindow* window, int key, int, int action, int modifiers) {
    any(window);
    if (action != GLFW_PRESS || key < 0) return;
    of(window).pressed_.push_back(
        {key, (modifiers & GLFW_MOD_CONTROL) != 0, (modifiers & GLFW_MOD_SHIFT) != 0});
  }
  static void moved(GLFWwindow* window, int x, int y) {
    Window& self = of(window);
    if (self.full_screen_) return;
    self.windowed_[0] = x;
    self.windowed_[1] = y;
  }
  static void resized(GLFWwindow* window, int width, int height) {
    Window& self = of(window);
    self.had_event_ = true;
    if (self.full_screen_ || glfwGetWindowAttrib(window, GLFW_ICONIFIED)) return;
    self.windowed_[2] = width;
    self.windowed_[3] = height;
  }
};

Window::Window(const WindowOptions& options) : device_(options.device) {
  if (glfwInit() != GLFW_TRUE) {
    const char* why = nullptr;
    glfwGetError(&why);
    throw Error(ExitCode::gpu, std::string("no display for a window (") + (why ? why : "unknown") +
                                   "): set DISPLAY or WAYLAND_DISPLAY, or use impasto apply");
  }
  glfwWindowHint(GLFW_CLIENT_API, GLFW_NO_API);
  glfwWindowHint(GLFW_SCALE_TO_MONITOR, GLFW_TRUE);
  window_ =
      glfwCreateWindow(options.width, options.height, options.title.c_str(), nullptr, nullptr);
  if (!window_) {
    glfwTerminate();
    throw Error(ExitCode::gpu, "the display gives no window: use impasto apply");
  }
  glfwGetWindowPos(window_, &windowed_[0], &windowed_[1]);
  glfwGetWindowSize(window_, &windowed_[2], &windowed_[3]);
  glfwSetWindowUserPointer(window_, this);
  glfwSetDropCallback(window_, WindowEvents::dropped);
  glfwSetWindowPosCallback(window_, WindowEvents::moved);
  glfwSetWindowSizeCallback(window_, WindowEvents::resized);
  glfwSetWindowRefreshCallback(window_, WindowEvents::any);
  glfwSetKeyCallback(window_, WindowEvents::key);
  glfwSetCharCallback(window_, [](GLFWwindow* w, unsigned) { WindowEvents::any(w); });
  glfwSetMouseButtonCallback(window_, [](GLFWwindow* w, int, int, int) { WindowEvents::any(w); });
  glfwSetScrollCallback(window_, [](GLFWwindow* w, double, double) { WindowEvents::any(w); });
  glfwSetCursorPosCallback(window_, [](GLFWwindow* w, double, double) { WindowEvents::any(w); });
  glfwSetWindowFocusCallback(window_, [](GLFWwindow* w, int) { WindowEvents::any(w); });
  ImGui_ImplGlfw_InitForVulkan(window_, true);
  try {
    graphics_ = std::make_unique<WindowGraphics>(window_, device_);
  } catch (...) {
    ImGui_ImplGlfw_Shutdown();
    glfwDestroyWindow(window_);
    glfwTerminate();
    throw;
  }
}

Window::~Window() {
  graphics_.reset();
  ImGui_ImplGlfw_Shutdown();
  glfwDestroyWindow(window_);
  glfwTerminate();
}

bool Window::on_software_device() const {
  return graphics_->device()->info().type == gpu::DeviceType::cpu;
}

std::shared_ptr<gpu::Device> Window::device() const {
  return graphics_->device();
}

bool Window::should_close() const {
  return glfwWindowShouldClose(window_) == GLFW_TRUE;
}

bool Window::wait_events(double seconds) {
  had_event_ = false;
  if (seconds > 0) {
    glfwWaitEventsTimeout(seconds);
  } else {
    glfwPollEvents();
  }
  return had_event_;
}

// ImGui looks at keys when it draws, and a slow machine draws less often than people type: a key
// counts once with what was held when it was pressed, whatever was let go of since.
void Window::begin_redraw() {
  ImGui_ImplGlfw_NewFrame();
  ImGuiIO& io = ImGui::GetIO();
  for (const Tap& tap : std::exchange(pressed_, {})) {
    io.KeyCtrl = io.KeyCtrl || tap.ctrl;
    io.KeyShift = io.KeyShift || tap.shift;
    bool& down = io.KeysDown[tap.key];
    if (!down) tapped_.push_back(tap.key);
    down = true;
  }
}

void Window::end_redraw() {
  ImGuiIO& io = ImGui::GetIO();
  for (const int key : std::exchange(tapped_, {})) io.KeysDown[key] = false;
  io.KeyCtrl = io.KeysDown[GLFW_KEY_LEFT_CONTROL] || io.KeysDown[GLFW_KEY_RIGHT_CONTROL];
  io.KeyShift = io.KeysDown[GLFW_KEY_LEFT_SHIFT] || io.KeysDown[GLFW_KEY_RIGHT_SHIFT];
}

void Window::wake() {
  glfwPostEmptyEvent();
}

float Window::content_scale() const {
  float x = 1;
  float y = 1;
  glfwGetWindowContentScale(window_, &x, &y);
  // Where the system scales what is drawn (Wayland, macOS), letters only need to be finer.
  int width = 0;
  int pixels = 0;
  glfwGetWindowSize(window_, &width, nullptr);
  glfwGetFramebufferSize(window_, &pixels, nullptr);
  const float done =
      width > 0 && pixels > 0 ? static_cast<float>(pixels) / static_cast<float>(width) : 1;
  return std::clamp(std::max(x, y) / done, 0.75F, 4.0F);
}

std::vector<std::string> Window::take_dropped_files() {
  return std::exchange(dropped_, {});
}

void Window::set_full_screen(bool full_screen) {
  if (full_screen == full_screen_) return;
  full_screen_ = full_screen;
  if (!full_screen) {
    glfwSetWindowMonitor(window_, nullptr, windowed_[0], windowed_[1], windowed_[2], windowed_[3],
                         GLFW_DONT_CARE);
    return;
  }
  GLFWmonitor* monitor = glfwGetPrimaryMonitor();
  const GLFWvidmode* mode = monitor ? glfwGetVideoMode(monitor) : nullptr;
  if (!mode) {
    full_screen_ = false;
    return;
  }
  glfwSetWindowMonitor(window_, monitor, 0, 0, mode->width, mode->height, mode->refreshRate);
}

void Window::set_picture(const Picture& picture) {
  graphics_->textures().set_picture(picture);
}

void Window::use_bitmap(const SharedBitmap& bitmap) {
  graphics_->textures().use(bitmap);
}

bool Window::draw() {
  return graphics_->draw(*ImGui::GetDrawData());
}

void Window::rebuild() {
  graphics_.reset();
  graphics_ = std::make_unique<WindowGraphics>(window_, device_);
}

}  // namespace impasto::live
