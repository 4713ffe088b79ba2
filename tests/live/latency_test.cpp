// How old a live picture can be when it is shown: while one frame is painted at most one waits, the
// newest; counted on frames that are held up, without a clock.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "app/live/pipeline.h"
#include "tests/live/small_model.h"
#include "tests/video/live_support.h"
#include "tests/video/support.h"

namespace impasto::test {
namespace {

using video::test::becomes;

/// Where the pipeline's thread is held up.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    if (!closed_) return;
    held_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !closed_; });
    held_ = false;
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    closed_ = false;
    changed_.notify_all();
  }
  void wait_for_somebody() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return held_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  bool held_ = false;
};

TEST(LiveLatency, AtMostOneFrameWaitsWhileOneIsPainted) {
  const video::test::TemporaryFolder folder;
  const std::string model = folder / "small.onnx";
  write_small_model(model);
  const std::string stream = folder / "stream";
  video::test::shell("mkfifo " + stream);
  Gate gate;
  live::PipelineOptions options;
  options.stylizer.pictures = true;
  options.notify = [&] { gate.pass(); };
  live::Pipeline pipeline(options);
  pipeline.open_model({.model = model});
  ASSERT_TRUE(becomes([&] { return pipeline.report().model_number == 1; }));
  pipeline.set_look(default_look(pipeline.report().model->model.info()), 1);
  video::LiveOptions source;
  source.source.input = "file://" + stream;
  source.source.input_options = {{"probesize", "1000"}, {"fpsprobesize", "0"}};
  pipeline.open_source(source);

  video::test::Feed feed(stream);
  std::uint64_t sent = 0;
  const auto send = [&] { feed.send(static_cast<int>(sent++ % 200)); };
  ASSERT_TRUE(becomes([&] {  // the demuxer wants to see some
    if (sent < 100) send();
    return pipeline.take_shown().has_value();
  })) << pipeline.report().problem;
  const auto at_rest = [&] {
    return becomes([&] {
      pipeline.take_shown();  // as the window does, which gives its slot back
      const live::Report report = pipeline.report();
      return report.source.frames + report.source.dropped == sent &&
             report.stats.frames == report.source.frames;
    });
  };
  ASSERT_TRUE(at_rest());
  for (int round = 0; round < 5; ++round) {
    const std::uint64_t before = pipeline.report().source.frames;
    gate.close();
    send();
    gate.wait_for_somebody();
    for (int i = 0; i < 20; ++i) send();
    EXPECT_TRUE(becomes([&] { return feed.drained(); }));
    gate.open();
    ASSERT_TRUE(at_rest());
    const video::LiveStatus status = pipeline.report().source;
    // The one that was held up and the newest; one more where the newest was still being decoded.
    EXPECT_LE(status.frames - before, 3U);
    EXPECT_TRUE(status.is_live);
  }
  EXPECT_GE(pipeline.report().source.dropped, 5U * 18U);
}

}  // namespace
}  // namespace impasto::test
