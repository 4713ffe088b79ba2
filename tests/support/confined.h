// Owns: running a piece of a test in a process of its own that cannot take much memory.
// Depends on: engine/base/error.h, POSIX.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <exception>
#include <fstream>
#include <string>

#include "engine/base/error.h"

namespace impasto::test {

/// Sanitizers reserve terabytes of addresses, which a limit would forbid.
constexpr bool confinement_limits_memory() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return false;
#else
  return true;
#endif
}

struct Outcome {
  static constexpr int crashed = -1;  ///< another exception, or a signal
  int code = crashed;                 ///< 0, or the ExitCode of the Error that came out
  std::string message;
};

/// Runs `body` in a child that may map 200 MB beyond what this process has.
template <typename Body>
Outcome confined(const Body& body, std::size_t bytes = 200'000'000) {
  int ends[2];
  if (::pipe(ends) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    if (confinement_limits_memory()) {
      std::size_t pages = 0;
      std::ifstream("/proc/self/statm") >> pages;
      const rlim_t limit = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + bytes;
      const rlimit limits{limit, limit};
      ::setrlimit(RLIMIT_AS, &limits);
    }
    int code = 0;
    std::string message;
    try {
      body();
    } catch (const Error& error) {
      code = static_cast<int>(error.code());
      message = error.what();
    } catch (const std::exception& error) {
      code = 200;
      message = error.what();
    }
    const bool written = ::write(ends[1], message.data(), message.size()) >= 0;
    ::_exit(written ? code : 200);
  }
  ::close(ends[1]);
  Outcome outcome;
  char buffer[4096];
  for (ssize_t count = 0; (count = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    outcome.message.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) != 200) outcome.code = WEXITSTATUS(status);
  return outcome;
}

}  // namespace impasto::test
