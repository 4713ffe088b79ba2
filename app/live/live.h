// Owns: `impasto live`: the window's life from start to end. Depends on: window.h, pipeline.h,
// panel.h. The loop draws when there is something new to see, at most as often as the display does.
#pragma once

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "app/looks/choice.h"
#include "engine/stylizer.h"

namespace impasto::live {

/// What was given on the command line; what was not is as it was the last time.
struct LiveCommand {
  std::string input;  ///< empty: the last time's, a camera, or the sample
  std::vector<std::pair<std::string, std::string>> input_options;
  app::LookOptions looks;
  int network_height = -1;  ///< -1: not given
  StylizerOptions stylizer;
  int window_width = 0;  ///< 0: not given
  int window_height = 0;
  bool full_screen = false;
  bool paused = false;
  float scale = 0;                          ///< of the panel; 0: the display's
  const std::atomic<bool>* stop = nullptr;  ///< ends it when it becomes true
};

/// Returns when the window is closed or `stop` becomes true.
void live(const LiveCommand& command);

}  // namespace impasto::live
