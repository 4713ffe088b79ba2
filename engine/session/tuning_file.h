// Owns: where measured choices of kernels lie on disk and in what form: JSON with the device, the
// driver, the subgroup size and, per shape of convolution, the name of a kernel.
// Depends on: gpu/device_info.h, graph/options.h, base/files.h. Nothing here throws: what cannot be
// read, or was written for another device or by another release of the kernels, is as if it were
// not there, and a name that no kernel has is passed over where a graph is compiled.
#pragma once

#include <filesystem>

#include "engine/gpu/device_info.h"
#include "engine/graph/options.h"

namespace impasto::session {

std::filesystem::path tuning_file(const gpu::DeviceInfo& device);

graph::ConvChoices read_choices(const std::filesystem::path& file,
                                const gpu::DeviceInfo& device) noexcept;

/// Adds to those that are kept; equal shapes are replaced. The file is replaced in one step.
void keep_choices(const std::filesystem::path& file, const gpu::DeviceInfo& device,
                  const graph::ConvChoices& choices) noexcept;

}  // namespace impasto::session
