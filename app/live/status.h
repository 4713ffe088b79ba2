// Owns: what the status line says. Depends on: state.h.
#pragma once

#include <string>

#include "app/live/actions.h"

namespace impasto::live {

struct StatusText {
  std::string text;
  bool is_warning = false;  ///< amber
  std::string numbers;      ///< at the right end
};

/// The most urgent of: a message, why there is no picture, what is wrong with the source, a
/// warning; else what runs.
StatusText status_text(const State& state, Clock::time_point now);

}  // namespace impasto::live
