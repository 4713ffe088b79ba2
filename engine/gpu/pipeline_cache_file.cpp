#include "engine/gpu/pipeline_cache_file.h"

#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "engine/base/files.h"
#include "engine/gpu/fingerprint.h"

namespace impasto::gpu {

namespace {

struct Head {
  std::array<char, 8> magic = {'i', 'm', 'p', 'a', 's', 't', 'o', '2'};
  std::uint64_t kernels = 0;  // words of 8 bytes that follow, then `bytes` of the driver's
  std::uint64_t bytes = 0;
  std::uint64_t hash = 0;  // of both
};

std::string_view as_text(const void* bytes, std::size_t size) {
  return {static_cast<const char*>(bytes), size};
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

PipelineCacheContent read_pipeline_cache(const std::filesystem::path& file,
                                         VkPhysicalDevice physical) noexcept try {
  if (!files::file_exists(file)) return {};
  const std::string content = files::read_file(file, ExitCode::gpu);
  Head head;
  const auto magic = head.magic;
  if (content.size() < sizeof head) return {};
  std::memcpy(&head, content.data(), sizeof head);
  const std::string_view rest = std::string_view(content).substr(sizeof head);
  constexpr std::size_t word = sizeof(std::uint64_t);
  if (head.magic != magic || head.kernels > rest.size() / word ||
      head.bytes != rest.size() - head.kernels * word || head.hash != fingerprint(rest)) {
    return {};
  }
  PipelineCacheContent result;
  result.data = rest.substr(head.kernels * word);
  if (!of_device(result.data, physical)) return {};
  for (std::size_t i = 0; i < head.kernels; ++i) {
    std::uint64_t kernel = 0;
    std::memcpy(&kernel, rest.data() + i * word, word);
    result.kernels.insert(kernel);
  }
  return result;
} catch (...) {
  return {};
}

void write_pipeline_cache(const std::filesystem::path& file, VkDevice device, VkPipelineCache cache,
                          const std::set<std::uint64_t>& kernels) noexcept try {
  std::size_t size = 0;
  if (vkGetPipelineCacheData(device, cache, &size, nullptr) != VK_SUCCESS) return;
  std::string data(size, '\0');
  if (vkGetPipelineCacheData(device, cache, &size, data.data()) != VK_SUCCESS) return;
  data.resize(size);
  const std::vector<std::uint64_t> words(kernels.begin(), kernels.end());
  const std::string rest =
      std::string(as_text(words.data(), words.size() * sizeof words[0])) + data;
  Head head;
  head.kernels = words.size();
  head.bytes = data.size();
  head.hash = fingerprint(rest);
  files::write_file(file, std::string(as_text(&head, sizeof head)) + rest, ExitCode::gpu);
} catch (...) {
  return;  // the next run compiles again
}

}  // namespace impasto::gpu
