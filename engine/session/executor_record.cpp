#include <algorithm>
#include <cmath>
#include <optional>

#include "engine/session/executor.h"

// The commands of a frame: what each worker runs, where it waits, what is timed.
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

double Executor::estimated_ms(const graph::Pass& pass) const {
  return std::max(pass.flops / slices_.gflops, pass.bytes / slices_.gigabytes_per_s) * 1e-6;
}

std::uint32_t Executor::parts_of(const graph::Pass& pass) const {
  if (slices_.ms <= 0) return 1;
  return static_cast<std::uint32_t>(std::max(1.0, std::ceil(estimated_ms(pass) / slices_.ms)));
}

Executor::Recordings Executor::record(const Slot& slot, const std::string& name,
                                      const graph::FeatureGraph* features) {
  const auto workers = static_cast<std::uint32_t>(workers_.size());
  Recordings recordings{record_for(slot, name, features, workers), {}};
  if (workers > 1) recordings.alone = record_for(slot, name + " alone", features, 1);
  return recordings;
}

Executor::Recording Executor::record_for(const Slot& slot, const std::string& name,
                                         const graph::FeatureGraph* features,
                                         std::uint32_t workers) {
  const std::vector<graph::Pass>& passes = features ? slot.features.passes : passes_;
  Recording recording;
  for (std::uint32_t i = 0; i < workers; ++i) {
    recording.push_back(std::make_unique<gpu::Recorder>(
        workers_[i]->device, name, i == 0 ? static_cast<std::uint32_t>(passes.size()) + 1 : 0));
    gpu::Recorder& recorder = *recording.back();
    // The frame before may still read or write what this one is about to.
    recorder.barrier(gpu::Stage::compute | gpu::Stage::transfer,
                     gpu::Stage::compute | gpu::Stage::transfer);
    if (i == 0) record_uploads(recorder, slot);
    record_passes(recorder, {i, workers}, slot, features);
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

void Executor::record_passes(gpu::Recorder& recorder, gpu::Share share, const Slot& slot,
                             const graph::FeatureGraph* features) {
  const std::vector<graph::Pass>& passes = features ? slot.features.passes : passes_;
  const Worker& worker = *workers_[share.index];
  const auto meet = [&] {
    if (share.count > 1) worker.meeting->record(recorder, share);
  };
  const auto [first, last] = network_stamps(features);
  const auto stamp = [&, first = first, last = last](std::uint32_t i) {
    if (share.index == 0 && (slot.timed || i == 0 || i == first || i == last)) {
      recorder.timestamp(i);
    }
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
    if (!only || *only == share.index) {
      recorder.dispatch(worker.kernels.get(kernel_key(pass)),
                        worker.buffers.bindings(pass, slot.features.data), pass.push, pass.groups,
                        pass.name, {pass.cut_axis, parts, only ? gpu::Share{} : share});
    }
    if (i + 1 == passes.size() || passes[i + 1].meets) meet();
    stamp(i + 1);
  }
}

void Executor::record_plain(Slot& slot, int number) {
  slot.recordings = {};  // waits for what it has in flight
  slot.recordings = record(slot, "slot " + std::to_string(number), nullptr);
}

void Executor::record_features(Slot& slot, int number) {
  const std::string name = "features " + std::to_string(number);
  FeatureRecording& recording = slot.features;
  recording.recordings = {};  // before the memory that it names
  recording = {};
  if (!features_) return;
  recording.graph = features_;
  recording.passes = passes_with(passes_, *features_);
  recording.data = {own().device, features_->bytes, gpu::MemoryUse::read_back, name};
  recording.recordings = record(slot, name, features_.get());
}

std::pair<std::size_t, std::size_t> Executor::network_stamps(
    const graph::FeatureGraph* features) const {
  return {graph_.first_network, graph_.last_network + (features ? features->passes.size() : 0)};
}

}  // namespace impasto::session
