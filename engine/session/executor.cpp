#include "engine/session/executor.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/session/first_dispatch.h"

namespace impasto::session {

Executor::Executor(gpu::Device& device, gpu::KernelCache& kernels, graph::RenderGraph graph,
                   int slot_count, gpu::MemoryUse output, const Slices& slices)
    : device_(device),
      kernels_(kernels),
      graph_(std::move(graph)),
      slices_(slices),
      buffers_(device, graph_),
      timeline_(device) {
  using gpu::MemoryUse;
  std::vector<gpu::KernelKey> keys;
  for (const graph::Pass& pass : graph_.passes) keys.push_back(kernel_key(pass));
  translate_kernels({device, kernels, buffers_, timeline_}, graph_, keys);
  kernels_.prepare(keys);

  upload_constants();
  for (int i = 0; i < slot_count; ++i) {
    Slot slot;
    const std::string number = " " + std::to_string(i);
    slot.upload = {device, at_least_one(graph_.parameter_bytes + graph_.frame_in_bytes),
                   MemoryUse::upload, "upload" + number};
    slot.output = std::make_shared<gpu::Buffer>(device, at_least_one(graph_.frame_out_bytes),
                                                output, "output" + number);
    record_plain(slot, i);
    slots_.push_back(std::move(slot));
  }
}

double Executor::estimated_ms(const graph::Pass& pass) const {
  return std::max(pass.flops / slices_.gflops, pass.bytes / slices_.gigabytes_per_s) * 1e-6;
}

std::uint32_t Executor::parts_of(const graph::Pass& pass) const {
  if (slices_.ms <= 0) return 1;
  return static_cast<std::uint32_t>(std::max(1.0, std::ceil(estimated_ms(pass) / slices_.ms)));
}

gpu::KernelKey Executor::kernel_key(const graph::Pass& pass) const {
  return session::kernel_key(pass, parts_of(pass) > 1);
}

void Executor::run_now(gpu::Recorder& recorder) {
  timeline_.wait(timeline_.submit(recorder.finish()));
}

void Executor::upload_constants() {
  if (graph_.constants.empty()) return;
  gpu::Buffer staging(device_, graph_.constants.size(), gpu::MemoryUse::upload,
                      "constants staging");
  std::copy(graph_.constants.begin(), graph_.constants.end(), staging.bytes().begin());
  gpu::Recorder recorder(device_, "upload constants");
  recorder.copy(staging, 0, buffers_.constants, 0, graph_.constants.size());
  recorder.barrier(gpu::Stage::transfer, gpu::Stage::compute);
  run_now(recorder);
}

std::unique_ptr<gpu::Recorder> Executor::record(const Slot& slot, const std::string& name,
                                                const graph::FeatureGraph* features) {
  const std::vector<graph::Pass>& passes = features ? slot.features.passes : graph_.passes;
  const auto pass_count = static_cast<std::uint32_t>(passes.size());
  auto result = std::make_unique<gpu::Recorder>(device_, name, pass_count + 1);
  gpu::Recorder& recorder = *result;
  // The frame before may still read or write what this one is about to.
  recorder.barrier(gpu::Stage::compute | gpu::Stage::transfer,
                   gpu::Stage::compute | gpu::Stage::transfer);
  if (graph_.parameter_bytes > 0) {
    recorder.copy(slot.upload, 0, buffers_.parameters, 0, graph_.parameter_bytes);
  }
  if (graph_.frame_in_bytes > 0) {
    recorder.copy(slot.upload, graph_.parameter_bytes, buffers_.frame_in, 0, graph_.frame_in_bytes);
  }
  recorder.barrier(gpu::Stage::transfer, gpu::Stage::compute);
  const auto [first, last] = network_stamps(features);
  const auto stamp = [&recorder, &slot, first = first, last = last](std::uint32_t i) {
    if (slot.timed || i == 0 || i == first || i == last) recorder.timestamp(i);
  };
  stamp(0);
  double ms = 0;  // of the submit that is being recorded
  for (std::uint32_t i = 0; i < pass_count; ++i) {
    const graph::Pass& pass = passes[i];
    if (pass.barrier) recorder.barrier(gpu::Stage::compute, gpu::Stage::compute);
    const std::uint32_t parts = parts_of(pass);
    const double pass_ms = slices_.ms > 0 ? estimated_ms(pass) / parts : 0;
    if (ms > 0 && ms + pass_ms > slices_.ms) {
      recorder.cut();
      ms = 0;
    }
    ms = parts > 1 ? pass_ms : ms + pass_ms;
    recorder.dispatch(kernels_.get(kernel_key(pass)), buffers_.bindings(pass, slot.features.data),
                      pass.push, pass.groups, pass.name, parts);
    stamp(i + 1);
  }
  recorder.barrier(gpu::Stage::compute, gpu::Stage::transfer);
  if (graph_.frame_out_bytes > 0) {
    recorder.copy(buffers_.frame_out, 0, *slot.output, 0, graph_.frame_out_bytes);
  }
  recorder.barrier(gpu::Stage::compute | gpu::Stage::transfer, gpu::Stage::host);
  recorder.finish();
  return result;
}

void Executor::record_plain(Slot& slot, int number) {
  slot.recorder.reset();  // waits for what it has in flight
  slot.recorder = record(slot, "slot " + std::to_string(number), nullptr);
}

void Executor::record_features(Slot& slot, int number) {
  const std::string name = "features " + std::to_string(number);
  FeatureRecording& recording = slot.features;
  recording.recorder.reset();  // before the memory that it names
  recording = {};
  if (!features_) return;
  recording.graph = features_;
  recording.passes = passes_with(graph_, *features_);
  recording.data = {device_, features_->bytes, gpu::MemoryUse::read_back, name};
  recording.recorder = record(slot, name, features_.get());
}

void Executor::set_features(std::shared_ptr<const graph::FeatureGraph> features) {
  features_ = std::move(features);
  if (!features_) return;
  std::vector<gpu::KernelKey> keys;
  for (const graph::Pass& pass : features_->passes) keys.push_back(kernel_key(pass));
  kernels_.prepare(keys);
}

std::shared_ptr<const graph::FeatureGraph> Executor::features(int number) const {
  const Slot& slot = slots_[static_cast<std::size_t>(number)];
  return slot.with_features ? slot.features.graph : nullptr;
}

std::span<const std::byte> Executor::feature_bytes(int number) const {
  const Slot& slot = slots_[static_cast<std::size_t>(number)];
  return slot.with_features ? slot.features.data.bytes() : std::span<std::byte>{};
}

std::span<std::byte> Executor::parameters(int slot) {
  return slots_[static_cast<std::size_t>(slot)].upload.bytes().first(graph_.parameter_bytes);
}

std::span<std::byte> Executor::frame_in(int slot) {
  return slots_[static_cast<std::size_t>(slot)].upload.bytes().subspan(graph_.parameter_bytes,
                                                                       graph_.frame_in_bytes);
}

std::span<const std::byte> Executor::frame_out(int slot) const {
  return output(slot)->bytes().first(graph_.frame_out_bytes);
}

std::shared_ptr<gpu::Buffer> Executor::read_back(const gpu::Buffer& output) {
  auto target =
      std::make_shared<gpu::Buffer>(device_, output.size(), gpu::MemoryUse::read_back, "read back");
  gpu::Recorder recorder(device_, "read back");
  recorder.barrier(gpu::Stage::transfer, gpu::Stage::transfer);
  recorder.copy(output, 0, *target, 0, output.size());
  recorder.barrier(gpu::Stage::transfer, gpu::Stage::host);
  run_now(recorder);
  return target;
}

void Executor::submit(int number) {
  Slot& slot = slots_[static_cast<std::size_t>(number)];
  const bool other_times = std::exchange(slot.timed, timed_) != timed_;
  if (other_times) record_plain(slot, number);
  if (other_times || slot.features.graph != features_) record_features(slot, number);
  slot.with_features = features_ != nullptr;
  const std::uint64_t before = timeline_.submitted();
  std::size_t count = 0;
  for (const VkCommandBuffer& commands : slot.last_recorder().commands()) {
    if (slices_.ahead > 0 && count >= slices_.ahead) {
      timeline_.wait(before + count + 1 - slices_.ahead);
    }
    slot.value = timeline_.submit(commands);
    ++count;
  }
}

bool Executor::wait(int slot, std::chrono::nanoseconds timeout) {
  return timeline_.wait(slots_[static_cast<std::size_t>(slot)].value, timeout);
}

std::vector<PassTime> Executor::pass_times(int number) const {
  const Slot& slot = slots_[static_cast<std::size_t>(number)];
  if (!slot.timed) return {};
  const std::vector<graph::Pass>& passes =
      slot.with_features ? slot.features.passes : graph_.passes;
  const std::vector<double> stamps = slot.last_recorder().timestamps_ms();
  std::vector<PassTime> times;
  for (std::size_t i = 0; i + 1 < stamps.size() && i < passes.size(); ++i) {
    times.push_back({passes[i].name, passes[i].kernel, stamps[i + 1] - stamps[i]});
  }
  return times;
}

double Executor::network_ms(int number) const {
  const Slot& slot = slots_[static_cast<std::size_t>(number)];
  const std::vector<double> stamps = slot.last_recorder().timestamps_ms();
  const auto [first, last] =
      network_stamps(slot.with_features ? slot.features.graph.get() : nullptr);
  return stamps.size() <= last ? 0 : stamps[last] - stamps[first];
}

std::pair<std::size_t, std::size_t> Executor::network_stamps(
    const graph::FeatureGraph* features) const {
  return {graph_.first_network, graph_.last_network + (features ? features->passes.size() : 0)};
}

void Executor::fill_arena(std::uint32_t word) {
  gpu::Recorder recorder(device_, "fill arena");
  for (const gpu::Buffer& block : buffers_.arena)
    recorder.fill(block, 0, block.size() / 4 * 4, word);
  recorder.barrier(gpu::Stage::transfer, gpu::Stage::compute);
  run_now(recorder);
}

std::vector<std::byte> Executor::read_arena(std::size_t block) {
  gpu::Buffer target(device_, buffers_.arena[block].size(), gpu::MemoryUse::read_back,
                     "arena copy");
  gpu::Recorder recorder(device_, "read arena");
  recorder.barrier(gpu::Stage::compute, gpu::Stage::transfer);
  recorder.copy(buffers_.arena[block], 0, target, 0, target.size());
  recorder.barrier(gpu::Stage::transfer, gpu::Stage::host);
  run_now(recorder);
  return {target.bytes().begin(), target.bytes().end()};
}

std::uint64_t Executor::allocated_bytes() const {
  std::uint64_t bytes = buffers_.bytes();
  for (const Slot& slot : slots_) {
    bytes += slot.upload.size() + slot.output->size() + slot.features.data.size();
  }
  return bytes;
}

graph::DeviceTraits device_traits(const gpu::DeviceInfo& info) {
  graph::DeviceTraits traits;
  traits.subgroup_size = info.subgroup_size;
  // Narrow subgroups leave a lane more registers (Intel: 16 of 8..32) and divide more tiles (RDNA:
  // 32 of 32..64).
  if (info.subgroup_size_control && info.type != gpu::DeviceType::cpu) {
    traits.subgroup_size = std::clamp(16U, info.min_subgroup_size, info.max_subgroup_size);
  }
  traits.subgroup_shuffle = info.subgroup_basic && info.subgroup_shuffle;
  traits.subgroup_arithmetic = info.subgroup_basic && info.subgroup_arithmetic;
  traits.software = info.type == gpu::DeviceType::cpu;
  traits.max_storage_range = info.max_storage_buffer_range;
  traits.max_texel_elements = info.max_texel_buffer_elements;
  traits.max_allocation = info.max_memory_allocation_size;
  traits.storage_alignment = info.min_storage_buffer_offset_alignment;
  traits.texel_alignment = info.min_texel_buffer_offset_alignment;
  traits.max_workgroup_invocations = info.max_workgroup_invocations;
  traits.max_shared_bytes = info.max_shared_memory;
  traits.compute_units = info.compute_units;
  traits.max_groups = std::min(
      {info.max_workgroup_count[0], info.max_workgroup_count[1], info.max_workgroup_count[2]});
  return traits;
}

void write_parameters(const graph::RenderGraph& graph, const graph::LiveValues& live,
                      const std::vector<std::vector<float>>& values, std::span<std::byte> region) {
  std::memcpy(region.data(), &live, sizeof(live));
  for (const graph::ParameterSlot& slot : graph.parameters) {
    const std::vector<float>& value = values[static_cast<std::size_t>(slot.parameter)];
    auto* words = reinterpret_cast<float*>(region.data() + slot.offset);
    for (std::size_t i = 0; i < static_cast<std::size_t>(slot.planes) * 4; ++i) {
      words[i] = slot.splat ? value[0] : i < value.size() ? value[i] : 0.0F;
    }
  }
}

}  // namespace impasto::session
