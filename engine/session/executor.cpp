#include "engine/session/executor.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <iterator>

#include "engine/base/error.h"
#include "engine/session/first_dispatch.h"

namespace impasto::session {

Executor::Executor(gpu::Device& device, gpu::KernelCache& kernels, graph::RenderGraph graph,
                   int slot_count, gpu::MemoryUse output, const Slices& slices, bool shared)
    : graph_(std::move(graph)),
      slices_(slices),
      shared_(shared),
      passes_(shared && device.info().translates_at_dispatch ? graph::lean_passes(graph_.passes)
                                                             : graph_.passes) {
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
    record_plain(slot, i);
    slots_.push_back(std::move(slot));
  }
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
  // No device at work makes code that another one could: the others would wait for it at a meeting.
  translate_apart(workers_.front()->target(), graph_, keys);
  kernels.prepare(keys);
  translate_alone(worker->target(), graph_, keys);
  workers_.front()->kernels.prepare(keys);  // beside frames by the lean ones
  return worker;
}

void Executor::admit(std::vector<std::unique_ptr<Worker>> helpers) {
  assert(workers_.size() == 1);
  passes_ = graph_.passes;
  for (Slot& slot : slots_) slot.stale = true;
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
  const bool stale = std::exchange(slot.stale, false) || other_times;
  if (stale) record_plain(slot, number);
  if (stale || slot.features.graph != features_) record_features(slot, number);
  slot.with_features = features_ != nullptr;
  slot.alone = workers_.size() > 1 && !together_;
  slot.values.assign(slot.last_recording().size(), 0);
  slot.values.size() > 1 ? submit_shares(slot) : submit_slices(slot);
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
    for (std::size_t i = 0; i < slot.values.size(); ++i) {
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
    const graph::Pass& pass = passes[i];
    times.push_back({pass.name, pass.kernel, stamps[i + 1] - stamps[i], pass.flops, pass.bytes});
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
