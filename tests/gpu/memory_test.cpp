#include "engine/gpu/memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "tests/gpu/rig.h"

namespace impasto {
namespace {

using gpu::Buffer;
using gpu::MemoryUse;
using gpu::Stage;
using ::testing::HasSubstr;

TEST(Memory, BytesSurviveTheWayThroughTheDevice) {
  test::Rig rig;
  const std::size_t bytes = 1 << 20;
  const Buffer up = rig.buffer(bytes, MemoryUse::upload);
  const Buffer on_device = rig.buffer(bytes, MemoryUse::device);
  const Buffer back = rig.buffer(bytes, MemoryUse::read_back);
  EXPECT_TRUE(on_device.bytes().empty());
  const auto values = test::as<std::uint32_t>(up);
  std::iota(values.begin(), values.end(), 7U);

  gpu::Recorder recorder(rig.device, "round trip");
  recorder.copy(up, 0, on_device, 0, bytes);
  recorder.barrier(Stage::transfer, Stage::transfer);
  recorder.copy(on_device, 0, back, 0, bytes);
  recorder.barrier(Stage::transfer, Stage::host);
  rig.run(recorder);
  EXPECT_TRUE(std::equal(values.begin(), values.end(), test::as<std::uint32_t>(back).begin()));
}

TEST(Memory, RegionsAndFillsTouchTheirRangeOnly) {
  test::Rig rig;
  const Buffer from = rig.buffer(64, MemoryUse::upload);
  const Buffer to = rig.buffer(64, MemoryUse::read_back);
  for (std::size_t i = 0; i < 64; ++i) from.bytes()[i] = static_cast<std::byte>(i);
  gpu::Recorder recorder(rig.device, "regions");
  recorder.fill(to, 0, 64, 0xEEEEEEEEU);
  recorder.barrier(Stage::transfer, Stage::transfer);
  const VkBufferCopy regions[] = {{1, 10, 3}, {60, 20, 4}};
  recorder.copy_regions(from, to, regions);
  recorder.fill(to, 32, 8, 0);
  recorder.barrier(Stage::transfer, Stage::host);
  rig.run(recorder);
  for (std::size_t i = 0; i < 64; ++i) {
    int expected = 0xEE;
    if (i >= 10 && i < 13) expected = static_cast<int>(i) - 9;
    if (i >= 20 && i < 24) expected = static_cast<int>(i) + 40;
    if (i >= 32 && i < 40) expected = 0;
    EXPECT_EQ(std::to_integer<int>(to.bytes()[i]), expected) << i;
  }
}

TEST(Memory, AccountFollowsBuffers) {
  test::Rig rig;
  EXPECT_EQ(rig.device.memory_in_use(), 0U);
  {
    Buffer first = rig.buffer(1 << 20, MemoryUse::device);
    const VkDeviceSize one = rig.device.memory_in_use();
    EXPECT_GE(one, VkDeviceSize{1} << 20);
    Buffer second = std::move(first);
    EXPECT_EQ(rig.device.memory_in_use(), one);
    second = rig.buffer(1 << 20, MemoryUse::upload);
    EXPECT_EQ(rig.device.memory_in_use(), one);
    EXPECT_EQ(second.bytes().size(), std::size_t{1} << 20);
  }
  EXPECT_EQ(rig.device.memory_in_use(), 0U);
}

TEST(Memory, WhatExceedsTheLimitIsRefusedBeforeTheDriverIsAsked) {
  test::Rig rig;
  const VkDeviceSize limit = rig.device.info().max_memory_allocation_size;
  for (const VkDeviceSize size : {limit + 1, VkDeviceSize{1} << 50, ~VkDeviceSize{0}}) {
    const std::string message = test::gpu_error(
        [&] { const Buffer huge = rig.buffer(size, MemoryUse::device, "arena 3"); });
    EXPECT_THAT(message, HasSubstr("'arena 3'"));
    EXPECT_THAT(message, HasSubstr("at most"));
  }
  EXPECT_EQ(rig.device.memory_in_use(), 0U);
}

}  // namespace
}  // namespace impasto
