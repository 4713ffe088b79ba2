// Owns: what the program says to people: one line per message, to stderr.
// Depends on: the standard library only. Thread-safe. Data never goes through here (stdout is for
// data).
#pragma once

#include <functional>
#include <string>

namespace impasto::log {

enum class Level { info, warning, error };

/// Writes "impasto: message", with "warning: " or "error: " before the message at those levels.
void write(Level level, const std::string& message);
inline void info(const std::string& message) {
  write(Level::info, message);
}
inline void warning(const std::string& message) {
  write(Level::warning, message);
}
inline void error(const std::string& message) {
  write(Level::error, message);
}

/// Quiet: errors only.
void set_quiet(bool quiet);

/// Where lines go instead of stderr (a front end that has a progress line to clear, a test); an
/// empty function restores stderr. The function is called under a lock and gets no suppressed line.
using Writer = std::function<void(Level, const std::string& message)>;
void set_writer(Writer writer);

}  // namespace impasto::log
