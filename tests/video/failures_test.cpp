// What goes wrong, by exit code, and which files are there afterwards.
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "tests/video/report.h"
#include "tests/video/support.h"

namespace impasto::video::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* picture = "lavfi:testsrc2=size=64x48:rate=25:duration=1,format=yuv420p";

/// The error that `function` throws; its message is one line.
template <class Function>
Error failure_of(Function function) {
  try {
    function();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
    return error;
  }
  ADD_FAILURE() << "nothing is thrown";
  return Error(ExitCode::ok, "");
}

void expect_refused(const SourceOptions& input, ExitCode code, const std::string& part) {
  const Error error = failure_of([&] { open_source(input); });
  EXPECT_EQ(error.code(), code) << error.what();
  EXPECT_THAT(error.what(), HasSubstr(part));
}

void expect_refused(SinkOptions output, ExitCode code, const std::string& part) {
  const auto source = open_source({.input = picture});
  const Error error = failure_of([&] { open_sink(output, *source); });
  EXPECT_EQ(error.code(), code) << error.what();
  EXPECT_THAT(error.what(), HasSubstr(part));
}

std::string make_file(const TemporaryFolder& folder, const std::string& name,
                      const std::string& content) {
  std::ofstream(folder / name, std::ios::binary) << content;
  return folder / name;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Refusals, inputs_that_hold_no_picture) {
  const TemporaryFolder folder;
  std::string noise;
  for (unsigned i = 0, state = 1; i < 100000; ++i) {
    state = state * 1664525 + 1013904223;
    noise.push_back(static_cast<char>(state >> 24));
  }
  for (const char* extension : {"mp4", "mkv", "png", "jpg", "avi", "bin"}) {
    const std::string file = make_file(folder, std::string("noise.") + extension, noise);
    expect_refused({.input = file}, ExitCode::input, file);
  }
  expect_refused({.input = make_file(folder, "empty.mp4", "")}, ExitCode::input, "empty.mp4");
  expect_refused({.input = make_file(folder, "text.txt", "nothing but words\n")}, ExitCode::input,
                 "text.txt");
  expect_refused({.input = folder / "missing.mp4"}, ExitCode::input, "missing.mp4");
  expect_refused({.input = folder.path().string()}, ExitCode::input, "is a folder");
  expect_refused({.input = "lavfi:no_such_filter"}, ExitCode::input, "no_such_filter");
  shell("ffmpeg -v error -f lavfi -i sine=duration=0.1 " + (folder / "sound.wav"));
  expect_refused({.input = folder / "sound.wav"}, ExitCode::input, "holds no picture");
  expect_refused({.input = picture, .input_options = {{"no_such_option", "1"}}}, ExitCode::usage,
                 "no_such_option");
}

TEST(Refusals, options_that_cannot_work) {
  const TemporaryFolder folder;
  const std::string mp4 = folder / "out.mp4";
  expect_refused({.output = folder / "out.xyz"}, ExitCode::usage, "out.xyz");
  expect_refused({.output = folder / "noending"}, ExitCode::usage, "noending");
  expect_refused({.output = ""}, ExitCode::usage, "no name");
  expect_refused({.output = mp4, .codec = "nosuchcodec"}, ExitCode::usage, "nosuchcodec");
  expect_refused({.output = mp4, .codec = "aac"}, ExitCode::usage, "aac");
  expect_refused({.output = folder / "out.webm", .codec = "libx264"}, ExitCode::usage, "h264");
  expect_refused({.output = folder / "out.mp4", .codec = "ffv1"}, ExitCode::usage, "ffv1");
  expect_refused({.output = mp4, .crf = 1000}, ExitCode::usage, "crf");
  expect_refused({.output = mp4, .crf = -5}, ExitCode::usage, "crf");
  expect_refused({.output = folder / "out.mkv", .codec = "ffv1", .crf = 20}, ExitCode::usage,
                 "crf");
  expect_refused({.output = mp4, .preset = "warp"}, ExitCode::usage, "preset");
  expect_refused({.output = mp4, .pixel_format = "nosuch"}, ExitCode::usage, "nosuch");
  expect_refused({.output = mp4, .pixel_format = "rgba64le"}, ExitCode::usage, "rgba64le");
  expect_refused({.output = mp4, .encoder_options = {{"nosuch", "1"}}}, ExitCode::usage, "nosuch");
  EXPECT_THAT(folder.names(), IsEmpty());
}

TEST(Refusals, outputs_that_exist) {
  const TemporaryFolder folder;
  const std::string path = make_file(folder, "out.mp4", "mine");
  const std::string png = make_file(folder, "out.png", "mine too");
  expect_refused({.output = path}, ExitCode::usage, "exists");
  const auto source = open_source({.input = picture, .frame_limit = 1});
  EXPECT_EQ(failure_of([&] { open_sink({.output = png}, *source); }).code(), ExitCode::usage);
  EXPECT_EQ(content_of(path), "mine");
  EXPECT_EQ(content_of(png), "mine too");
  EXPECT_EQ(folder.names().size(), 2U);
}

TEST(Refusals, folders_that_cannot_be_written) {
  const TemporaryFolder folder;
  expect_refused({.output = folder / "none/out.mp4"}, ExitCode::output, "there is no folder");
  expect_refused({.output = folder.path().string() + "/"}, ExitCode::usage, "");
  expect_refused({.output = "/proc/out.mp4"}, ExitCode::output, "/proc/out.mp4");
  std::filesystem::permissions(
      folder.path(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  if (::geteuid() != 0) {
    expect_refused({.output = folder / "out.mp4"}, ExitCode::output, "no permission");
  }
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_all);
  EXPECT_THAT(folder.names(), IsEmpty());
}

/// Writes past this many bytes of a file fail while this lives, as on a full disk.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &kept_);
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, kept_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SmallDisk() {
    ::setrlimit(RLIMIT_FSIZE, &kept_);
    ::signal(SIGXFSZ, SIG_DFL);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

 private:
  rlimit kept_{};
};

TEST(Outcomes, a_full_disk_leaves_what_could_be_written) {
  for (const char* extension : {"mp4", "mkv", "avi"}) {
    SCOPED_TRACE(extension);
    const TemporaryFolder folder;
    const std::string name = std::string("out.") + extension;
    const Error error = failure_of([&] {
      const SmallDisk disk(150000);
      pass_through({.input = "lavfi:testsrc2=size=640x480:duration=2,format=yuv420p"},
                   {.output = folder / name, .codec = "mpeg4"});
    });
    EXPECT_EQ(error.code(), ExitCode::output);
    EXPECT_THAT(error.what(), HasSubstr(name));
    EXPECT_THAT(folder.names(), ElementsAre(std::string("out.partial.") + extension));
    EXPECT_GT(std::filesystem::file_size(folder / folder.names()[0]), 100000U);
  }
}

TEST(Outcomes, a_full_disk_leaves_no_name_for_a_picture) {
  const TemporaryFolder folder;
  const Error error = failure_of([&] {
    const SmallDisk disk(1000);
    pass_through({.input = "lavfi:testsrc2=size=320x240,format=rgb24", .frame_limit = 1},
                 {.output = folder / "out.png"});
  });
  EXPECT_EQ(error.code(), ExitCode::output);
  for (const std::string& name : folder.names()) EXPECT_EQ(name, "out.partial.png");
}

TEST(Outcomes, decide_what_file_is_left) {
  const std::pair<ExitCode, const char*> outcomes[] = {
      {ExitCode::ok, "out.mkv"},          {ExitCode::partial, "out.mkv"},
      {ExitCode::interrupted, "out.mkv"}, {ExitCode::terminated, "out.mkv"},
      {ExitCode::gpu, "out.partial.mkv"}, {ExitCode::output, "out.partial.mkv"},
      {ExitCode::usage, nullptr},         {ExitCode::input, nullptr},
      {ExitCode::model, nullptr}};
  for (const auto& [outcome, name] : outcomes) {
    SCOPED_TRACE(static_cast<int>(outcome));
    const TemporaryFolder folder;
    pass_through({.input = picture}, {.output = folder / "out.mkv", .codec = "ffv1"}, outcome);
    if (name == nullptr) {
      EXPECT_THAT(folder.names(), IsEmpty());
    } else {
      EXPECT_THAT(folder.names(), ElementsAre(name));
    }
  }
}

TEST(Outcomes, interrupted_in_the_middle_is_playable) {
  for (const char* extension : {"mp4", "mkv", "webm", "mov", "avi"}) {
    SCOPED_TRACE(extension);
    const TemporaryFolder folder;
    const std::string output = folder / (std::string("out.") + extension);
    const auto source = open_source({.input = picture});
    const auto sink = open_sink({.output = output}, *source);
    for (int i = 0; i < 7; ++i) sink->write(*source->read());
    sink->finish(ExitCode::interrupted);
    EXPECT_EQ(examine(output).frames.size(), 7U);
    EXPECT_EQ(folder.names().size(), 1U);
  }
}

TEST(Outcomes, a_sink_that_is_dropped_leaves_the_partial_file) {
  const TemporaryFolder folder;
  const auto source = open_source({.input = picture});
  {
    const auto sink = open_sink({.output = folder / "out.mkv", .codec = "ffv1"}, *source);
    while (const auto frame = source->read()) sink->write(*frame);
  }
  EXPECT_THAT(folder.names(), ElementsAre("out.partial.mkv"));
}

TEST(Outcomes, overwriting_replaces_only_when_complete) {
  const TemporaryFolder folder;
  const std::string path = make_file(folder, "out.mkv", "mine");
  SinkOptions options{.output = path, .overwrite = true, .codec = "ffv1"};
  pass_through({.input = picture}, options, ExitCode::gpu);
  EXPECT_EQ(content_of(path), "mine");
  pass_through({.input = picture}, options);
  EXPECT_EQ(examine(path).frames.size(), 25U);
}

}  // namespace
}  // namespace impasto::video::test
