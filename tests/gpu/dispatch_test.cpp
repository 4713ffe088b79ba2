#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/gpu/rig.h"

namespace impasto {
namespace {

using gpu::BindingKind;
using gpu::Buffer;
using gpu::KernelKey;
using gpu::MemoryUse;
using gpu::Stage;
using ::testing::HasSubstr;

TEST(Dispatch, SpecialisationAndPushConstantsReachTheShader) {
  test::Rig rig;
  const std::uint32_t count = 1000;
  const Buffer source = rig.buffer(count * 4, MemoryUse::upload);
  const Buffer target = rig.buffer(count * 4, MemoryUse::read_back);
  for (std::uint32_t i = 0; i < count; ++i) test::as<float>(source)[i] = static_cast<float>(i);
  for (const float factor : {2.0F, -0.5F}) {
    for (const std::uint32_t local : {1U, 32U, 128U}) {
      gpu::Recorder recorder(rig.device, "scale");
      recorder.fill(target, 0, target.size(), 0);
      recorder.barrier(Stage::transfer, Stage::compute);
      const test::ScalePush push{count - 1, 3.0F};
      const gpu::Binding bindings[] = {test::whole(source), test::whole(target)};
      recorder.dispatch(rig.kernels.get(test::scale_key(factor, local)), bindings,
                        std::as_bytes(std::span(&push, 1)), {(count + local - 1) / local, 1, 1},
                        "scale");
      recorder.barrier(Stage::compute, Stage::host);
      rig.run(recorder);
      const auto result = test::as<float>(target);
      for (std::uint32_t i = 0; i + 1 < count; ++i) {
        ASSERT_EQ(result[i], static_cast<float>(i) * factor + 3.0F);
      }
      EXPECT_EQ(result[count - 1], 0.0F);  // beyond push.count
    }
  }
}

TEST(Dispatch, BindingOffsetsSelectTheRange) {
  test::Rig rig;
  const Buffer source = rig.buffer(4096, MemoryUse::upload);
  const Buffer target = rig.buffer(4096, MemoryUse::read_back);
  for (std::uint32_t i = 0; i < 1024; ++i) test::as<float>(source)[i] = static_cast<float>(i);
  gpu::Recorder recorder(rig.device, "window");
  recorder.fill(target, 0, target.size(), 0);
  recorder.barrier(Stage::transfer, Stage::compute);
  const test::ScalePush push{64, 0};
  const gpu::Binding bindings[] = {{&source, 1024, 256}, {&target, 2048, 256}};
  recorder.dispatch(rig.kernels.get(test::scale_key(1)), bindings,
                    std::as_bytes(std::span(&push, 1)), {2, 1, 1}, "scale");
  recorder.barrier(Stage::compute, Stage::host);
  rig.run(recorder);
  const auto result = test::as<float>(target);
  for (std::uint32_t i = 0; i < 1024; ++i) {
    const bool written = i >= 512 && i < 576;
    EXPECT_EQ(result[i], written ? static_cast<float>(i - 512 + 256) : 0.0F) << i;
  }
}

// Texels of a format come out as floats.
void expect_texels(VkFormat format, std::size_t texel_bytes, VkDeviceSize offset,
                   void (*store)(std::byte* texel, float value)) {
  test::Rig rig;
  const std::uint32_t count = 256;
  const Buffer source = rig.buffer(offset + count * texel_bytes, MemoryUse::upload);
  const Buffer target = rig.buffer(count * 16, MemoryUse::read_back);
  for (std::uint32_t i = 0; i < count * 4; ++i) {
    store(source.bytes().data() + offset + i * texel_bytes / 4, static_cast<float>(i) * 0.5F - 100);
  }
  gpu::Recorder recorder(rig.device, "fetch");
  const gpu::Binding bindings[] = {{&source, offset, count * texel_bytes, format},
                                   test::whole(target)};
  const KernelKey key{.module = "fetch",
                      .constants = {64},
                      .bindings = {BindingKind::texel_read, BindingKind::storage_write}};
  recorder.dispatch(rig.kernels.get(key), bindings, {}, {count / 64, 1, 1}, "fetch");
  recorder.barrier(Stage::compute, Stage::host);
  rig.run(recorder);
  for (std::uint32_t i = 0; i < count * 4; ++i) {
    ASSERT_EQ(test::as<float>(target)[i], static_cast<float>(i) * 0.5F - 100) << i;
  }
}

TEST(Dispatch, TexelsOfFloats) {
  for (const VkDeviceSize offset : {VkDeviceSize{0}, VkDeviceSize{256}}) {
    expect_texels(VK_FORMAT_R32G32B32A32_SFLOAT, 16, offset,
                  [](std::byte* texel, float value) { std::memcpy(texel, &value, sizeof value); });
  }
}

TEST(Dispatch, TexelsOfHalfFloats) {
  expect_texels(VK_FORMAT_R16G16B16A16_SFLOAT, 8, 256, [](std::byte* texel, float value) {
    int exponent = 0;  // value is a multiple of 0.5 below 512: exact in 11 bits
    const float mantissa = std::frexp(std::fabs(value), &exponent);
    auto bits = static_cast<std::uint16_t>(value < 0 ? 0x8000 : 0);
    if (mantissa != 0) {
      bits = static_cast<std::uint16_t>(bits | (exponent + 14) << 10 |
                                        (static_cast<int>(mantissa * 2048) & 1023));
    }
    std::memcpy(texel, &bits, sizeof bits);
  });
}

TEST(Dispatch, SubgroupsHaveTheSizeThatIsAskedFor) {
  test::Rig rig;
  const gpu::DeviceInfo& info = rig.device.info();
  const std::uint32_t lanes = 64;
  const Buffer target = rig.buffer(lanes * 4, MemoryUse::read_back);
  std::uint32_t size = info.min_subgroup_size;
  for (; size <= info.max_subgroup_size; size *= 2) {
    if (!info.subgroup_size_control && size != info.subgroup_size) continue;
    const KernelKey key{.module = "subgroup",
                        .constants = {lanes},
                        .bindings = {BindingKind::storage_write},
                        .required_subgroup_size = size,
                        .full_subgroups = true};
    gpu::Recorder recorder(rig.device, "subgroup");
    const gpu::Binding binding = test::whole(target);
    recorder.dispatch(rig.kernels.get(key), {&binding, 1}, {}, {1, 1, 1}, "subgroup");
    recorder.barrier(Stage::compute, Stage::host);
    rig.run(recorder);
    for (const std::uint32_t seen : test::as<std::uint32_t>(target)) ASSERT_EQ(seen, size);
  }
  const KernelKey too_large{.module = "subgroup",
                            .constants = {lanes},
                            .bindings = {BindingKind::storage_write},
                            .required_subgroup_size = size};
  EXPECT_THAT(test::gpu_error([&] { rig.kernels.get(too_large); }), HasSubstr("'subgroup'"));
}

TEST(Dispatch, UnknownModuleIsNamed) {
  test::Rig rig;
  EXPECT_THAT(test::gpu_error([&] { rig.kernels.get({.module = "nothing"}); }),
              HasSubstr("'nothing'"));
}

}  // namespace
}  // namespace impasto
