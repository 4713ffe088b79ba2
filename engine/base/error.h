// Owns: the one exception type of the program and the exit codes that it maps to.
// Depends on: nothing. To add a kind of failure: a line in ExitCode and in the README's table.
#pragma once

#include <stdexcept>
#include <string>

namespace impasto {

/// Process exit codes; every front end has one catch that turns an Error into its code.
enum class ExitCode : int {
  ok = 0,
  usage = 2,          ///< wrong options, output exists, unknown style
  input = 3,          ///< the source cannot be opened or holds no picture
  model = 4,          ///< the ONNX file is refused
  gpu = 5,            ///< no device, out of memory, device lost
  output = 6,         ///< the sink cannot be opened or written
  partial = 7,        ///< the input was damaged; what could be read was written
  interrupted = 130,  ///< SIGINT
  terminated = 143,   ///< SIGTERM
};

/// A failure that the environment caused. `what()` is one line that names the thing and what to do.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

}  // namespace impasto
