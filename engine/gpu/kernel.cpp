#include "engine/gpu/kernel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <set>
#include <thread>

#include "engine/base/cores.h"
#include "engine/base/error.h"
#include "engine/gpu/fingerprint.h"
#include "engine/gpu/pipeline_cache_file.h"

namespace impasto::gpu {

namespace {

VkDescriptorType descriptor_type(BindingKind kind) {
  return kind == BindingKind::texel_read ? VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER
                                         : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
}

void create_layouts(const Device& device, Kernel& kernel) {
  const std::string& name = kernel.key.module;
  std::vector<VkDescriptorSetLayoutBinding> bindings;
  for (BindingKind kind : kernel.key.bindings) {
    VkDescriptorSetLayoutBinding binding{};
    binding.binding = static_cast<std::uint32_t>(bindings.size());
    binding.descriptorType = descriptor_type(kind);
    binding.descriptorCount = 1;
    binding.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT;
    bindings.push_back(binding);
  }
  VkDescriptorSetLayoutCreateInfo set_info{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO};
  set_info.bindingCount = static_cast<std::uint32_t>(bindings.size());
  set_info.pBindings = bindings.data();
  VkDescriptorSetLayout set = VK_NULL_HANDLE;
  check(vkCreateDescriptorSetLayout(device.get(), &set_info, nullptr, &set),
        "vkCreateDescriptorSetLayout", name);
  kernel.set_layout = {device.get(), set};
  device.set_name(set, VK_OBJECT_TYPE_DESCRIPTOR_SET_LAYOUT, name);

  const VkPushConstantRange push{VK_SHADER_STAGE_COMPUTE_BIT, 0, kernel.key.push_bytes};
  VkPipelineLayoutCreateInfo layout_info{VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
  layout_info.setLayoutCount = 1;
  layout_info.pSetLayouts = &set;
  layout_info.pushConstantRangeCount = push.size ? 1 : 0;
  layout_info.pPushConstantRanges = &push;
  VkPipelineLayout layout = VK_NULL_HANDLE;
  check(vkCreatePipelineLayout(device.get(), &layout_info, nullptr, &layout),
        "vkCreatePipelineLayout", name);
  kernel.layout = {device.get(), layout};
  device.set_name(layout, VK_OBJECT_TYPE_PIPELINE_LAYOUT, name);
}

void check_subgroup_size(const DeviceInfo& info, const KernelKey& key) {
  const std::uint32_t size = key.required_subgroup_size;
  if (size == 0 || (info.min_subgroup_size == size && info.max_subgroup_size == size)) return;
  if (info.subgroup_size_control && size >= info.min_subgroup_size &&
      size <= info.max_subgroup_size) {
    return;
  }
  throw Error(ExitCode::gpu, "the kernel '" + key.module + "' needs subgroups of " +
                                 std::to_string(size) + ", which " + info.name +
                                 " cannot give: use --tune again or choose another --device");
}

using Words = std::span<const std::uint32_t>;

Handle<VkShaderModule, vkDestroyShaderModule> create_module(const Device& device, Words code,
                                                            const std::string& name) {
  VkShaderModuleCreateInfo info{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
  info.codeSize = code.size_bytes();
  info.pCode = code.data();
  VkShaderModule module = VK_NULL_HANDLE;
  check(vkCreateShaderModule(device.get(), &info, nullptr, &module), "vkCreateShaderModule", name);
  return {device.get(), module};
}

void create_pipeline(const Device& device, Words code, Words values, VkPipelineCache cache,
                     Kernel& kernel) {
  const KernelKey& key = kernel.key;
  const auto module = create_module(device, code, key.module);

  std::vector<VkSpecializationMapEntry> entries;
  for (std::uint32_t id = 0; id < values.size(); ++id) entries.push_back({id, id * 4, 4});
  VkSpecializationInfo constants{};
  constants.mapEntryCount = static_cast<std::uint32_t>(entries.size());
  constants.pMapEntries = entries.data();
  constants.dataSize = values.size_bytes();
  constants.pData = values.data();

  const DeviceInfo& info = device.info();
  VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroup{
      VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO};
  subgroup.requiredSubgroupSize = key.required_subgroup_size;
  VkComputePipelineCreateInfo pipeline_info{VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO};
  pipeline_info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
  // A device with one size gives it without being asked.
  if (key.required_subgroup_size && info.min_subgroup_size != info.max_subgroup_size) {
    pipeline_info.stage.pNext = &subgroup;
  }
  if (key.full_subgroups && info.full_subgroups) {
    pipeline_info.stage.flags = VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT;
  }
  pipeline_info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  pipeline_info.stage.module = module.get();
  pipeline_info.stage.pName = "main";
  pipeline_info.stage.pSpecializationInfo = &constants;
  pipeline_info.layout = kernel.layout.get();
  if (key.in_parts) pipeline_info.flags |= VK_PIPELINE_CREATE_DISPATCH_BASE_BIT;
  VkPipeline pipeline = VK_NULL_HANDLE;
  check(vkCreateComputePipelines(device.get(), cache, 1, &pipeline_info, nullptr, &pipeline),
        "vkCreateComputePipelines", key.module);
  kernel.pipeline = {device.get(), pipeline};
  device.set_name(pipeline, VK_OBJECT_TYPE_PIPELINE, key.module);
}

Handle<VkPipelineCache, vkDestroyPipelineCache> create_pipeline_cache(const Device& device,
                                                                      const std::string& data) {
  VkPipelineCacheCreateInfo info{VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO};
  info.initialDataSize = data.size();
  info.pInitialData = data.data();
  VkPipelineCache cache = VK_NULL_HANDLE;
  check(vkCreatePipelineCache(device.get(), &info, nullptr, &cache), "vkCreatePipelineCache");
  device.set_name(cache, VK_OBJECT_TYPE_PIPELINE_CACHE, "pipeline cache");
  return {device.get(), cache};
}

}  // namespace

KernelCache::KernelCache(Device& device, ModuleLookup lookup, const std::filesystem::path& folder)
    : device_(device),
      lookup_(std::move(lookup)),
      modules_(std::make_shared<SpecialisedModules>(folder.empty() ? folder : folder / "kernels")) {
  if (!folder.empty()) file_ = folder / device_file_name("pipelines", device.info(), "bin");
  PipelineCacheContent content = read_pipeline_cache(file_, device.physical());
  seen_ = std::move(content.kernels);
  pipeline_cache_ = create_pipeline_cache(device, content.data);
}

KernelCache::KernelCache(Device& device, const KernelCache& sibling)
    : device_(device),
      lookup_(sibling.lookup_),
      modules_(sibling.modules_),
      pipeline_cache_(create_pipeline_cache(device, {})) {}

KernelCache::~KernelCache() {
  save();
}

std::unique_ptr<Kernel> KernelCache::compile(const KernelKey& key) {
  ++device_.pipelines;
  check_subgroup_size(device_.info(), key);
  auto kernel = std::make_unique<Kernel>();
  kernel->key = key;
  create_layouts(device_, *kernel);
  Words code = lookup_(key.module);
  if (code.empty()) {
    throw Error(ExitCode::gpu,
                "the program holds no shader called '" + key.module + "': rebuild it");
  }
  Words constants = key.constants;
  if (device_.info().translates_at_dispatch) {
    if (const Words specialised = modules_->find(code, constants); !specialised.empty()) {
      code = specialised;
      constants = {};
    }
  }
  create_pipeline(device_, code, constants, pipeline_cache_.get(), *kernel);
  return kernel;
}

const Kernel& KernelCache::get(const KernelKey& key) {
  const std::lock_guard lock(mutex_);
  auto found = kernels_.find(key);
  if (found == kernels_.end()) {
    add(key, compile(key));
    found = kernels_.find(key);
  }
  return *found->second;
}

void KernelCache::add(const KernelKey& key, std::unique_ptr<Kernel> kernel) {
  kernels_.emplace(key, std::move(kernel));
  changed_ |= seen_.insert(fingerprint_of(key)).second;
}

std::uint64_t KernelCache::fingerprint_of(const KernelKey& key) const {
  const std::span<const std::uint32_t> code = lookup_(key.module);
  std::vector<std::uint32_t> words(code.begin(), code.end());
  words.insert(words.end(), key.constants.begin(), key.constants.end());
  for (const BindingKind kind : key.bindings) words.push_back(static_cast<std::uint32_t>(kind));
  words.push_back(key.required_subgroup_size);
  words.push_back(key.in_parts);
  return fingerprint({reinterpret_cast<const char*>(words.data()), words.size() * 4});
}

bool KernelCache::seen_before(const KernelKey& key) {
  const std::lock_guard lock(mutex_);
  return seen_.contains(fingerprint_of(key));
}

void KernelCache::prepare(std::span<const KernelKey> keys) {
  std::set<KernelKey> wanted;
  {
    const std::lock_guard lock(mutex_);
    for (const KernelKey& key : keys) {
      if (!kernels_.contains(key)) wanted.insert(key);
    }
  }
  const std::vector<KernelKey> missing(wanted.begin(), wanted.end());
  std::vector<std::unique_ptr<Kernel>> compiled(missing.size());
  std::vector<std::exception_ptr> failures(missing.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < missing.size(); i = next++) {
      try {
        compiled[i] = compile(missing[i]);
      } catch (...) {
        failures[i] = std::current_exception();
      }
    }
  };
  {
    const std::size_t threads = std::min<std::size_t>(core_count(), missing.size());
    std::vector<std::jthread> helpers;
    for (std::size_t i = 1; i < threads; ++i) helpers.emplace_back(work);
    work();
  }
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < missing.size(); ++i) {
    if (compiled[i]) add(missing[i], std::move(compiled[i]));
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

void KernelCache::save() noexcept {
  const std::lock_guard lock(mutex_);
  if (!changed_) return;
  changed_ = false;
  if (!file_.empty()) write_pipeline_cache(file_, device_.get(), pipeline_cache_.get(), seen_);
}

}  // namespace impasto::gpu
