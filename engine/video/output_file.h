// Owns: the rule that an output has its name only when it is complete. Internal to engine/video.
// Depends on: base/files.h.
#pragma once

#include <string>

#include "engine/base/error.h"

namespace impasto::video {

/// Whether this outcome leaves a complete, playable output (DESIGN.md's exit codes).
bool completes(ExitCode outcome);
/// Whether it leaves what could be written under the temporary name.
bool keeps_partial(ExitCode outcome);

class OutputFile {
 public:
  /// Creates nothing. "-" and addresses ("rtmp://...") are written directly. Throws Error{usage}
  /// when the file exists and `overwrite` is off, Error{output} when its folder cannot be written.
  OutputFile(const std::string& path, bool overwrite);

  /// What to open for writing.
  const std::string& working_path() const { return working_path_; }
  /// The file under working_path() is closed: gives it its name, keeps it (and says so) or removes
  /// it. `written`: it holds something worth keeping. Throws Error{output}.
  void finish(ExitCode outcome, bool written);

 private:
  std::string path_;
  std::string working_path_;
  bool direct_ = false;
};

}  // namespace impasto::video
