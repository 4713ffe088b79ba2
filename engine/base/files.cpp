#include "engine/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>

namespace impasto::files {
namespace {

namespace fs = std::filesystem;

fs::path xdg_folder(const char* variable, const char* below_home) {
  const char* value = std::getenv(variable);
  if (value != nullptr && fs::path(value).is_absolute()) return fs::path(value) / "impasto";
  const char* home = std::getenv("HOME");
  const fs::path base = home != nullptr && *home != '\0' ? fs::path(home) : fs::path("/tmp");
  return base / below_home / "impasto";
}

std::string reason() {
  return std::strerror(errno);
}

}  // namespace

fs::path cache_folder() {
  return xdg_folder("XDG_CACHE_HOME", ".cache");
}
fs::path data_folder() {
  return xdg_folder("XDG_DATA_HOME", ".local/share");
}
fs::path config_folder() {
  return xdg_folder("XDG_CONFIG_HOME", ".config");
}

fs::path executable_folder() {
  std::error_code failure;
  const fs::path program = fs::read_symlink("/proc/self/exe", failure);
  return failure ? fs::current_path() : program.parent_path();
}

bool file_exists(const fs::path& path) {
  std::error_code failure;
  const fs::file_status status = fs::status(path, failure);
  return fs::exists(status) && !fs::is_directory(status);
}

std::string read_file(const fs::path& path, ExitCode code) {
  if (fs::is_directory(path)) throw Error(code, path.string() + " is a folder, not a file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(code, "cannot open " + path.string() + ": " + reason());
  std::ostringstream content;
  content << file.rdbuf();
  if (file.bad()) throw Error(code, "cannot read " + path.string() + ": " + reason());
  return std::move(content).str();
}

void write_file(const fs::path& path, std::string_view content, ExitCode code) {
  const auto fail = [&](const std::string& what) {
    throw Error(code, "cannot write " + path.string() + ": " + what);
  };
  std::error_code failure;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), failure);
  if (failure) fail(failure.message());

  // A name of its own: two processes may write the same file at once.
  std::string temporary = path.string() + ".XXXXXX";
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) fail(reason());
  const auto discard = [&] {
    const std::string what = reason();
    ::close(descriptor);
    ::unlink(temporary.c_str());
    fail(what);
  };
  for (std::size_t written = 0; written < content.size();) {
    const ssize_t count = ::write(descriptor, content.data() + written, content.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) discard();
    written += static_cast<std::size_t>(count);
  }
  // mkostemp gives 0600; a file written plainly would follow the umask, which can only be read by
  // setting it: once, since two threads that do so at a time may leave the other's 0 behind.
  static const mode_t mask = [] {
    const mode_t own = ::umask(0);
    ::umask(own);
    return own;
  }();
  if (::fchmod(descriptor, 0666 & ~mask) != 0) discard();
  if (::close(descriptor) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0) {
    const std::string what = reason();
    ::unlink(temporary.c_str());
    fail(what);
  }
}

fs::path partial_path(const fs::path& path) {
  return path.parent_path() / (path.stem().string() + ".partial" + path.extension().string());
}

}  // namespace impasto::files
