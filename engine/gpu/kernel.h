// Owns: compiled compute pipelines and their cache on disk. Depends on: device.h,
// specialised_modules.h; where SPIR-V comes from is the caller's (a lookup by module name).
// A kernel is a module, its specialisation constants and the kinds of its bindings; the key is
// plain data, so that a compiled graph can name its kernels without a device.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/files.h"
#include "engine/gpu/device.h"
#include "engine/gpu/handle.h"
#include "engine/gpu/specialised_modules.h"

namespace impasto::gpu {

enum class BindingKind {
  storage_read,   ///< `readonly buffer`
  storage_write,  ///< `writeonly buffer`
  texel_read,     ///< `samplerBuffer`, `usamplerBuffer`
};

struct KernelKey {
  std::string module;
  std::vector<std::uint32_t> constants;      ///< element i is constant_id i; floats by their bits
  std::vector<BindingKind> bindings;         ///< element i is binding i of set 0
  std::uint32_t push_bytes = 0;              ///< a multiple of 4
  std::uint32_t required_subgroup_size = 0;  ///< 0: any
  bool full_subgroups = false;  ///< the local size must be a multiple of the subgroup's
  bool in_parts = false;        ///< Recorder::dispatch may run it in parts
  auto operator<=>(const KernelKey&) const = default;
};

struct Kernel {
  KernelKey key;
  Handle<VkDescriptorSetLayout, vkDestroyDescriptorSetLayout> set_layout;
  Handle<VkPipelineLayout, vkDestroyPipelineLayout> layout;
  Handle<VkPipeline, vkDestroyPipeline> pipeline;
};

/// The SPIR-V words of a module; empty where there is none. The words must stay valid.
using ModuleLookup = std::function<std::span<const std::uint32_t>(std::string_view)>;

/// Thread-safe. Kernels stay valid, at one address, as long as the cache.
class KernelCache {
 public:
  /// Reads the device's pipeline cache from `folder`; a missing, damaged or foreign file is
  /// ignored. An empty folder keeps nothing on disk.
  KernelCache(Device& device, ModuleLookup lookup,
              const std::filesystem::path& folder = files::cache_folder());
  /// For another device with the modules of `sibling`; keeps nothing on disk.
  KernelCache(Device& device, const KernelCache& sibling);
  ~KernelCache();  ///< saves
  KernelCache(const KernelCache&) = delete;
  KernelCache& operator=(const KernelCache&) = delete;

  /// Compiles at the first use. Throws Error{gpu} where the driver refuses, the module is unknown,
  /// or the device cannot give the subgroup size.
  const Kernel& get(const KernelKey& key);
  /// Compiles those that are missing, on as many threads as the machine has; other threads get()
  /// what is there meanwhile.
  void prepare(std::span<const KernelKey> keys);
  /// Writes the pipeline cache where kernels new to it were compiled since the last time: to a
  /// temporary name, then renamed. A cache that cannot be written is no error.
  void save() noexcept;
  const std::filesystem::path& file() const { return file_; }
  /// It was compiled here, or by whoever wrote the file that was read.
  bool seen_before(const KernelKey& key);

 private:
  std::unique_ptr<Kernel> compile(const KernelKey& key);
  void add(const KernelKey& key, std::unique_ptr<Kernel> kernel);
  std::uint64_t fingerprint_of(const KernelKey& key) const;
  Device& device_;
  const ModuleLookup lookup_;
  const std::shared_ptr<SpecialisedModules> modules_;
  std::filesystem::path file_;
  Handle<VkPipelineCache, vkDestroyPipelineCache> pipeline_cache_;
  std::mutex mutex_;
  std::map<KernelKey, std::unique_ptr<Kernel>> kernels_;
  std::set<std::uint64_t> seen_;  // fingerprints
  bool changed_ = false;          // seen_, since it was read or saved
};

}  // namespace impasto::gpu
