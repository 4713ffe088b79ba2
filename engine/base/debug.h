// Owns: the program's one debug environment variable, IMPASTO_DEBUG, a list of words with commas
// between. Depends on: log.h. To add a switch: a member here and a row in the
// table of debug.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace impasto {

struct DebugSwitches {
  bool validate = false;  ///< validation layer, core checks; its messages are errors
  bool gpuav = false;     ///< validation layer with checks inside shaders (slow): out of bounds
  bool sync = false;      ///< validation layer with synchronization checks, also across submits
  bool profile = false;   ///< time of every pass after each run
  bool dump = false;      ///< the compiled graph as text before the first frame
  bool share = false;     ///< a window on a CPU driver shares its device, as on a GPU
  bool controls = false;  ///< a window writes where its controls lie (app/live/control_places.h)
  bool operator==(const DebugSwitches&) const = default;
};

/// Parses the list; words that are no switch are appended to `unknown`, empty ones ignored.
DebugSwitches parse_debug_switches(std::string_view list, std::vector<std::string>& unknown);

/// The switches of this process, read at the first call, which also logs one warning for each
/// unknown word.
const DebugSwitches& debug_switches();

}  // namespace impasto
