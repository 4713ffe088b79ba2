// Owns: the engine as its front ends see it: frames in, stylised frames out, a look that may change
// between any two of them. Depends on: session, gpu, graph, net, video/frame.h. Front ends decode,
// encode and show; everything between is behind this class. Not thread-safe: one thread calls it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/gpu/device.h"
#include "engine/gpu/device_info.h"
#include "engine/graph/render_graph.h"
#include "engine/net/look.h"
#include "engine/net/model.h"
#include "engine/session/crew.h"
#include "engine/session/features.h"
#include "engine/session/session.h"
#include "engine/session/tuner.h"

namespace impasto {

using net::LayerEdit;
using net::LayerTable;
using net::Look;
using session::ChannelStatistics;
using session::FeatureView;
using session::Picture;
using session::TuningResult;

/// Which kernels convolutions get, where several can: the built-in choice for the device (off), or
/// what was measured on it before and is kept on disk, where there is something (kept), or that
/// after timing what is not kept yet (on) or everything (again) before the first frame.
enum class Tuning { off, kept, on, again };

struct StylizerOptions {
  std::string device;  ///< number of list_devices() or part of a name; empty: the best
  /// Of stored activations. fp16 saves memory and bandwidth and costs accuracy (README.md).
  graph::Precision precision = graph::Precision::fp32;
  int network_height = 0;  ///< lines that the network works at; 0: the source's
  /// Kernels of dense convolutions, where they can: the built-in choice but in measurements.
  graph::ConvFamily conv_family = graph::ConvFamily::automatic;
  std::string tiled_shape;          ///< one of graph::tiled_shapes()
  std::optional<bool> texel_reads;  ///< through texel buffers, or storage buffers
  Tuning tuning = Tuning::off;
  /// Asked now and then while kernels are timed; false: what is done will do.
  std::function<bool()> keep_tuning = [] { return true; };
  /// For a window: receive_picture() instead of receive(), each with the source beside it.
  bool pictures = false;
  /// The window's device, where pictures then stay; null: one of its own, and pictures are mapped.
  std::shared_ptr<gpu::Device> shared_device;
  /// On a CPU driver each frame is worked at by a device per core (session/crew.h), once these are
  /// ready: for one frame at a time as fast as can be. Without effect where LP_NUM_THREADS is set.
  bool crew = false;
  /// Looks may have edits of layers (net/look.h): batch norms then stay layers of their own, which
  /// costs a model that has such norms some speed, and others nothing.
  bool layer_edits = false;
};

/// Facts about the session that runs now.
struct StylizerStats {
  std::string device;
  std::string driver;
  bool fp16 = false;
  graph::FrameGeometry geometry;
  double macs = 0;  ///< nominal, of one frame
  std::uint64_t arena_bytes = 0;
  std::uint64_t live_bytes = 0;       ///< a lower bound of the arena
  std::uint64_t allocated_bytes = 0;  ///< all of the engine's buffers
  gpu::DeviceCounters counters;
  std::size_t devices_at_work = 1;  ///< at each frame
  std::uint64_t frames = 0;
  std::uint64_t rebuilds = 0;  ///< sessions made: 1, and one per change of format
};

class Stylizer {
 public:
  /// Opens the device; the graph is compiled at the first frame. Throws Error{gpu}.
  Stylizer(net::Model model, const StylizerOptions& options);
  Stylizer(std::shared_ptr<const net::Model> model, const StylizerOptions& options);
  ~Stylizer();
  Stylizer(const Stylizer&) = delete;
  Stylizer& operator=(const Stylizer&) = delete;

  const net::ModelInfo& model() const { return model_->info(); }
  const gpu::DeviceInfo& device() const { return device_->info(); }

  /// From the next submitted frame on, without a rebuild. Throws Error{usage} for a wrong number of
  /// weights; edits of layers need StylizerOptions::layer_edits and are as LayerTable counts them.
  void set_look(const Look& look);
  const Look& look() const { return look_; }

  /// From the next prepare() on: how many stylizers like this one the device's memory is for.
  void share_memory(unsigned sharers) { memory_sharers_ = sharers; }
  /// Compiles for these formats, unless that is what runs; frames in flight stay in order (with
  /// StylizerOptions::pictures receive them first: they are dropped).
  void prepare(const video::FrameFormat& source, const video::FrameFormat& output);
  /// Waits until everything is ready that makes frames faster later: StylizerOptions::crew, which
  /// then works at each frame of these formats, whoever else wants the cores.
  void await_crew();
  /// The next submit() would wait for the device: receive() first, so as to pass frames on early.
  bool full() const { return session_ && session_->full(); }
  /// Starts a frame; its result will have `output`, and its pts and properties.
  void submit(const video::Frame& frame, const video::FrameFormat& output);
  /// The oldest frame, waiting for it; nothing when none is in flight.
  std::optional<video::Frame> receive();
  /// The same where it lies, with StylizerOptions::pictures; hold few of them for a short time.
  std::optional<Picture> receive_picture();
  /// Of the session that runs: a picture, or the source beside it, as a frame in host memory.
  video::Frame download(const Picture& picture, bool of_source) {
    return session_->download(picture, of_source);
  }

  /// Turns the feature view of a layer (of net::feature_layers) on, or off. Frames go on without it
  /// while what it needs is compiled on a thread of its own (milliseconds when the cache on disk
  /// knows it), then each frame yields one; frames cost nothing more while it is off. Tiles are at
  /// most `tile_side` pixels wide and high.
  void watch_layer(std::optional<std::size_t> layer, int tile_side = 64);
  /// That of the last frame received that had one, once.
  std::optional<FeatureView> take_features();

  /// For idle time: a part of the timing that Tuning::on does, short but for the compilation of a
  /// kernel; false when all is done, or not wanted. What is found is kept on disk and serves the
  /// next session: one that runs never changes its kernels. A submitted frame ends it.
  bool tune_a_little();
  /// Of the timing before the first frame.
  const std::vector<TuningResult>& tuning_results() const { return tuning_results_; }

  StylizerStats stats() const;
  /// From the next submitted frame on, whether each pass is timed: Executor::time_passes.
  void time_passes(bool on);
  /// The graph that runs, and the device time of its passes for the last frame received, where they
  /// were timed; after prepare().
  const graph::RenderGraph& graph() const { return session_->executor().graph(); }
  std::vector<session::PassTime> pass_times() const;
  double network_ms() const;
  const net::Net& net() const { return session_->net(); }

  /// 1e9 fp32 operations per second that a kernel of nothing else reaches on this device.
  double measure_peak_gflops();

 private:
  graph::ConvChoices choose_kernels(const session::FrameRequest& request);
  session::Tuner make_tuner(const session::FrameRequest& request, graph::ConvChoices known);
  void end_tuning();
  bool open_device();  // whether for a crew
  void end_session();
  bool call_crew();  // whether there is one
  void note_time();
  video::Frame receive_in_session();
  void plan_features();
  void start_features();
  std::shared_ptr<const net::Model> model_;
  StylizerOptions options_;
  std::shared_ptr<gpu::Device> device_;
  std::unique_ptr<gpu::KernelCache> kernels_;
  std::unique_ptr<session::Crew> crew_;  // outlives the session, which has its devices' objects
  bool crew_called_ = false;             // for this session
  std::uint64_t frames_in_session_ = 0;
  std::unique_ptr<session::Session> session_;
  graph::ConvChoices measured_;  // in this run
  std::vector<TuningResult> tuning_results_;
  std::optional<session::Tuner> idle_tuner_;
  std::optional<session::FrameRequest> idle_tuned_;  // nothing is left to do for it
  struct Watch {
    std::size_t layer = 0;
    int tile_side = 0;
  };
  std::optional<Watch> watch_;
  std::shared_ptr<const graph::FeatureGraph> next_features_;  // session_'s once compiled
  std::shared_ptr<const graph::FeatureGraph> compiling_;
  std::optional<FeatureView> absorbed_;  // that nothing will come
  std::deque<video::Frame> finished_;    // taken out of their slots to make room
  Look look_;
  bool times_passes_ = false;
  unsigned memory_sharers_ = 1;
  std::uint64_t frames_ = 0;
  std::uint64_t rebuilds_ = 0;
  std::future<void> compiled_;  // last: waits for the thread before the rest goes
};

/// The devices as `StylizerOptions::device` numbers them. Throws Error{gpu} without a driver.
std::vector<gpu::DeviceInfo> list_devices();
struct CompiledModel {
  net::Net net;
  graph::RenderGraph graph;
};
/// What prepare() would run for frames of this format on the device of the options; allocates
/// nothing there. Throws Error{model}, Error{gpu}.
CompiledModel compile_model(const net::Model& model, const video::FrameFormat& format,
                            const StylizerOptions& options);
/// The first style at full strength; identity, which would show nothing, is passed over.
Look default_look(const net::ModelInfo& model);

}  // namespace impasto
