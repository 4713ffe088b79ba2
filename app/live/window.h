// Owns: the window: its GLFW side (events, size, full screen, dropped files) and its graphics,
// which alone in app/ touch Vulkan. Depends on: GLFW, ImGui, gpu; the window_*.h are internal to
// it. Resizing, minimising and lost surfaces are no errors; a lost device is rebuilt with
// rebuild().
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/live/bitmap.h"
#include "engine/stylizer.h"

struct GLFWwindow;

namespace impasto::live {

class WindowGraphics;

struct WindowOptions {
  std::string title;
  int width = 1280;
  int height = 760;
  std::string device;  ///< as --device names it
};

class Window {
 public:
  /// Throws Error{gpu} without a display, or where no device can show a window on it.
  explicit Window(const WindowOptions& options);
  ~Window();
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  /// A CPU draws: work on the same device would stop the window for as long as it takes.
  bool on_software_device() const;
  /// For Stylizers whose pictures are shown without leaving the device.
  std::shared_ptr<gpu::Device> device() const;

  bool should_close() const;
  /// Returns after events, wake(), or so many seconds. True: there were events for the panel.
  bool wait_events(double seconds);
  /// Around a redraw: a key that was pressed and let go since the last one counts in this one.
  void begin_redraw();
  void end_redraw();
  /// From any thread.
  static void wake();
  float content_scale() const;
  std::vector<std::string> take_dropped_files();
  void set_full_screen(bool full_screen);
  bool full_screen() const { return full_screen_; }
  /// Of the window when it is not full screen.
  int windowed_width() const { return windowed_[2]; }
  int windowed_height() const { return windowed_[3]; }

  /// Shown from the next draw() on, as textures result_texture and source_texture.
  void set_picture(const Picture& picture);
  void use_bitmap(const SharedBitmap& bitmap);
  /// Draws ImGui's current draw lists. False where nothing could be shown (minimised). Throws
  /// Error{gpu}: rebuild() or give up.
  bool draw();
  /// A new device and everything on it; nothing of the old one may be in use any more.
  void rebuild();

 private:
  friend struct WindowEvents;
  std::string device_;
  GLFWwindow* window_ = nullptr;
  std::unique_ptr<WindowGraphics> graphics_;
  std::vector<std::string> dropped_;
  struct Tap {
    int key = 0;
    bool ctrl = false;
    bool shift = false;
  };
  std::vector<Tap> pressed_;  // since the last redraw
  std::vector<int> tapped_;   // those of them that are up again, held down for this redraw
  bool had_event_ = false;
  bool full_screen_ = false;
  int windowed_[4] = {0, 0, 0, 0};  // x, y, width, height
};

}  // namespace impasto::live
