#include "app/cli/progress.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "engine/base/log.h"

namespace impasto::app {
namespace {

constexpr double terminal_interval = 0.2;  // seconds
constexpr double plain_interval = 10;

}  // namespace

std::string as_clock(double seconds) {
  const auto whole = static_cast<long>(std::lround(seconds));
  char text[32];
  if (whole >= 3600) {
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%ld:%02ld", whole / 60, whole % 60);
  }
  return text;
}

Progress::Progress(std::int64_t frames, bool quiet)
    : frames_(frames), quiet_(quiet), terminal_(isatty(STDERR_FILENO) == 1) {
  if (!quiet_ && terminal_) {
    log::set_writer([this](log::Level level, const std::string& message) {
      clear();
      const char* word = level == log::Level::error     ? "error: "
                         : level == log::Level::warning ? "warning: "
                                                        : "";
      std::fprintf(stderr, "impasto: %s%s\n", word, message.c_str());
    });
  }
}

Progress::~Progress() {
  if (!quiet_ && terminal_) {
    log::set_writer({});
    clear();
  }
}

void Progress::clear() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
  shown_ = false;
}

double Progress::seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

void Progress::show(std::int64_t done) {
  const Clock::time_point now = Clock::now();
  const double since = std::chrono::duration<double>(now - last_shown_).count();
  if (quiet_ || since < (terminal_ ? terminal_interval : plain_interval)) return;
  last_shown_ = now;
  const double rate = static_cast<double>(done) / seconds();
  std::string line = "frame " + std::to_string(done);
  if (frames_ > 0) line += "/" + std::to_string(frames_);
  char text[64];
  std::snprintf(text, sizeof text, ", %.1f fps", rate);
  line += text;
  if (frames_ > done && rate > 0) {
    line += ", " + as_clock(static_cast<double>(frames_ - done) / rate) + " left";
  }
  if (terminal_) {
    std::fprintf(stderr, "\r%s\x1b[K", line.c_str());
    shown_ = true;
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
}

}  // namespace impasto::app
