// Owns: how the text given as IN becomes an open demuxer. Internal to engine/video.
// Depends on: libav.h, source.h.
#pragma once

#include <string>

#include "engine/video/libav.h"
#include "engine/video/source.h"

namespace impasto::video {

struct Input {
  InputPtr format;
  bool is_image = false;
  bool is_live = false;
  bool is_camera = false;
  std::int64_t first_number = 1;  ///< of an image sequence
};

/// Opens and probes; throws Error{input}. `options.cancel` interrupts it.
Input open_input(const SourceOptions& options);

/// The device's path in "v4l2:/dev/video0,key=value"; empty for other inputs.
std::string camera_path(const std::string& input);

/// Whether the name is a numbered pattern ("%04d.png") that is not itself a file.
bool is_sequence_pattern(const std::string& name);

}  // namespace impasto::video
