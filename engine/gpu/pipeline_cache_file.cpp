#include "engine/gpu/pipeline_cache_file.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "engine/base/files.h"

namespace impasto::gpu {

namespace {

struct Head {
  std::array<char, 8> magic = {'i', 'm', 'p', 'a', 's', 't', 'o', '1'};
  std::uint64_t bytes = 0;
  std::uint64_t hash = 0;
};

// Fowler, Noll, Vo: FNV-1a, 64 bits.
std::uint64_t hash(const std::string& data) {
  std::uint64_t value = 0xcbf29ce484222325U;
  for (char each : data) {
    value = (value ^ static_cast<unsigned char>(each)) * 0x100000001b3U;
  }
  return value;
}

bool of_device(const std::string& data, VkPhysicalDevice physical) {
  VkPipelineCacheHeaderVersionOne header;
  if (data.size() < sizeof header) return false;
  std::memcpy(&header, data.data(), sizeof header);
  VkPhysicalDeviceProperties device;
  vkGetPhysicalDeviceProperties(physical, &device);
  return header.headerSize >= sizeof header &&
         header.headerVersion == VK_PIPELINE_CACHE_HEADER_VERSION_ONE &&
         header.vendorID == device.vendorID && header.deviceID == device.deviceID &&
         !std::memcmp(header.pipelineCacheUUID, device.pipelineCacheUUID, VK_UUID_SIZE);
}

}  // namespace

std::string read_pipeline_cache(const std::filesystem::path& file,
                                VkPhysicalDevice physical) noexcept try {
  if (!files::file_exists(file)) return {};
  const std::string content = files::read_file(file, ExitCode::gpu);
  Head head;
  const auto magic = head.magic;
  if (content.size() < sizeof head) return {};
  std::memcpy(&head, content.data(), sizeof head);
  std::string data = content.substr(sizeof head);
  const bool whole = head.magic == magic && head.bytes == data.size() && head.hash == hash(data);
  return whole && of_device(data, physical) ? data : std::string();
} catch (...) {
  return {};
}

void write_pipeline_cache(const std::filesystem::path& file, VkDevice device,
                          VkPipelineCache cache) noexcept try {
  std::size_t size = 0;
  if (vkGetPipelineCacheData(device, cache, &size, nullptr) != VK_SUCCESS) return;
  std::string data(size, '\0');
  if (vkGetPipelineCacheData(device, cache, &size, data.data()) != VK_SUCCESS) return;
  data.resize(size);
  Head head;
  head.bytes = data.size();
  head.hash = hash(data);
  const std::string_view head_bytes(reinterpret_cast<const char*>(&head), sizeof head);
  files::write_file(file, std::string(head_bytes) + data, ExitCode::gpu);
} catch (...) {
  return;  // the next run compiles again
}

}  // namespace impasto::gpu
