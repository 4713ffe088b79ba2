// Owns: a RenderGraph on a device: its buffers, its kernels, one recorded command buffer per slot.
// Depends on: graph, gpu. Slots share the arena; the queue runs them one after another, so the host
// fills or reads one slot while another is on the device. Several devices of a CPU driver may work
// at each frame together: worker.h.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/gpu/device.h"
#include "engine/gpu/kernel.h"
#include "engine/gpu/memory.h"
#include "engine/gpu/recorder.h"
#include "engine/gpu/timeline.h"
#include "engine/graph/feature_graph.h"
#include "engine/graph/options.h"
#include "engine/graph/render_graph.h"
#include "engine/session/graph_buffers.h"
#include "engine/session/pass_time.h"
#include "engine/session/worker.h"

namespace impasto::session {

/// A frame as several submits, so that none holds the queue for long: others may use it in between,
/// and no watchdog takes the device for hung. Passes are cut where they are longer (gpu::Recorder).
struct Slices {
  /// Of one submit, by the work of its passes at a pace that the slowest device of its class keeps;
  /// 0: a frame is one submit.
  double ms = 0;
  double gflops = 0;
  double gigabytes_per_s = 0;
  /// Submits that wait on the device at a time, so that whoever shares the queue gets in between:
  /// submit() then lasts almost as long as the frame. 0: all of a frame's.
  std::size_t ahead = 0;
};

class Executor {
 public:
  /// Allocates, compiles and records everything that a frame needs. Throws Error{gpu}.
  /// `output`: where frame_out of a slot goes; MemoryUse::device is for who shows it there.
  /// `slices`: how a frame is cut over submits. `shared`: other devices may come to help; where the
  /// driver translates at dispatch, frames run by lean kernels until admit(), so that the first one
  /// is there sooner.
  Executor(gpu::Device& device, gpu::KernelCache& kernels, graph::RenderGraph graph,
           int slot_count = 1, gpu::MemoryUse output = gpu::MemoryUse::read_back,
           const Slices& slices = {}, bool shared = false);

  const graph::RenderGraph& graph() const { return graph_; }
  /// Of a pass as this executor would run it.
  gpu::KernelKey kernel_key(const graph::Pass& pass) const;
  int slot_count() const { return static_cast<int>(slots_.size()); }

  /// What another device of the driver needs to help, for admit(): all that takes long. Of a shared
  /// executor without slices; thread-safe. Throws Error{gpu}.
  std::unique_ptr<Worker> enlist(gpu::Device& device, gpu::KernelCache& kernels) const;
  /// Once: these, or nobody, work at the frames submitted from now on, by the graph's kernels, each
  /// slot's commands being recorded anew, to the same bits. Throws Error{gpu}, and then goes on
  /// alone.
  void admit(std::vector<std::unique_ptr<Worker>> helpers);
  /// Whether all workers are at the frames submitted from now on, as at first, or their first
  /// alone.
  void work_together(bool together) { together_ = together; }
  /// How many are at those, and how many were at the slot's last frame.
  std::size_t worker_count() const { return together_ ? workers_.size() : 1; }
  std::size_t workers_at(int slot) const {
    return slots_[static_cast<std::size_t>(slot)].last_recording().size();
  }

  /// Host memory of a slot that is not in flight: write the first two before submit, read the
  /// third after wait.
  std::span<std::byte> frame_in(int slot);
  std::span<std::byte> parameters(int slot);
  std::span<const std::byte> frame_out(int slot) const;
  /// What frame_out(slot) shows; whoever holds it keeps the slot from being free.
  std::shared_ptr<gpu::Buffer> output(int slot) const {
    return slots_[static_cast<std::size_t>(slot)].output;
  }
  bool output_held(int slot) const {
    return slots_[static_cast<std::size_t>(slot)].output.use_count() > 1;
  }
  /// A host-visible copy of an output in device memory; waits for it.
  std::shared_ptr<gpu::Buffer> read_back(const gpu::Buffer& output);

  /// With each frame submitted from now on these passes run too; null: none do. Compiles the
  /// kernels of theirs (kernel_key()) that the cache lacks. A slot records its commands anew when
  /// it is submitted the next time, which may wait for the frames in flight, once.
  void set_features(std::shared_ptr<const graph::FeatureGraph> features);
  /// What they were and wrote for the slot's last frame; null and nothing: there were none.
  std::shared_ptr<const graph::FeatureGraph> features(int slot) const;
  std::span<const std::byte> feature_bytes(int slot) const;

  /// Returns when all of the frame is in the queue.
  void submit(int slot);
  /// False where the timeout passed first.
  bool wait(int slot, std::chrono::nanoseconds timeout = std::chrono::nanoseconds::max());

  /// Whether frames submitted from now on time every pass. Off at the start: some drivers take
  /// longer for the time than for a small pass. A slot records its commands anew where this
  /// changed.
  void time_passes(bool on) { timed_ = on; }
  /// Device time of each pass of the slot's last frame; empty where they were not timed or on a
  /// device without timestamps.
  std::vector<PassTime> pass_times(int slot) const;
  /// The network's passes together, ms.
  double network_ms(int slot) const;

  /// Bytes of the arena, and filling it and the scratch memory, for tests of what kernels write and
  /// leave alone.
  void fill_arena(std::uint32_t word);
  std::vector<std::byte> read_arena(std::size_t block);

  /// Device and host-visible bytes of everything above.
  std::uint64_t allocated_bytes() const;

 private:
  /// A frame's commands, by worker.
  using Recording = std::vector<std::unique_ptr<gpu::Recorder>>;
  /// The same frame by all workers, and where they are several by the first alone.
  struct Recordings {
    Recording together;
    Recording alone;
  };
  /// With the passes of a feature view among them.
  struct FeatureRecording {
    std::shared_ptr<const graph::FeatureGraph> graph;
    std::vector<graph::Pass> passes;
    gpu::Buffer data;  // Region::features, mapped
    Recordings recordings;
  };
  struct Slot {
    gpu::Buffer upload;  // parameters, then frame_in
    std::shared_ptr<gpu::Buffer> output;
    Recordings recordings;
    FeatureRecording features;
    bool timed = false;                 // what was recorded, pass by pass
    bool stale = false;                 // recorded before admit()
    bool with_features = false;         // its last frame
    bool alone = false;                 // the same, by the first of several
    std::vector<std::uint64_t> values;  // of the workers' timelines when its last frame is done

    const Recording& last_recording() const {
      const Recordings& last = with_features ? features.recordings : recordings;
      return alone ? last.alone : last.together;
    }
    const gpu::Recorder& last_recorder() const { return *last_recording().front(); }
  };
  Worker& own() { return *workers_.front(); }
  void submit_shares(Slot& slot);
  void submit_slices(Slot& slot);
  std::vector<gpu::KernelKey> kernel_keys(const std::vector<graph::Pass>& passes) const;
  double estimated_ms(const graph::Pass& pass) const;
  std::uint32_t parts_of(const graph::Pass& pass) const;
  void upload_constants();
  void record_plain(Slot& slot, int number);
  void record_features(Slot& slot, int number);
  /// With the slot's features among the passes, or without (null).
  Recordings record(const Slot& slot, const std::string& name, const graph::FeatureGraph* features);
  Recording record_for(const Slot& slot, const std::string& name,
                       const graph::FeatureGraph* features, std::uint32_t workers);
  void record_uploads(gpu::Recorder& recorder, const Slot& slot);
  void record_passes(gpu::Recorder& recorder, gpu::Share share, const Slot& slot,
                     const graph::FeatureGraph* features);
  /// Of the timestamps before the network's first pass and after its last.
  std::pair<std::size_t, std::size_t> network_stamps(const graph::FeatureGraph* features) const;
  void run_now(gpu::Recorder& recorder);

  graph::RenderGraph graph_;
  Slices slices_;
  bool shared_ = false;
  std::vector<graph::Pass> passes_;               // as they run: lean ones until admit()
  std::vector<std::unique_ptr<Worker>> workers_;  // the first on the executor's own device
  bool together_ = true;
  std::shared_ptr<const graph::FeatureGraph> features_;
  bool timed_ = false;
  std::vector<Slot> slots_;  // last: recordings wait for their devices before the rest goes
};

/// Writes every parameter's vec4 words and the live values where the graph wants them.
void write_parameters(const graph::RenderGraph& graph, const graph::LiveValues& live,
                      const std::vector<std::vector<float>>& values, std::span<std::byte> region);

}  // namespace impasto::session
