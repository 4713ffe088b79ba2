#include "tests/live/display.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

namespace impasto::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
/// Of a busy machine, or of an emulated one.
Clock::duration patience() {
  static const bool emulated = std::getenv("IMPASTO_TEST_VIVID") != nullptr;
  return emulated ? 600s : 60s;
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  char part[256];
  while (pipe && std::fgets(part, sizeof part, pipe)) text += part;
  if (pipe) pclose(pipe);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

/// Of all windows of this program: each kernel is compiled once.
const std::string& cache_folder() {
  static const video::test::TemporaryFolder folder;
  static const std::string name = folder / "";
  return name;
}

/// Until `done`, at most as long as patience lasts.
template <class Done>
bool wait_for(Done done) {
  const auto end = Clock::now() + patience();
  while (!done()) {
    if (Clock::now() > end) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

Screen crop(const Screen& screen, const live::Box& box) {
  const int left = static_cast<int>(box.least.x);
  const int top = static_cast<int>(box.least.y);
  const int width = static_cast<int>(box.width());
  const int height = static_cast<int>(box.height());
  std::vector<std::uint8_t> rgba;
  for (int y = top; y < top + height && y < screen->height; ++y) {
    const auto* row =
        screen->rgba.data() + (static_cast<std::size_t>(y) * screen->width + left) * 4;
    rgba.insert(rgba.end(), row, row + static_cast<std::ptrdiff_t>(width) * 4);
  }
  return std::make_shared<const live::Bitmap>(width, height, std::move(rgba));
}

}  // namespace

Process::Process(const std::string& command, const std::string& log) {
  id_ = fork();
  if (id_ != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // however the tests end
  const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  dup2(file, 1);
  dup2(file, 2);
  execl("/bin/sh", "sh", "-c", ("exec " + command).c_str(), nullptr);
  _exit(127);
}

Process::~Process() {
  if (!running()) return;
  ::kill(id_, SIGKILL);
  waitpid(id_, nullptr, 0);
}

bool Process::running() {
  return !code_ && wait(0) == -1;
}

void Process::signal(int number) {
  ::kill(id_, number);
}

int Process::wait(double seconds) {
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  while (!code_) {
    int status = 0;
    if (waitpid(id_, &status, WNOHANG) == id_) {
      code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    } else if (Clock::now() >= end) {
      return -1;
    } else {
      std::this_thread::sleep_for(10ms);
    }
  }
  return *code_;
}

Display::Display() {
  const video::test::TemporaryFolder folder;
  const std::string number = folder / "number";
  server_.emplace("Xvfb -displayfd 3 -screen 0 1400x900x24 -dpi 96 3>" + number, folder / "log");
  wait_for([&] { return content(number).find('\n') != std::string::npos; });
  name_ = ":" + std::to_string(std::atoi(content(number).c_str()));
  setenv("DISPLAY", name_.c_str(), 1);
  manager_.emplace("openbox", folder / "openbox");
  // A window that is mapped while the manager starts may never be told that it is visible.
  wait_for([] { return std::system("xdotool get_num_desktops >/dev/null 2>&1") == 0; });
}

Display& display() {
  static Display the_display;
  return the_display;
}

int largest_difference(const Screen& a, const Screen& b) {
  if (a->width != b->width || a->height != b->height) return 255;
  int largest = 0;
  for (std::size_t i = 0; i < a->rgba.size(); ++i) {
    largest = std::max(largest, std::abs(int{a->rgba[i]} - int{b->rgba[i]}));
  }
  return largest;
}

double mean_difference(const Screen& a, const Screen& b) {
  if (a->width != b->width || a->height != b->height) return 255;
  double sum = 0;
  for (std::size_t i = 0; i < a->rgba.size(); ++i) {
    sum += std::abs(int{a->rgba[i]} - int{b->rgba[i]});
  }
  return sum / static_cast<double>(a->rgba.size()) * 4 / 3;  // alpha never differs
}

LiveWindow::LiveWindow(const std::string& folder, const std::string& arguments,
                       const std::string& environment)
    : folder_(folder) {
  display();
  process_.emplace("env XDG_CONFIG_HOME=" + folder + "/config XDG_CACHE_HOME=" + cache_folder() +
                       " XDG_VIDEOS_DIR=" + folder +
                       " IMPASTO_DEBUG=validate,sync,controls LIBGL_ALWAYS_SOFTWARE=1 "
                       "SDL_AUDIODRIVER=dummy " +
                       environment + " " IMPASTO_PROGRAM " live " +
                       // Or a window that rests would change what the next one computes with.
                       (arguments.find("--tune") == std::string::npos ? "--tune off " : "") +
                       arguments,
                   folder + "/log");
  std::filesystem::remove(controls_file());
  const bool found = wait_for([&] {
    window_ = output_of("xdotool search --onlyvisible --pid " + std::to_string(process_->id()) +
                        " 2>/dev/null | tail -1");
    return !window_.empty() || !process_->running();
  });
  EXPECT_TRUE(found && !window_.empty()) << log();
  place("picture");
}

std::string LiveWindow::controls_file() {
  return cache_folder() + "/impasto/controls.txt";
}

std::string LiveWindow::log() const {
  return content(folder_ + "/log");
}

live::Box LiveWindow::place(const std::string& control) {
  live::Box box;
  const bool found = wait_for([&] {
    std::istringstream lines(content(controls_file()));
    float x = 0, y = 0, width = 0, height = 0;
    std::string name;
    while (lines >> x >> y >> width >> height && std::getline(lines >> std::ws, name)) {
      if (name != control) continue;
      box = {{x, y}, {x + width, y + height}};
      return true;
    }
    return !process_->running();
  });
  EXPECT_TRUE(found && box.width() > 0) << control << "\n" << log();
  return box;
}

void LiveWindow::xdotool(const std::string& commands) {
  EXPECT_EQ(std::system(("xdotool " + commands).c_str()), 0) << commands << "\n" << log();
}

void LiveWindow::click(const std::string& control) {
  const live::Box box = place(control);
  click_at((box.least.x + box.most.x) / 2, (box.least.y + box.most.y) / 2);
}

void LiveWindow::click_at(float x, float y) {
  xdotool("mousemove --window " + window_ + " " + std::to_string(static_cast<int>(x)) + " " +
          std::to_string(static_cast<int>(y)) +
          " sleep 0.1 mousedown 1 sleep 0.1 mouseup 1 sleep 0.1");
}

void LiveWindow::drag(float from_x, float from_y, float to_x, float to_y) {
  const auto at = [&](float share) {
    return "mousemove --window " + window_ + " " +
           std::to_string(static_cast<int>(std::lround(from_x + (to_x - from_x) * share))) + " " +
           std::to_string(static_cast<int>(std::lround(from_y + (to_y - from_y) * share))) +
           " sleep 0.1 ";
  };
  xdotool(at(0) + "mousedown 1 sleep 0.1 " + at(0.3F) + at(0.7F) + at(1) + at(1) + "mouseup 1");
}

void LiveWindow::key(const std::string& key) {
  xdotool("windowfocus --sync " + window_ + " key --delay 0 " + key);  // quicker than any redraw
}

Screen LiveWindow::grab() {
  const std::string file = folder_ + "/screen.ppm";
  EXPECT_EQ(
      std::system(
          ("import -silent -window " + window_ + " -depth 8 " + file + " 2>/dev/null").c_str()),
      0)
      << log();
  std::ifstream input(file, std::ios::binary);  // "P6", width, height, 255, then R, G, B
  std::string magic;
  int width = 0, height = 0, most = 0;
  input >> magic >> width >> height >> most;
  input.get();
  std::vector<char> rgb(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  input.read(rgb.data(), static_cast<std::streamsize>(rgb.size()));
  EXPECT_TRUE(input && magic == "P6" && most == 255);
  std::vector<std::uint8_t> rgba;
  rgba.reserve(rgb.size() / 3 * 4);
  for (std::size_t i = 0; i < rgb.size(); ++i) {
    rgba.push_back(static_cast<std::uint8_t>(rgb[i]));
    if (i % 3 == 2) rgba.push_back(255);
  }
  return std::make_shared<const live::Bitmap>(width, height, std::move(rgba));
}

Screen LiveWindow::screen() {
  Screen last = grab();
  wait_for([&] {
    std::this_thread::sleep_for(150ms);
    Screen next = grab();
    const bool same =
        largest_difference(crop(next, place("picture")), crop(last, place("picture"))) == 0;
    last = next;
    return same;
  });
  return last;
}

Screen LiveWindow::glimpse(const std::string& control) {
  return crop(grab(), place(control));
}

bool LiveWindow::becomes(const std::function<bool()>& condition) {
  return wait_for(condition);
}

Screen LiveWindow::picture() {
  const Screen whole = screen();
  return crop(whole, place("picture"));
}

Screen LiveWindow::picture_after(const Screen& before, double mean) {
  Screen now = before;
  const bool changed = wait_for([&] {
    now = picture();
    return mean_difference(now, before) > mean;
  });
  EXPECT_TRUE(changed) << log();
  return picture();
}

bool LiveWindow::shows(const Screen& expected) {
  return wait_for([&] { return largest_difference(picture(), expected) == 0; });
}

void LiveWindow::finish() {
  process_->signal(SIGTERM);
  EXPECT_EQ(process_->wait(std::chrono::duration<double>(patience()).count()), 143) << log();
  EXPECT_EQ(log().find("Validation"), std::string::npos) << log();
}

}  // namespace impasto::test
