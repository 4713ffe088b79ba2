// Owns: the thread between a source and the picture: it polls frames, stylises the newest, and
// hands results to the window, a recorder and a virtual camera. Depends on: stylizer.h, video,
// looks/. Nothing that it is asked waits for it, so the window stays alive whatever a frame costs.
// A failure is a line in the report; what ran before goes on where it can.
#pragma once

#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/live/picture_view.h"
#include "app/packs.h"
#include "engine/net/look.h"
#include "engine/stylizer.h"
#include "engine/video/live_source.h"
#include "engine/video/recorder.h"
#include "engine/video/virtual_camera.h"

namespace impasto::live {

struct LoadedModel {
  app::ModelChoice choice;
  net::Model model;
  net::LayerTable layers;
};

/// What the window shows of the pipeline; a copy of a moment.
struct Report {
  std::shared_ptr<const LoadedModel> model;  ///< null before the first
  std::uint64_t model_number = 0;            ///< another one after each change of model
  std::string input;                         ///< IN of the source
  video::LiveStatus source;
  StylizerStats stats;
  std::vector<session::PassTime> passes;  ///< of the last frame, by name
  double fps = 0;                         ///< finished frames, over the last second
  double frame_ms = 0;                    ///< from the device's start to the result
  bool compiling = false;
  std::string problem;  ///< why there is no picture and what to do; empty: there is one
  std::string notice;   ///< what was done last ("saved ..."), or why it was not
  bool notice_is_warning = false;
  std::uint64_t notices = 0;  ///< counts them
  std::optional<video::RecorderStatus> recording;
  std::string recording_file;
  std::optional<video::VirtualCameraStatus> virtual_camera;
  std::shared_ptr<const FeatureView> features;
  bool device_failed = false;  ///< the shared device is no good any more, nor is this pipeline
};

/// A finished frame on its way to the window.
struct Shown {
  Picture picture;
  PictureShape shape;
  video::Instant captured;
};

struct PipelineOptions {
  StylizerOptions stylizer;
  bool background = false;  ///< a CPU does the work of the device: the window's threads go first
  std::function<void()> notify;  ///< called on the pipeline's thread when there is news
};

class Pipeline {
 public:
  explicit Pipeline(const PipelineOptions& options);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  void open_source(const video::LiveOptions& source);
  /// Keeps the model that runs where the new one is refused; where none runs, the default pack
  /// does.
  void open_model(const app::ModelChoice& choice);
  void set_network_height(int lines);
  /// For the model of this number only; from the next frame on, also of a paused source.
  void set_look(const Look& look, std::uint64_t model_number);
  void watch_layer(std::optional<std::size_t> layer);
  /// Whether Report::passes is wanted; what is asked for again costs nothing.
  void time_passes(bool on);

  /// Calls `control` with the source, where there is one.
  void control_source(const std::function<void(video::LiveSource&)>& control);
  void start_recording(const std::string& file);
  void stop_recording();
  void save_screenshot(const std::string& file);
  /// `path` of its device; empty: the first.
  void start_virtual_camera(const std::string& path);
  void stop_virtual_camera();

  /// The window lost what it showed: the last frame is finished once more.
  void show_again();

  Report report() const;
  /// The newest finished frame, once.
  std::optional<Shown> take_shown();

 private:
  void run();
  void work();
  void post(std::function<void()> task);
  bool run_tasks();
  void make_stylizer();
  void load(const app::ModelChoice& choice);
  void process(const video::LiveFrame& frame);
  void publish(const Picture& picture, const video::LiveFrame& frame);
  void hand_on(const Picture& picture);
  void fail(const Error& error);
  void say(const std::string& notice, bool is_warning = false);
  void update_report(const std::function<void(Report&)>& update);

  PipelineOptions options_;
  bool asked_for_times_ = false;  // the caller's
  // The thread's own.
  std::unique_ptr<video::LiveSource> source_;
  std::unique_ptr<Stylizer> stylizer_;
  std::shared_ptr<const LoadedModel> model_;
  std::optional<video::LiveFrame> last_frame_;
  std::optional<Picture> last_picture_;
  std::optional<std::size_t> watched_;
  bool times_passes_ = false;
  std::unique_ptr<video::Recorder> recorder_;
  std::unique_ptr<video::VirtualCamera> virtual_camera_;
  std::vector<std::future<void>> savers_;
  std::vector<video::Instant> finished_;  // of the last second
  std::optional<video::Instant> failed_;
  std::optional<Look> look_;  // of model_, once the window has said it
  bool redraw_ = false;       // the last frame has to be seen anew

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::function<void()>> tasks_;
  std::optional<Look> new_look_;
  Report report_;
  std::optional<Shown> shown_;
  bool stop_ = false;
  std::thread thread_;  // last: starts when everything is there
};

}  // namespace impasto::live
