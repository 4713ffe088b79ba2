#include "app/cli/signals.h"

#include <unistd.h>

#include <csignal>
#include <ctime>

namespace impasto::app {
namespace {

std::atomic<bool> requested = false;
std::atomic<int> number = 0;
std::atomic<std::time_t> first_time = 0;

std::time_t seconds_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

// Programs that stop others often signal both the process and its group: what comes at once is one
// request.
extern "C" void on_stop_signal(int signal) {
  if (!requested.exchange(true)) {
    first_time = seconds_now();
    number = signal;
  } else if (seconds_now() - first_time > 1) {
    _exit(128 + signal);
  }
}

}  // namespace

void install_signal_handlers() {
  static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free &&
                std::atomic<std::time_t>::is_always_lock_free);
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
}

const std::atomic<bool>& stop_requested() {
  return requested;
}

ExitCode stop_outcome() {
  switch (number) {
    case SIGINT:
      return ExitCode::interrupted;
    case SIGTERM:
      return ExitCode::terminated;
    default:
      return ExitCode::ok;
  }
}

}  // namespace impasto::app
