// Owns: where the pipeline cache lies on disk and its format: a head of our own (magic, size, hash)
// before the driver's data, since drivers trust what they are handed.
// Depends on: device_info.h, base/files.h. Nothing here throws: a cache that does not work is one
// that is empty.
#pragma once

#include <vulkan/vulkan.h>

#include <filesystem>
#include <string>

#include "engine/gpu/device_info.h"

namespace impasto::gpu {

/// The driver's data; empty for a missing, damaged or another device's file.
std::string read_pipeline_cache(const std::filesystem::path& file,
                                VkPhysicalDevice physical) noexcept;

/// Replaces the file in one step; a failure writes nothing.
void write_pipeline_cache(const std::filesystem::path& file, VkDevice device,
                          VkPipelineCache cache) noexcept;

}  // namespace impasto::gpu
