// Owns: one model at one frame format on a device: the compiled graph, its slots, and which frame
// is in which slot. Depends on: executor.h, frame_plan.h. A change of format is a new Session.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engine/graph/frame_layout.h"
#include "engine/session/executor.h"
#include "engine/session/frame_plan.h"

namespace impasto::session {

/// What a user changes between two frames; costs an upload of a few kB.
struct Look {
  std::vector<float> style;  ///< weight per ModelInfo::styles; empty: the model has none
  float strength = 1;        ///< 0: the source, exactly; 1: the stylised picture
  bool keep_colors = false;  ///< luma of the result with the chroma of the source
  bool operator==(const Look&) const = default;
};

struct SessionOptions {
  graph::Precision precision = graph::Precision::fp32;
  int slot_count = 2;
  graph::ConvFamily conv_family = graph::ConvFamily::automatic;  ///< for measurements
  std::string tiled_shape;                                       ///< as CompileOptions has it
  std::optional<bool> texel_reads;                               ///< the same
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
  const SessionOptions& options() const { return options_; }

  bool full() const { return in_flight_.size() == static_cast<std::size_t>(slots()); }
  bool empty() const { return in_flight_.empty(); }
  /// Starts a frame of request().source; not when full().
  void submit(const video::Frame& frame, const Look& look);
  /// Waits for the oldest frame: request().output, with pts and properties of its source. Not when
  /// empty().
  video::Frame receive();

  /// The slot of the last frame received, for Executor::pass_times.
  int last_slot() const { return last_slot_; }

 private:
  struct InFlight {
    int slot = 0;
    video::Frame source;  // without its planes
  };
  int slots() const { return executor_->slot_count(); }
  void apply_look(const Look& look);

  FrameRequest request_;
  SessionOptions options_;
  FramePlan plan_;
  std::optional<Executor> executor_;
  graph::FrameLayout source_layout_;
  graph::FrameLayout output_layout_;
  std::optional<Look> look_;
  std::vector<std::vector<float>> parameters_;  // of look_.style
  std::vector<std::optional<Look>> slot_looks_;
  std::deque<InFlight> in_flight_;
  int next_slot_ = 0;
  int last_slot_ = 0;
};

}  // namespace impasto::session
