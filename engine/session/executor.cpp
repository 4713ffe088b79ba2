#include "engine/session/executor.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <iterator>
#include <optional>

#include "engine/base/error.h"
#include "engine/session/first_dispatch.h"

namespace impasto::session {
namespace {

// Of `count`, which runs all of the pass; none: each has its share.
std::optional<std::uint32_t> only_worker(const graph::Pass& pass, std::uint32_t count) {
  if (pass.run) return pass.run->index * count / pass.run->count;
  const bool features = std::ranges::any_of(pass.bindings, [](const graph::Binding& binding) {
    return binding.range.region == graph::Region::features;  // memory of the first one's device
  });
  return features ? std::optional(0U) : std::nullopt;
}

}  // namespace

Executor::Executor(gpu::Device& device, gpu::KernelCache& kernels, graph::RenderGraph graph,
                   int slot_count, gpu::MemoryUse output, const Slices& slices, bool shared)
    : graph_(std::move(graph)),
      slices_(slices),
      shared_(shared),
      lean_(shared),
      passes_(lean_ ? graph::lean_passes(graph_.passes) : graph_.passes) {
  using gpu::MemoryUse;
  workers_.push_back(
      std::make_unique<Worker>(device, kernels, GraphBuffers(device, graph_, shared)));
  const std::vector<gpu::KernelKey> keys = kernel_keys(passes_);
  translate_kernels(own().target(), graph_, passes_, keys);
  kernels.prepare(keys);

  upload_constants();
  for (int i = 0; i < slot_count; ++i) {
    Slot slot;
    const std::string number = " " + std::to_string(i);
    slot.upload = {device, at_least_one(graph_.parameter_bytes + graph_.frame_in_bytes),
                   MemoryUse::upload, "upload" + number};
    slot.output = std::make_shared<gpu::Buffer>(device, at_least_one(graph_.frame_out_bytes),
                                                output, "output" + number);
    slot.lean = lean_;
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
  return session::kernel_key(pass, shared_ || parts_of(pass) > 1);
}

std::vector<gpu::KernelKey> Executor::kernel_keys(const std::vector<graph::Pass>& passes) const {
  std::vector<gpu::KernelKey> keys;
  for (const graph::Pass& pass : passes) keys.push_back(kernel_key(pass));
  return keys;
}

std::unique_ptr<Worker> Executor::enlist(gpu::Device& device, gpu::KernelCache& kernels) const {
  assert(shared_ && slices_.ms <= 0);
  auto worker =
      std::make_unique<Worker>(device, kernels, GraphBuffers(device, workers_.front()->buffers));
  const std::vector<gpu::KernelKey> keys = kernel_keys(graph_.passes);
  kernels.prepare(keys);
  translate_alone(worker->target(), graph_.passes, keys);
  workers_.front()->kernels.prepare(keys);  // beside frames by the lean ones
  return worker;
}

void Executor::admit(std::vector<std::unique_ptr<Worker>> helpers) {
  assert(workers_.size() == 1);
  lean_ = false;
  passes_ = graph_.passes;
  if (helpers.empty()) return;
  gpu::Meeting meeting(own().device, own().kernels);
  for (const auto& helper : helpers) {
    helper->meeting.emplace(helper->device, helper->kernels, meeting);
  }
  own().meeting = std::move(meeting);
  std::ranges::move(helpers, std::back_inserter(workers_));
}

void Executor::run_now(gpu::Recorder& recorder) {
  own().timeline.wait(own().timeline.submit(recorder.finish()));
}

void Executor::upload_constants() {
  if (graph_.constants.empty()) return;
  if (const auto& memory = own().buffers.constants.host_memory()) {
    std::ranges::copy(graph_.constants, memory->data());
    return;
  }
  gpu::Buffer staging(own().device, graph_.constants.size(), gpu::MemoryUse::upload,
                      "constants staging");
  std::copy(graph_.constants.begin(), graph_.constants.end(), staging.bytes().begin());
  gpu::Recorder recorder(own().device, "upload constants");
  recorder.copy(staging, 0, own().buffers.constants, 0, graph_.constants.size());
  recorder.barrier(gpu::Stage::transfer, gpu::Stage::compute);
  run_now(recorder);
}

Executor::Recording Executor::record(const Slot& slot, const std::string& name,
                                     const graph::FeatureGraph* features) {
  const std::vector<graph::Pass>& passes = features ? slot.features.passes : passes_;
  Recording recording;
  for (std::uint32_t i = 0; i < workers_.size(); ++i) {
    recording.push_back(std::make_unique<gpu::Recorder>(
        workers_[i]->device, name, i == 0 ? static_cast<std::uint32_t>(passes.size()) + 1 : 0));
    gpu::Recorder& recorder = *recording.back();
    // The frame before may still read or write what this one is about to.
    recorder.barrier(gpu::Stage::compute | gpu::Stage::transfer,
                     gpu::Stage::compute | gpu::Stage::transfer);
    if (i == 0) record_uploads(recorder, slot);
    record_passes(recorder, i, slot, features);
    if (i == 0 && graph_.frame_out_bytes > 0) {
      recorder.barrier(gpu::Stage::compute, gpu::Stage::transfer);
      recorder.copy(own().buffers.frame_out, 0, *slot.output, 0, graph_.frame_out_bytes);
    }
    recorder.barrier(gpu::Stage::compute | gpu::Stage::transfer, gpu::Stage::host);
    recorder.finish();
  }
  return recording;
}

void Executor::record_uploads(gpu::Recorder& recorder, const Slot& slot) {
  const GraphBuffers& buffers = own().buffers;
  if (graph_.parameter_bytes > 0) {
    recorder.copy(slot.upload, 0, buffers.parameters, 0, graph_.parameter_bytes);
  }
  if (graph_.frame_in_bytes > 0) {
    recorder.copy(slot.upload, graph_.parameter_bytes, buffers.frame_in, 0, graph_.frame_in_bytes);
  }
  recorder.barrier(gpu::Stage::transfer, gpu::Stage::compute);
}

void Executor::record_passes(gpu::Recorder& recorder, std::uint32_t number, const Slot& slot,
                             const graph::FeatureGraph* features) {
  const std::vector<graph::Pass>& passes = features ? slot.features.passes : passes_;
  const Worker& worker = *workers_[number];
  const gpu::Share share{number, static_cast<std::uint32_t>(workers_.size())};
  const auto meet = [&] {
    if (share.count > 1) worker.meeting->record(recorder, share);
  };
  const auto [first, last] = network_stamps(features);
  const auto stamp = [&, first = first, last = last](std::uint32_t i) {
    if (number == 0 && (slot.timed || i == 0 || i == first || i == last)) recorder.timestamp(i);
  };
  meet();
  stamp(0);
  double ms = 0;  // of the submit that is being recorded
  for (std::uint32_t i = 0; i < passes.size(); ++i) {
    const graph::Pass& pass = passes[i];
    const bool met = pass.meets && share.count > 1;
    if (pass.barrier && !met) recorder.barrier(gpu::Stage::compute, gpu::Stage::compute);
    const std::uint32_t parts = parts_of(pass);
    const double pass_ms = slices_.ms > 0 ? estimated_ms(pass) / parts : 0;
    if (ms > 0 && ms + pass_ms > slices_.ms) {
      recorder.cut();
      ms = 0;
    }
    ms = parts > 1 ? pass_ms : ms + pass_ms;
    const std::optional<std::uint32_t> only = only_worker(pass, share.count);
    if (!only || *only == number) {
      recorder.dispatch(worker.kernels.get(kernel_key(pass)),
                        worker.buffers.bindings(pass, slot.features.data), pass.push, pass.groups,
                        pass.name, {pass.cut_axis, parts, only ? gpu::Share{} : share});
    }
    if (i + 1 == passes.size() || passes[i + 1].meets) meet();
    stamp(i + 1);
  }
}

void Executor::record_plain(Slot& slot, int number) {
  slot.recording.clear();  // waits for what it has in flight
  slot.recording = record(slot, "slot " + std::to_string(number), nullptr);
}

void Executor::record_features(Slot& slot, int number) {
  const std::string name = "features " + std::to_string(number);
  FeatureRecording& recording = slot.features;
  recording.recording.clear();  // before the memory that it names
  recording = {};
  if (!features_) return;
  recording.graph = features_;
  recording.passes = passes_with(passes_, *features_);
  recording.data = {own().device, features_->bytes, gpu::MemoryUse::read_back, name};
  recording.recording = record(slot, name, features_.get());
}

void Executor::set_features(std::shared_ptr<const graph::FeatureGraph> features) {
  features_ = std::move(features);
  if (!features_) return;
  own().kernels.prepare(kernel_keys(features_->passes));
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
  auto target = std::make_shared<gpu::Buffer>(own().device, output.size(),
                                              gpu::MemoryUse::read_back, "read back");
  gpu::Recorder recorder(own().device, "read back");
  recorder.barrier(gpu::Stage::transfer, gpu::Stage::transfer);
  recorder.copy(output, 0, *target, 0, output.size());
  recorder.barrier(gpu::Stage::transfer, gpu::Stage::host);
  run_now(recorder);
  return target;
}

void Executor::submit(int number) {
  Slot& slot = slots_[static_cast<std::size_t>(number)];
  const bool other_times = std::exchange(slot.timed, timed_) != timed_;
  const bool other_kernels = std::exchange(slot.lean, lean_) != lean_;
  const bool stale = other_times || other_kernels;
  if (stale) record_plain(slot, number);
  if (stale || slot.features.graph != features_) record_features(slot, number);
  slot.with_features = features_ != nullptr;
  slot.values.assign(workers_.size(), 0);
  workers_.size() > 1 ? submit_shares(slot) : submit_slices(slot);
}

void Executor::submit_slices(Slot& slot) {
  gpu::Timeline& timeline = own().timeline;
  const std::uint64_t before = timeline.submitted();
  std::size_t count = 0;
  for (const VkCommandBuffer& commands : slot.last_recorder().commands()) {
    if (slices_.ahead > 0 && count >= slices_.ahead) {
      timeline.wait(before + count + 1 - slices_.ahead);
    }
    slot.values.front() = timeline.submit(commands);
    ++count;
  }
}

void Executor::submit_shares(Slot& slot) {
  try {
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      slot.values[i] = workers_[i]->timeline.submit(slot.last_recording()[i]->commands());
    }
  } catch (...) {  // those submitted would wait for the others for ever
    own().meeting->abandon();
    throw;
  }
}

bool Executor::wait(int number, std::chrono::nanoseconds timeout) {
  const Slot& slot = slots_[static_cast<std::size_t>(number)];
  for (std::size_t i = 0; i < slot.values.size(); ++i) {
    if (!workers_[i]->timeline.wait(slot.values[i], timeout)) return false;
  }
  if (own().meeting && own().meeting->abandoned()) {
    throw Error(ExitCode::gpu,
                "a core did not get on with its share of a frame for a minute: "
                "LP_NUM_THREADS=1 does without others");
  }
  return true;
}

std::vector<PassTime> Executor::pass_times(int number) const {
  const Slot& slot = slots_[static_cast<std::size_t>(number)];
  if (!slot.timed) return {};
  const std::vector<graph::Pass>& passes = slot.with_features ? slot.features.passes : passes_;
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
  gpu::Recorder recorder(own().device, "fill arena");
  const auto fill = [&](const gpu::Buffer& block) {
    recorder.fill(block, 0, block.size() / 4 * 4, word);
  };
  std::ranges::for_each(own().buffers.arena, fill);
  fill(own().buffers.scratch);
  recorder.barrier(gpu::Stage::transfer, gpu::Stage::compute);
  run_now(recorder);
}

std::vector<std::byte> Executor::read_arena(std::size_t block) {
  gpu::Buffer target(own().device, own().buffers.arena[block].size(), gpu::MemoryUse::read_back,
                     "arena copy");
  gpu::Recorder recorder(own().device, "read arena");
  recorder.barrier(gpu::Stage::compute, gpu::Stage::transfer);
  recorder.copy(own().buffers.arena[block], 0, target, 0, target.size());
  recorder.barrier(gpu::Stage::transfer, gpu::Stage::host);
  run_now(recorder);
  return {target.bytes().begin(), target.bytes().end()};
}

std::uint64_t Executor::allocated_bytes() const {
  std::uint64_t bytes = workers_.front()->buffers.bytes();
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
