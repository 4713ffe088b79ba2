// The program in its window on a display of its own: Xvfb with a window manager, driven by xdotool,
// seen by pictures of the screen. Its settings and caches lie in a folder of the test.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/live/bitmap.h"
#include "app/live/picture_view.h"
#include "tests/video/support.h"

namespace impasto::test {

/// A process that ends with the object.
class Process {
 public:
  /// By a shell, which it replaces; output goes to `log`.
  Process(const std::string& command, const std::string& log);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  bool running();
  void signal(int number);
  /// Its exit code, or -1 where it does not end in so many seconds.
  int wait(double seconds);
  pid_t id() const { return id_; }

 private:
  pid_t id_ = -1;
  std::optional<int> code_;
};

class Display {
 public:
  Display();
  const std::string& name() const { return name_; }

 private:
  std::optional<Process> server_;
  std::optional<Process> manager_;
  std::string name_;
};

/// What the screen, or a part of it, shows.
using Screen = live::SharedBitmap;
/// The largest difference of a code between two pictures of one size; 255 where sizes differ.
int largest_difference(const Screen& a, const Screen& b);
/// The mean one, 0..255.
double mean_difference(const Screen& a, const Screen& b);

class LiveWindow {
 public:
  /// Starts `impasto live ARGUMENTS` with `environment` ("NAME=value NAME=value") and waits for its
  /// window and first picture. The folder is kept between windows by who owns it.
  LiveWindow(const std::string& folder, const std::string& arguments,
             const std::string& environment = "");

  const std::string& window() const { return window_; }
  Process& process() { return *process_; }
  std::string log() const;
  static std::string controls_file();
  /// Waits until the control has a place.
  live::Box place(const std::string& control);
  /// Whether it becomes so in a time that no machine needs.
  static bool becomes(const std::function<bool()>& condition);
  void xdotool(const std::string& commands);
  void click(const std::string& control);
  void click_at(float x, float y);
  void drag(float from_x, float from_y, float to_x, float to_y);
  void key(const std::string& key);

  /// The window's content. Waits until two in a row are the same, so that what was asked for is
  /// there; the source must stand still.
  Screen screen();
  /// What a control shows at this moment.
  Screen glimpse(const std::string& control);
  /// screen(), of the picture alone.
  Screen picture();
  /// Waits until the picture differs from `before` by `mean` codes on average, then for it to rest.
  Screen picture_after(const Screen& before, double mean = 1);
  /// Whether the picture becomes this one.
  bool shows(const Screen& expected);
  /// By a signal; the program keeps its settings and must end with 143.
  void finish();

 private:
  Screen grab();
  std::string folder_;
  std::string window_;
  std::optional<Process> process_;
};

/// One per test program.
Display& display();

}  // namespace impasto::test
