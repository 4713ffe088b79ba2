// Owns: one model at one frame format on a device: the compiled graph, its slots, and which frame
// is in which slot. Depends on: executor.h, frame_plan.h. A change of format is a new Session.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/graph/frame_layout.h"
#include "engine/net/look.h"
#include "engine/session/executor.h"
#include "engine/session/features.h"
#include "engine/session/frame_plan.h"

namespace impasto::session {

using net::Look;

struct SessionOptions {
  graph::Precision precision = graph::Precision::fp32;
  int slot_count = 2;
  graph::ConvFamily conv_family = graph::ConvFamily::automatic;  ///< for measurements
  std::string tiled_shape;                                       ///< as CompileOptions has it
  std::optional<bool> texel_reads;                               ///< the same
  graph::ConvChoices conv_choices;                               ///< the same
  Slices slices;
  unsigned memory_sharers = 1;  ///< sessions like this one that the device's memory is for
  gpu::MemoryUse output = gpu::MemoryUse::read_back;  ///< device: results stay there, as Pictures
  bool shared = false;                                ///< a Crew may come to help
};

/// A finished frame in its slot's memory, which the slot uses again when nobody holds `buffer`.
struct Picture {
  std::shared_ptr<gpu::Device> device;  ///< the buffer's, kept alive; Stylizer sets it
  std::shared_ptr<gpu::Buffer> buffer;  ///< packed as graph::plan_layout(format) says
  video::FrameFormat format;
  std::uint64_t source_offset = 0;  ///< of the source in the same format; 0: there is none
  std::int64_t pts = 0;
  std::int64_t duration = 0;
  std::shared_ptr<const void> properties;
};

/// What the compiler chooses by on a device.
graph::CompileOptions compile_options(const gpu::DeviceInfo& device, graph::Precision precision);
graph::CompileOptions compile_options(const gpu::DeviceInfo& device, const SessionOptions& options);

class Session {
 public:
  /// Throws Error{model} (frame_plan.h) and Error{gpu}: what does not fit the device's memory is
  /// refused before anything is allocated, with the height that would fit.
  Session(gpu::Device& device, gpu::KernelCache& kernels, const net::Model& model,
          const FrameRequest& request, const SessionOptions& options);

  const FrameRequest& request() const { return request_; }
  const graph::FrameUse& use() const { return plan_.use; }
  const net::Net& net() const { return plan_.net; }
  const Executor& executor() const { return *executor_; }
  Executor& executor() { return *executor_; }
  const SessionOptions& options() const { return options_; }

  /// No slot is free: receive(), or let go of a Picture.
  bool full() const { return !free_slot(); }
  bool empty() const { return in_flight_.empty(); }
  /// Starts a frame of request().source; not when full().
  void submit(const video::Frame& frame, const Look& look);
  /// Waits for the oldest frame: request().output, with pts and properties of its source. Not when
  /// empty().
  video::Frame receive();
  /// The same without a copy.
  Picture receive_picture();
  /// A picture (or the source beside it) as a frame in host memory, copied only where it must be.
  video::Frame download(const Picture& picture, bool of_source);

  /// The passes that look at one of net::feature_layers, for set_features once their kernels are
  /// compiled; null where a neighbour's pass computes the layer on the way.
  std::shared_ptr<const graph::FeatureGraph> feature_graph(std::size_t layer, int tile_side) const;
  void set_features(std::shared_ptr<const graph::FeatureGraph> features);
  /// Of the last frame received that had one of the features set, once.
  std::optional<FeatureView> take_features() { return std::exchange(view_, std::nullopt); }

  void time_passes(bool on) { executor_->time_passes(on); }
  /// The slot of the last frame received, for Executor::pass_times.
  int last_slot() const { return last_slot_; }

 private:
  struct InFlight {
    int slot = 0;
    video::Frame source;  // without its planes
  };
  int slots() const { return executor_->slot_count(); }
  std::optional<int> free_slot() const;
  video::WritableFrame result_frame();
  void keep_features(const InFlight& frame);
  void apply_look(const Look& look, int slot);

  FrameRequest request_;
  SessionOptions options_;
  graph::CompileOptions compile_;
  FramePlan plan_;
  std::vector<net::NormLayer> layers_;
  std::optional<Executor> executor_;
  graph::FrameLayout source_layout_;
  graph::FrameLayout output_layout_;
  std::optional<Look> look_;
  std::vector<std::vector<float>> parameters_;  // of look_
  std::vector<std::optional<Look>> slot_looks_;
  std::deque<InFlight> in_flight_;
  std::shared_ptr<const graph::FeatureGraph> features_;
  std::optional<FeatureView> view_;
  std::vector<video::WritableFrame> results_;  // memory of frames, used again once let go of
  int last_submitted_ = -1;
  int last_slot_ = 0;
};

}  // namespace impasto::session
