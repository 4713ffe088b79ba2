#include "engine/gpu/recorder.h"

#include <algorithm>
#include <cassert>

namespace impasto::gpu {

namespace {

constexpr std::uint32_t sets_per_pool = 64;
constexpr std::uint32_t descriptors_per_pool = 512;  // of each type

struct Scope {
  VkPipelineStageFlags2 stages = 0;
  VkAccessFlags2 reads = 0;
  VkAccessFlags2 writes = 0;
};

Scope scope(Stage stage) {
  Scope all;
  const auto has = [&](Stage each) {
    return static_cast<std::uint32_t>(stage) & static_cast<std::uint32_t>(each);
  };
  if (has(Stage::compute)) {
    all.stages |= VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT;
    all.reads |= VK_ACCESS_2_SHADER_READ_BIT;
    all.writes |= VK_ACCESS_2_SHADER_WRITE_BIT;
  }
  if (has(Stage::transfer)) {
    all.stages |= VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT;
    all.reads |= VK_ACCESS_2_TRANSFER_READ_BIT;
    all.writes |= VK_ACCESS_2_TRANSFER_WRITE_BIT;
  }
  if (has(Stage::indirect)) {
    all.stages |= VK_PIPELINE_STAGE_2_DRAW_INDIRECT_BIT;
    all.reads |= VK_ACCESS_2_INDIRECT_COMMAND_READ_BIT;
  }
  if (has(Stage::host)) {
    all.stages |= VK_PIPELINE_STAGE_2_HOST_BIT;
    all.reads |= VK_ACCESS_2_HOST_READ_BIT;
    all.writes |= VK_ACCESS_2_HOST_WRITE_BIT;
  }
  return all;
}

[[maybe_unused]] bool inside(const Buffer& buffer, VkDeviceSize offset, VkDeviceSize size) {
  return size > 0 && offset <= buffer.size() && size <= buffer.size() - offset;
}

}  // namespace

Recorder::Recorder(Device& device, const std::string& name, std::uint32_t timestamps)
    : device_(&device), name_(name) {
  VkCommandPoolCreateInfo pool_info{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
  pool_info.queueFamilyIndex = device.queue_family();
  VkCommandPool pool = VK_NULL_HANDLE;
  check(vkCreateCommandPool(device.get(), &pool_info, nullptr, &pool), "vkCreateCommandPool", name);
  command_pool_ = {device.get(), pool};
  device.set_name(pool, VK_OBJECT_TYPE_COMMAND_POOL, name);

  begin_commands();

  if (timestamps == 0 || device.info().timestamp_valid_bits == 0) return;
  VkQueryPoolCreateInfo query_info{VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO};
  query_info.queryType = VK_QUERY_TYPE_TIMESTAMP;
  query_info.queryCount = timestamps;
  VkQueryPool queries = VK_NULL_HANDLE;
  check(vkCreateQueryPool(device.get(), &query_info, nullptr, &queries), "vkCreateQueryPool", name);
  queries_ = {device.get(), queries};
  device.set_name(queries, VK_OBJECT_TYPE_QUERY_POOL, name);
  timestamps_written_.resize(timestamps);
  vkCmdResetQueryPool(commands_, queries, 0, timestamps);
}

void Recorder::begin_commands() {
  VkCommandBufferAllocateInfo allocate{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
  allocate.commandPool = command_pool_.get();
  allocate.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  allocate.commandBufferCount = 1;
  check(vkAllocateCommandBuffers(device_->get(), &allocate, &commands_), "vkAllocateCommandBuffers",
        name_);
  device_->set_name(commands_, VK_OBJECT_TYPE_COMMAND_BUFFER, name_);
  const VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
  check(vkBeginCommandBuffer(commands_, &begin), "vkBeginCommandBuffer", name_);
  buffers_.push_back(commands_);
  ++device_->recordings;
}

void Recorder::cut() {
  finish();
  begin_commands();
}

Recorder::~Recorder() {
  if (command_pool_.get() != VK_NULL_HANDLE) device_->wait_idle();
}

VkDescriptorSet Recorder::allocate_set(const Kernel& kernel) {
  const auto& kinds = kernel.key.bindings;
  const auto texel =
      static_cast<std::uint32_t>(std::count(kinds.begin(), kinds.end(), BindingKind::texel_read));
  const auto storage = static_cast<std::uint32_t>(kinds.size()) - texel;
  assert(kinds.size() <= descriptors_per_pool);
  if (sets_left_ == 0 || storage_left_ < storage || texel_left_ < texel) {
    const std::array<VkDescriptorPoolSize, 2> sizes = {
        {{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, descriptors_per_pool},
         {VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, descriptors_per_pool}}};
    VkDescriptorPoolCreateInfo info{VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO};
    info.maxSets = sets_per_pool;
    info.poolSizeCount = static_cast<std::uint32_t>(sizes.size());
    info.pPoolSizes = sizes.data();
    VkDescriptorPool pool = VK_NULL_HANDLE;
    check(vkCreateDescriptorPool(device_->get(), &info, nullptr, &pool), "vkCreateDescriptorPool",
          name_);
    descriptor_pools_.emplace_back(device_->get(), pool);
    device_->set_name(pool, VK_OBJECT_TYPE_DESCRIPTOR_POOL, name_);
    sets_left_ = sets_per_pool;
    storage_left_ = texel_left_ = descriptors_per_pool;
  }
  --sets_left_;
  ++device_->descriptor_sets;
  storage_left_ -= storage;
  texel_left_ -= texel;

  const VkDescriptorSetLayout layout = kernel.set_layout.get();
  VkDescriptorSetAllocateInfo allocate{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO};
  allocate.descriptorPool = descriptor_pools_.back().get();
  allocate.descriptorSetCount = 1;
  allocate.pSetLayouts = &layout;
  VkDescriptorSet set = VK_NULL_HANDLE;
  check(vkAllocateDescriptorSets(device_->get(), &allocate, &set), "vkAllocateDescriptorSets",
        name_);
  return set;
}

VkBufferView Recorder::make_view(const Binding& binding) {
  assert(binding.texel_format != VK_FORMAT_UNDEFINED);
  assert(binding.offset % device_->info().min_texel_buffer_offset_alignment == 0);
  VkBufferViewCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO};
  info.buffer = binding.buffer->get();
  info.format = binding.texel_format;
  info.offset = binding.offset;
  info.range = binding.size;
  VkBufferView view = VK_NULL_HANDLE;
  check(vkCreateBufferView(device_->get(), &info, nullptr, &view), "vkCreateBufferView", name_);
  views_.emplace_back(device_->get(), view);
  device_->set_name(view, VK_OBJECT_TYPE_BUFFER_VIEW, name_);
  return view;
}

VkDescriptorSet Recorder::write_set(const Kernel& kernel, std::span<const Binding> bindings,
                                    const std::string& label) {
  assert(bindings.size() == kernel.key.bindings.size());
  const VkDescriptorSet set = allocate_set(kernel);
  device_->set_name(set, VK_OBJECT_TYPE_DESCRIPTOR_SET, label);

  std::vector<VkDescriptorBufferInfo> ranges(bindings.size());
  std::vector<VkBufferView> views(bindings.size());
  std::vector<VkWriteDescriptorSet> writes(bindings.size());
  for (std::size_t i = 0; i < bindings.size(); ++i) {
    const Binding& binding = bindings[i];
    assert(binding.buffer && inside(*binding.buffer, binding.offset, binding.size));
    writes[i] = {VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET};
    writes[i].dstSet = set;
    writes[i].dstBinding = static_cast<std::uint32_t>(i);
    writes[i].descriptorCount = 1;
    if (kernel.key.bindings[i] == BindingKind::texel_read) {
      views[i] = make_view(binding);
      writes[i].descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER;
      writes[i].pTexelBufferView = &views[i];
    } else {
      assert(binding.offset % device_->info().min_storage_buffer_offset_alignment == 0);
      assert(binding.size <= device_->info().max_storage_buffer_range);
      ranges[i] = {binding.buffer->get(), binding.offset, binding.size};
      writes[i].descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
      writes[i].pBufferInfo = &ranges[i];
    }
  }
  vkUpdateDescriptorSets(device_->get(), static_cast<std::uint32_t>(writes.size()), writes.data(),
                         0, nullptr);
  return set;
}

void Recorder::bind(const Kernel& kernel, VkDescriptorSet set, std::span<const std::byte> push) {
  assert(push.size() == kernel.key.push_bytes);
  vkCmdBindPipeline(commands_, VK_PIPELINE_BIND_POINT_COMPUTE, kernel.pipeline.get());
  vkCmdBindDescriptorSets(commands_, VK_PIPELINE_BIND_POINT_COMPUTE, kernel.layout.get(), 0, 1,
                          &set, 0, nullptr);
  if (push.empty()) return;
  vkCmdPushConstants(commands_, kernel.layout.get(), VK_SHADER_STAGE_COMPUTE_BIT, 0,
                     static_cast<std::uint32_t>(push.size()), push.data());
}

void Recorder::dispatch(const Kernel& kernel, std::span<const Binding> bindings,
                        std::span<const std::byte> push, std::array<std::uint32_t, 3> groups,
                        const std::string& label, const Cut& how) {
  assert((how.parts == 1 && how.share.count == 1) || kernel.key.in_parts);
  assert(how.axis != 0 || groups[2] == 1 || (how.parts == 1 && how.share.count == 1));
  const VkDescriptorSet set = write_set(kernel, bindings, label);
  const std::size_t axis = how.axis;
  const Share& share = how.share;
  const auto portion = [](std::uint32_t of, std::uint32_t part, std::uint32_t count) {
    return static_cast<std::uint32_t>(std::uint64_t{of} * part / count);
  };
  const std::uint32_t first = portion(groups[axis], share.index, share.count);
  const std::uint32_t whole = portion(groups[axis], share.index + 1, share.count) - first;
  const std::uint32_t parts = std::min(how.parts, whole);
  std::array<std::uint32_t, 3> base{};
  for (std::uint32_t part = 0; part < parts; ++part) {
    if (part > 0) cut();
    base[axis] = first + portion(whole, part, parts);
    groups[axis] = first + portion(whole, part + 1, parts) - base[axis];
    device_->begin_label(commands_, label);
    bind(kernel, set, push);
    vkCmdDispatchBase(commands_, base[0], base[1], base[2], groups[0], groups[1], groups[2]);
    device_->end_label(commands_);
  }
}

void Recorder::dispatch_indirect(const Kernel& kernel, std::span<const Binding> bindings,
                                 std::span<const std::byte> push, const Buffer& grid,
                                 VkDeviceSize grid_offset, const std::string& label) {
  const VkDescriptorSet set = write_set(kernel, bindings, label);
  device_->begin_label(commands_, label);
  bind(kernel, set, push);
  vkCmdDispatchIndirect(commands_, grid.get(), grid_offset);
  device_->end_label(commands_);
}

void Recorder::barrier(Stage before, Stage after) {
  const Scope source = scope(before);
  const Scope target = scope(after);
  VkMemoryBarrier2 memory{VK_STRUCTURE_TYPE_MEMORY_BARRIER_2};
  memory.srcStageMask = source.stages;
  memory.srcAccessMask = source.writes;
  memory.dstStageMask = target.stages;
  memory.dstAccessMask = target.reads | target.writes;
  VkDependencyInfo info{VK_STRUCTURE_TYPE_DEPENDENCY_INFO};
  info.memoryBarrierCount = 1;
  info.pMemoryBarriers = &memory;
  vkCmdPipelineBarrier2(commands_, &info);
}

void Recorder::copy(const Buffer& from, VkDeviceSize from_offset, const Buffer& to,
                    VkDeviceSize to_offset, VkDeviceSize size) {
  const VkBufferCopy region{from_offset, to_offset, size};
  copy_regions(from, to, {&region, 1});
}

void Recorder::copy_regions(const Buffer& from, const Buffer& to,
                            std::span<const VkBufferCopy> regions) {
  for ([[maybe_unused]] const VkBufferCopy& region : regions) {
    assert(inside(from, region.srcOffset, region.size));
    assert(inside(to, region.dstOffset, region.size));
  }
  vkCmdCopyBuffer(commands_, from.get(), to.get(), static_cast<std::uint32_t>(regions.size()),
                  regions.data());
}

void Recorder::fill(const Buffer& buffer, VkDeviceSize offset, VkDeviceSize size,
                    std::uint32_t value) {
  assert(offset % 4 == 0 && size % 4 == 0 && inside(buffer, offset, size));
  vkCmdFillBuffer(commands_, buffer.get(), offset, size, value);
}

void Recorder::timestamp(std::uint32_t index) {
  if (timestamps_written_.empty()) return;
  assert(index < timestamps_written_.size() && !timestamps_written_[index]);
  timestamps_written_[index] = true;
  vkCmdWriteTimestamp2(commands_, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, queries_.get(), index);
}

VkCommandBuffer Recorder::finish() {
  check(vkEndCommandBuffer(commands_), "vkEndCommandBuffer", name_);
  return commands_;
}

std::vector<double> Recorder::timestamps_ms() const {
  const std::uint32_t bits = device_->info().timestamp_valid_bits;
  const std::uint64_t mask = bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
  const double ms_per_tick = device_->info().timestamp_period_ns * 1e-6;
  std::vector<double> times(timestamps_written_.size());
  std::uint64_t first = 0;
  for (std::uint32_t i = 0; i < times.size(); ++i) {
    if (!timestamps_written_[i]) continue;
    std::uint64_t ticks = 0;
    check(vkGetQueryPoolResults(device_->get(), queries_.get(), i, 1, sizeof ticks, &ticks,
                                sizeof ticks, VK_QUERY_RESULT_64_BIT),
          "vkGetQueryPoolResults", name_);
    if (i == 0) first = ticks;
    times[i] = static_cast<double>((ticks - first) & mask) * ms_per_tick;  // the counter may wrap
  }
  return times;
}

}  // namespace impasto::gpu
