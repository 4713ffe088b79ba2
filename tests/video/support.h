// Owns: what the video tests share: a folder per test, pass-through of a source into a sink.
// Depends on: the code under test; clips that are not shared are made with the ffmpeg command.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/video/sink.h"
#include "engine/video/source.h"

namespace impasto::video::test {

/// An empty folder that is removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }
  std::vector<std::string> names() const;  ///< of the files in it, sorted

 private:
  std::filesystem::path path_;
};

/// Standard output of a shell command; fails the test when the command fails.
std::string shell(const std::string& command);

/// A clip from the shared footage, or empty where that is absent.
std::string footage(const std::string& name);

struct Passed {
  std::int64_t frames = 0;
  bool damaged = false;
};
/// Reads every frame and writes it unchanged.
Passed pass_through(const SourceOptions& input, SinkOptions output,
                    ExitCode outcome = ExitCode::ok);
/// The same with all streams, at extreme speed and low quality.
Passed pass_file_through(const std::string& input, const std::string& output);

}  // namespace impasto::video::test
