// y4m through pipes: stdin and stdout of this process stand in for those of the program.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdio>

#include "tests/video/report.h"
#include "tests/video/support.h"

namespace impasto::video::test {
namespace {

/// File descriptor `number` is `other` while this lives.
class Redirected {
 public:
  Redirected(int number, int other) : number_(number), kept_(::dup(number)) {
    std::fflush(stdout);
    ::dup2(other, number);
  }
  ~Redirected() {
    std::fflush(stdout);
    ::dup2(kept_, number_);
    ::close(kept_);
  }
  Redirected(const Redirected&) = delete;
  Redirected& operator=(const Redirected&) = delete;

 private:
  int number_;
  int kept_;
};

constexpr const char* generate = "ffmpeg -v error -f lavfi -i testsrc2=size=33x17:rate=30 -t 1 ";

TEST(Pipes, y4m_in_and_out_keep_every_sample) {
  for (const char* pixel_format : {"yuv420p", "yuv422p", "yuv444p", "yuv420p10le"}) {
    SCOPED_TRACE(pixel_format);
    const TemporaryFolder folder;
    const std::string made = folder / "made.y4m";
    shell(generate + std::string("-strict -1 -pix_fmt ") + pixel_format + " " + made);
    FILE* reader = ::popen(("cat " + made).c_str(), "r");
    FILE* writer = ::popen(("cat > " + (folder / "out.y4m")).c_str(), "w");
    {
      const Redirected in(STDIN_FILENO, ::fileno(reader));
      const Redirected out(STDOUT_FILENO, ::fileno(writer));
      EXPECT_EQ(pass_through({.input = "-"}, {.output = "-"}).frames, 30);
    }
    ::pclose(reader);
    ::pclose(writer);
    const Report before = examine(made, {.hash_frames = true});
    const Report after = examine(folder / "out.y4m", {.hash_frames = true});
    EXPECT_EQ(after.times(), before.times());
    ASSERT_EQ(after.frames.size(), before.frames.size());
    for (std::size_t i = 0; i < after.frames.size(); ++i) {
      EXPECT_EQ(after.frames[i].hash, before.frames[i].hash) << i;
    }
    EXPECT_EQ(after.frames[0].pixel_format, pixel_format);
  }
}

/// The code of the error with which writing y4m of `input` to `descriptor` ends.
ExitCode write_to(int descriptor) {
  const Redirected out(STDOUT_FILENO, descriptor);
  try {
    pass_through({.input = "lavfi:testsrc2=size=320x240:duration=2,format=yuv420p"},
                 {.output = "-"});
  } catch (const Error& error) {
    return error.code();
  }
  return ExitCode::ok;
}

TEST(Pipes, a_full_disk_is_an_error_of_the_output) {
  const int full = ::open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  EXPECT_EQ(write_to(full), ExitCode::output);
  ::close(full);
}

TEST(Pipes, a_reader_that_goes_away_is_an_error_of_the_output) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_EQ(write_to(ends[1]), ExitCode::output);
  ::close(ends[1]);
}

TEST(Pipes, an_empty_one_is_an_error_of_the_input) {
  const int empty = ::open("/dev/null", O_RDONLY);
  ASSERT_GE(empty, 0);
  const Redirected in(STDIN_FILENO, empty);
  try {
    open_source({.input = "-"});
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::input);
  }
  ::close(empty);
}

}  // namespace
}  // namespace impasto::video::test
