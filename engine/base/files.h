// Owns: the few file-system operations that several folders need: where things are kept, reading a
// file whole, replacing a file in one step.
// Depends on: base/error.h.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace impasto::files {

/// XDG base folders with "/impasto" appended ($XDG_CACHE_HOME or ~/.cache, and so on). The folder
/// need not exist. A relative path in the variable is ignored, as the specification asks.
std::filesystem::path cache_folder();
std::filesystem::path data_folder();
std::filesystem::path config_folder();

/// The folder that the running program's file lies in.
std::filesystem::path executable_folder();

/// Whether something that is not a folder is there (or what a link leads to).
bool file_exists(const std::filesystem::path& path);

/// The whole content. Throws Error{code} naming the file.
std::string read_file(const std::filesystem::path& path, ExitCode code);

/// Creates or replaces the file in one step: readers see the old content or the new one, never a
/// part. Creates missing parent folders. Throws Error{code} naming the file.
void write_file(const std::filesystem::path& path, std::string_view content, ExitCode code);

/// The name under which an output is written until it is complete: "a/b.mp4" -> "a/b.partial.mp4".
std::filesystem::path partial_path(const std::filesystem::path& path);

}  // namespace impasto::files
