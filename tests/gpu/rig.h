// What most tests of this folder need: a device with kernels from tests/gpu/shaders, and small
// helpers to fill, run and read.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/gpu/device.h"
#include "engine/gpu/kernel.h"
#include "engine/gpu/memory.h"
#include "engine/gpu/recorder.h"
#include "engine/gpu/timeline.h"

namespace impasto::test {

/// The words of a test shader, empty where there is none.
inline std::span<const std::uint32_t> test_module(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string, std::vector<std::uint32_t>, std::less<>> modules;
  const std::lock_guard lock(mutex);
  auto found = modules.find(name);
  if (found == modules.end()) {
    std::ifstream file(std::string(IMPASTO_TEST_SHADERS "/").append(name).append(".spv"),
                       std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    std::vector<std::uint32_t> words(bytes.size() / 4);
    if (!words.empty()) std::memcpy(words.data(), bytes.data(), words.size() * 4);
    found = modules.emplace(name, std::move(words)).first;
  }
  return found->second;
}

template <class T>
std::span<T> as(const gpu::Buffer& buffer) {
  return {reinterpret_cast<T*>(buffer.bytes().data()), buffer.bytes().size() / sizeof(T)};
}

inline gpu::Binding whole(const gpu::Buffer& buffer, VkFormat format = VK_FORMAT_UNDEFINED) {
  return {&buffer, 0, buffer.size(), format};
}

struct ScalePush {
  std::uint32_t count = 0;
  float offset = 0;
};

inline gpu::KernelKey scale_key(float factor, std::uint32_t local = 32) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &factor, sizeof bits);
  return {.module = "scale",
          .constants = {local, bits},
          .bindings = {gpu::BindingKind::storage_read, gpu::BindingKind::storage_write},
          .push_bytes = sizeof(ScalePush)};
}

/// A device, kernels and a timeline, in the order in which they must end.
struct Rig {
  gpu::Device device;
  gpu::KernelCache kernels{device, test_module, {}};
  gpu::Timeline timeline{device};

  gpu::Buffer buffer(std::size_t bytes, gpu::MemoryUse use, const std::string& name = "test") {
    return {device, bytes, use, name};
  }
  void run(gpu::Recorder& recorder) { timeline.wait(timeline.submit(recorder.finish())); }
};

/// The message of the Error{gpu} that `function` throws; fails the test where it throws none.
template <class Function>
std::string gpu_error(Function function) {
  try {
    function();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::gpu);
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  ADD_FAILURE() << "no error was thrown";
  return {};
}

}  // namespace impasto::test
