#include "engine/base/log.h"

#include <cstdio>
#include <mutex>

namespace impasto::log {
namespace {

struct State {
  std::mutex mutex;
  bool quiet = false;
  Writer writer;
};

State& state() {
  static State instance;
  return instance;
}

const char* prefix(Level level) {
  switch (level) {
    case Level::info:
      return "";
    case Level::warning:
      return "warning: ";
    case Level::error:
      return "error: ";
  }
  return "";
}

}  // namespace

void write(Level level, const std::string& message) {
  State& current = state();
  std::lock_guard lock(current.mutex);
  if (current.quiet && level != Level::error) return;
  if (current.writer) {
    current.writer(level, message);
    return;
  }
  // One call per line: lines of several processes on one terminal stay whole.
  const std::string line = std::string("impasto: ") + prefix(level) + message + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void set_quiet(bool quiet) {
  State& current = state();
  std::lock_guard lock(current.mutex);
  current.quiet = quiet;
}

void set_writer(Writer writer) {
  State& current = state();
  std::lock_guard lock(current.mutex);
  current.writer = std::move(writer);
}

}  // namespace impasto::log
