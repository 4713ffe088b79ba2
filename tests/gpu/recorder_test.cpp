#include "engine/gpu/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "engine/base/debug.h"
#include "tests/gpu/rig.h"
#include "tests/support/validation.h"

namespace impasto {
namespace {

using gpu::Buffer;
using gpu::MemoryUse;
using gpu::Stage;

void record_scale(test::Rig& rig, gpu::Recorder& recorder, const Buffer& from, const Buffer& to,
                  float offset) {
  const test::ScalePush push{static_cast<std::uint32_t>(from.size() / 4), offset};
  const gpu::Binding bindings[] = {test::whole(from), test::whole(to)};
  recorder.dispatch(rig.kernels.get(test::scale_key(1)), bindings,
                    std::as_bytes(std::span(&push, 1)), {(push.count + 31) / 32, 1, 1}, "add");
}

// Each dispatch has a set of its own: more of them than one descriptor pool holds.
TEST(Recorder, LongChainsOfDispatches) {
  test::Rig rig;
  const Buffer first = rig.buffer(256, MemoryUse::upload);
  const Buffer second = rig.buffer(256, MemoryUse::read_back);
  for (float& value : test::as<float>(first)) value = 1;
  gpu::Recorder recorder(rig.device, "chain");
  for (int i = 0; i < 301; ++i) {
    if (i > 0) recorder.barrier(Stage::compute, Stage::compute);
    record_scale(rig, recorder, i % 2 ? second : first, i % 2 ? first : second, 1);
  }
  recorder.barrier(Stage::compute, Stage::host);
  rig.run(recorder);
  for (const float value : test::as<float>(second)) EXPECT_EQ(value, 302);
}

TEST(Recorder, TimestampsAreMonotoneAndNewAtEachSubmission) {
  test::Rig rig;
  if (rig.device.info().timestamp_valid_bits == 0) GTEST_SKIP() << "no timestamps on this device";
  const Buffer from = rig.buffer(1 << 16, MemoryUse::device);
  const Buffer to = rig.buffer(1 << 16, MemoryUse::device);
  gpu::Recorder recorder(rig.device, "timed", 5);
  recorder.fill(from, 0, from.size(), 0);
  recorder.barrier(Stage::transfer | Stage::compute, Stage::compute);
  for (std::uint32_t i = 0; i < 4; ++i) {  // one of five is never written
    recorder.timestamp(i);
    record_scale(rig, recorder, from, to, 1);
    recorder.barrier(Stage::compute, Stage::compute | Stage::transfer);
  }
  const VkCommandBuffer commands = recorder.finish();
  for (int run = 0; run < 3; ++run) {
    rig.timeline.wait(rig.timeline.submit(commands));
    const std::vector<double> times = recorder.timestamps_ms();
    ASSERT_EQ(times.size(), 5U);
    EXPECT_EQ(times[0], 0);
    for (std::size_t i = 1; i < 4; ++i) EXPECT_GE(times[i], times[i - 1]);
    EXPECT_GT(times[3], 0);
    EXPECT_LT(times[3], 10'000);
    EXPECT_EQ(times[4], 0);
  }
}

TEST(Recorder, WithoutTimestampsThereAreNone) {
  test::Rig rig;
  gpu::Recorder recorder(rig.device, "untimed");
  recorder.timestamp(0);
  rig.run(recorder);
  EXPECT_TRUE(recorder.timestamps_ms().empty());
}

std::size_t resident_bytes() {
  std::size_t total = 0;
  std::size_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

TEST(Recorder, RecordingAnewKeepsMemoryFlat) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer keeps freed memory";
#endif
  if (debug_switches() != DebugSwitches{}) GTEST_SKIP() << "the layer's own memory grows";
  test::Rig rig;
  const Buffer from = rig.buffer(256, MemoryUse::device);
  const Buffer to = rig.buffer(256, MemoryUse::device);
  const auto record = [&](int times) {
    for (int i = 0; i < times; ++i) {
      gpu::Recorder recorder(rig.device, "anew", 0);
      for (int dispatch = 0; dispatch < 60; ++dispatch) record_scale(rig, recorder, from, to, 5);
      recorder.finish();
    }
  };
  record(100);
  const std::size_t before = resident_bytes();
  record(1000);
  EXPECT_LE(resident_bytes(), before + (std::size_t{1} << 20));
}

TEST(Recorder, AThousandResubmitsKeepMemoryFlat) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer keeps freed memory";
#endif
  test::Rig rig;
  const Buffer from = rig.buffer(256, MemoryUse::device);
  const Buffer to = rig.buffer(256, MemoryUse::read_back);
  gpu::Recorder recorder(rig.device, "again", 2);
  recorder.timestamp(0);
  recorder.barrier(Stage::compute | Stage::host, Stage::transfer);
  recorder.fill(from, 0, from.size(), 0);
  recorder.barrier(Stage::transfer, Stage::compute);
  record_scale(rig, recorder, from, to, 5);
  recorder.barrier(Stage::compute, Stage::host);
  recorder.timestamp(1);
  const VkCommandBuffer commands = recorder.finish();
  const auto run = [&](int times) {
    for (int i = 0; i < times; ++i) {
      rig.timeline.wait(rig.timeline.submit(commands));
      recorder.timestamps_ms();
    }
  };
  run(200);
  const std::size_t before = resident_bytes();
  run(1000);
  EXPECT_LE(resident_bytes(), before + (std::size_t{1} << 20));
  EXPECT_EQ(test::as<float>(to)[63], 5);
  EXPECT_EQ(rig.timeline.completed(), 1200U);
  EXPECT_EQ(rig.timeline.submitted(), 1200U);
}

TEST(Timeline, SubmitsRunInOrderAndAWaitCanTimeOut) {
  test::Rig rig;
  const Buffer first = rig.buffer(1 << 22, MemoryUse::upload);
  const Buffer second = rig.buffer(1 << 22, MemoryUse::read_back);
  for (float& value : test::as<float>(first)) value = 0;
  std::vector<gpu::Recorder> recorders;
  for (int i = 0; i < 10; ++i) {
    gpu::Recorder& recorder = recorders.emplace_back(rig.device, "in flight");
    recorder.barrier(Stage::compute, Stage::compute);
    record_scale(rig, recorder, i % 2 ? second : first, i % 2 ? first : second, 1);
    recorder.barrier(Stage::compute, Stage::host);
  }
  std::uint64_t last = 0;
  for (int i = 0; i < 10; i += 2) {
    const VkCommandBuffer commands[] = {recorders[i].finish(), recorders[i + 1].finish()};
    const std::uint64_t value = rig.timeline.submit(commands);
    EXPECT_EQ(value, last + 1);
    last = value;
  }
  if (!rig.timeline.wait(last, std::chrono::nanoseconds(0))) {
    EXPECT_TRUE(rig.timeline.wait(last));
  }
  EXPECT_EQ(rig.timeline.completed(), last);
  EXPECT_EQ(test::as<float>(first)[0], 10);
  EXPECT_EQ(test::as<float>(first)[(1 << 20) - 1], 10);
}

// The checks of this program are worth something only if a missing barrier is seen.
void expect_hazard(bool across_submits) {
  if (std::string(std::getenv("IMPASTO_DEBUG")).find("sync") == std::string::npos) {
    GTEST_SKIP() << "synchronization validation is off";
  }
  test::Rig rig;
  const Buffer from = rig.buffer(4096, MemoryUse::device, "from");
  const Buffer to = rig.buffer(4096, MemoryUse::device, "to");
  const gpu::ValidationMessages before = gpu::validation_messages();
  gpu::Recorder first(rig.device, "first");
  first.fill(from, 0, from.size(), 0);
  gpu::Recorder second(rig.device, "second");
  (across_submits ? second : first).copy(from, 0, to, 0, to.size());
  rig.timeline.submit(first.finish());
  rig.timeline.submit(second.finish());
  rig.timeline.wait(rig.timeline.submitted());
  const gpu::ValidationMessages after = gpu::validation_messages();
  EXPECT_GT(after.errors, before.errors);
  test::provoked_messages.errors += after.errors - before.errors;
}

TEST(Validation, SeesAMissingBarrier) {
  expect_hazard(false);
}
TEST(Validation, SeesAMissingBarrierBetweenSubmits) {
  expect_hazard(true);
}

}  // namespace
}  // namespace impasto
