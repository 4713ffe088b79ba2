// Owns: the format of the pipeline cache on disk: a head of our own (magic, sizes, hash) and which
// kernels it was written for, before the driver's data, since drivers trust what they are handed.
// Depends on: device_info.h, fingerprint.h, base/files.h. Nothing here throws: a cache that does
// not work is one that is empty.
#pragma once

#include <vulkan/vulkan.h>

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>

#include "engine/gpu/device_info.h"

namespace impasto::gpu {

struct PipelineCacheContent {
  std::set<std::uint64_t> kernels;  ///< fingerprints of those compiled since the file began
  std::string data;                 ///< the driver's
};

/// Empty for a missing, damaged or another device's file.
PipelineCacheContent read_pipeline_cache(const std::filesystem::path& file,
                                         VkPhysicalDevice physical) noexcept;

/// Replaces the file in one step; a failure writes nothing.
void write_pipeline_cache(const std::filesystem::path& file, VkDevice device, VkPipelineCache cache,
                          const std::set<std::uint64_t>& kernels) noexcept;

}  // namespace impasto::gpu
