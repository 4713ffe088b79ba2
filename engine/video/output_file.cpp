#include "engine/video/output_file.h"

#include <unistd.h>

#include <filesystem>

#include "engine/base/files.h"
#include "engine/base/log.h"

namespace impasto::video {

namespace fs = std::filesystem;

bool completes(ExitCode outcome) {
  switch (outcome) {
    case ExitCode::ok:
    case ExitCode::partial:
    case ExitCode::interrupted:
    case ExitCode::terminated:
      return true;
    default:
      return false;
  }
}

bool keeps_partial(ExitCode outcome) {
  return outcome == ExitCode::gpu || outcome == ExitCode::output;
}

OutputFile::OutputFile(const std::string& path, bool overwrite) : path_(path) {
  direct_ = path == "-" || path.find("://") != std::string::npos;
  working_path_ = direct_ ? path : files::partial_path(path).string();
  if (direct_) return;
  const fs::path folder =
      fs::path(path).has_parent_path() ? fs::path(path).parent_path() : fs::path(".");
  if (fs::is_directory(path)) throw Error(ExitCode::usage, path + " is a folder, not a file");
  if (files::file_exists(path) && !overwrite) {
    throw Error(ExitCode::usage, path + " exists; -y overwrites it");
  }
  if (!fs::is_directory(folder)) {
    throw Error(ExitCode::output,
                "cannot write " + path + ": there is no folder " + folder.string());
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    throw Error(ExitCode::output,
                "cannot write " + path + ": no permission to write in " + folder.string());
  }
}

void OutputFile::finish(ExitCode outcome, bool written) {
  if (direct_) return;
  std::error_code failure;
  if (completes(outcome) && written) {
    fs::rename(working_path_, path_, failure);
    if (failure) {
      throw Error(ExitCode::output,
                  "cannot rename " + working_path_ + " to " + path_ + ": " + failure.message());
    }
  } else if (keeps_partial(outcome) && written) {
    log::warning("what could be written is in " + working_path_);
  } else {
    fs::remove(working_path_, failure);
  }
}

}  // namespace impasto::video
