#include "tests/video/support.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace impasto::video::test {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "impasto_video_XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code failure;
  fs::remove_all(path_, failure);
}

std::vector<std::string> TemporaryFolder::names() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path_)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

std::string shell(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen");
  std::string text;
  std::array<char, 4096> part{};
  while (const std::size_t count = std::fread(part.data(), 1, part.size(), pipe)) {
    text.append(part.data(), count);
  }
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return text;
}

std::string footage(const std::string& name) {
  const std::string path = std::string(IMPASTO_SOURCE_DIR) + "/../shared/footage/" + name;
  return fs::exists(path) ? path : "";
}

Passed pass_through(const SourceOptions& input, SinkOptions output, ExitCode outcome) {
  auto source = open_source(input);
  auto sink = open_sink(output, *source);
  Passed passed;
  while (auto frame = source->read()) {
    EXPECT_EQ(sink->frame_format(frame->format), frame->format) << input.input;
    sink->write(*frame);
    ++passed.frames;
  }
  passed.damaged = source->damaged();
  sink->finish(outcome);
  return passed;
}

Passed pass_file_through(const std::string& input, const std::string& output) {
  SinkOptions options;
  options.output = output;
  options.crf = 40;
  if (!output.ends_with(".webm")) options.preset = "ultrafast";
  if (output.ends_with(".webm")) options.encoder_options = {{"cpu-used", "8"}};
  return pass_through({.input = input, .copy_streams = true}, options);
}

}  // namespace impasto::video::test
