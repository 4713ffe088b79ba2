// Owns: SPIR-V modules with their specialisation constants in place, without what these leave out
// and with their loops unrolled, in memory and on disk. Depends on: base/files.h, SPIRV-Tools; no
// device. For drivers that compile a pipeline anew at every start (DeviceInfo::
// translates_at_dispatch): the code that a kernel never runs costs them as much as the rest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <span>
#include <vector>

namespace impasto::gpu {

/// Thread-safe.
class SpecialisedModules {
 public:
  /// Reads and keeps modules in `folder`; a damaged file is ignored, and one that cannot be written
  /// is no error. An empty path keeps nothing on disk.
  explicit SpecialisedModules(std::filesystem::path folder) : folder_(std::move(folder)) {}
  SpecialisedModules(const SpecialisedModules&) = delete;
  SpecialisedModules& operator=(const SpecialisedModules&) = delete;

  /// The words of `code` with element i of `constants` in place of constant_id i: a module without
  /// specialisation constants that computes the same bits. They stay valid as long as this. Empty
  /// where SPIRV-Tools cannot read the code.
  std::span<const std::uint32_t> find(std::span<const std::uint32_t> code,
                                      std::span<const std::uint32_t> constants);

 private:
  using Words = std::vector<std::uint32_t>;
  Words read(std::uint64_t fingerprint) const;
  void write(std::uint64_t fingerprint, const Words& words) const;
  std::filesystem::path file(std::uint64_t fingerprint) const;

  const std::filesystem::path folder_;
  std::mutex mutex_;
  std::map<std::uint64_t, Words> modules_;  // by the fingerprint of code and constants
};

}  // namespace impasto::gpu
