#include "engine/session/tuning_file.h"

#include <nlohmann/json.hpp>

#include "engine/base/files.h"

namespace impasto::session {
namespace {

using nlohmann::ordered_json;

// Raised with every change of the kernels that makes old times worthless.
constexpr int kernels_release = 2;
constexpr std::uintmax_t largest_file = 16U << 20;

ordered_json head(const gpu::DeviceInfo& device) {
  return {{"impasto_tuning", kernels_release},
          {"device", device.name},
          {"driver", device.driver},
          {"subgroup_size", device.subgroup_size}};
}

}  // namespace

std::filesystem::path tuning_file(const gpu::DeviceInfo& device) {
  return files::cache_folder() / gpu::device_file_name("tuning", device, "json");
}

graph::ConvChoices read_choices(const std::filesystem::path& file,
                                const gpu::DeviceInfo& device) noexcept try {
  if (!files::file_exists(file) || std::filesystem::file_size(file) > largest_file) return {};
  const ordered_json kept = ordered_json::parse(files::read_file(file, ExitCode::gpu));
  const ordered_json expected = head(device);
  for (const auto& [key, value] : expected.items()) {
    if (kept.at(key) != value) return {};
  }
  return kept.at("convolutions").get<graph::ConvChoices>();
} catch (...) {
  return {};
}

void keep_choices(const std::filesystem::path& file, const gpu::DeviceInfo& device,
                  const graph::ConvChoices& choices) noexcept try {
  if (choices.empty()) return;
  graph::ConvChoices all = choices;
  all.merge(read_choices(file, device));
  ordered_json content = head(device);
  content["convolutions"] = all;
  files::write_file(file, content.dump(1) + "\n", ExitCode::gpu);
} catch (...) {
  return;  // the next run measures again
}

}  // namespace impasto::session
