#include "app/cli/signals.h"

#include <unistd.h>

#include <csignal>

namespace impasto::app {
namespace {

std::atomic<bool> requested = false;
std::atomic<int> number = 0;

extern "C" void on_stop_signal(int signal) {
  if (requested.exchange(true)) _exit(128 + signal);
  number = signal;
}

}  // namespace

void install_signal_handlers() {
  static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);
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
