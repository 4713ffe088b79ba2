// Owns: what SIGINT and SIGTERM do: the first asks the command to finish its output, another, more
// than a second later, ends the process at once. Depends on: base/error.h.
#pragma once

#include <atomic>

#include "engine/base/error.h"

namespace impasto::app {

/// Installs the handlers, and ignores SIGPIPE: a closed pipe is an error of the write.
void install_signal_handlers();
/// Becomes true with the first signal.
const std::atomic<bool>& stop_requested();
/// ExitCode::interrupted or terminated after a signal, else ok.
ExitCode stop_outcome();

}  // namespace impasto::app
