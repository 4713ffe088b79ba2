// Owns: running the built program and looking at what it leaves behind.
// Depends on: video/support.h, and IMPASTO_PROGRAM, the path of the program.
#pragma once

#include <string>

#include "tests/video/support.h"

namespace impasto::app::test {

struct Result {
  int exit_code = -1;
  std::string out;
  std::string error;
};

/// Runs "impasto ARGUMENTS" by a shell with stdin closed; `environment` as "NAME=value NAME=value".
Result run(const std::string& arguments, const std::string& environment = "");

/// One line without a newline inside, as every error must be.
bool is_one_line(const std::string& text);

/// A clip of 320x240 frames at 25 per second with a tone, H.264 and AAC in MP4.
std::string make_clip(const video::test::TemporaryFolder& folder, const std::string& name,
                      double seconds);

}  // namespace impasto::app::test
