// Owns: the command line: every command's options, the one catch, the exit code. Depends on: the
// commands' headers. To add a command: an add_ function in command_line.cpp.
#pragma once

namespace impasto::app {

/// Runs the command that the arguments name; returns the process's exit code.
int run_command_line(int argc, char** argv);

}  // namespace impasto::app
