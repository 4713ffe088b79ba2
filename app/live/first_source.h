// Owns: what is shown at the start, and how a source is opened from an IN. Depends on: video.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "app/live/settings.h"
#include "engine/video/live_source.h"

namespace impasto::live {

struct FirstSource {
  std::string input;
  std::string hint;  ///< why it is not a camera, and how to choose one; empty: nothing to say
};

/// `asked` (the command line's), else `last` (the settings') where it still exists, else a camera,
/// else the sample: a clip where the distribution's is installed, or a generated picture.
FirstSource first_source(const std::string& asked, const std::string& last);

video::LiveOptions source_options(const Settings& settings, const std::string& input,
                                  const std::vector<std::pair<std::string, std::string>>& options,
                                  bool play);

}  // namespace impasto::live
