#include "app/live/live.h"

#include <imgui.h>

#include <algorithm>
#include <cstdio>
#include <future>
#include <memory>

#include "app/live/control_places.h"
#include "app/live/feature_grid.h"
#include "app/live/first_source.h"
#include "app/live/panel.h"
#include "app/live/requests.h"
#include "app/live/theme.h"
#include "app/live/thumbnail_loader.h"
#include "app/live/window.h"
#include "engine/base/debug.h"
#include "engine/base/log.h"

namespace impasto::live {
namespace {

using namespace std::chrono_literals;

// A display's rate, where presenting does not wait for it (software, remote displays).
constexpr auto redraw_interval = std::chrono::microseconds(16'000);
// Controls settle (hover, tooltips, carets) for so long after the last event.
constexpr auto settle_time = 1s;
constexpr auto idle_interval = 200ms;  // the status line's numbers
constexpr auto list_interval = 2s;     // cameras come and go
constexpr auto rebuild_again_after = 10s;

/// ImGui's context with neither files of its own nor keyboard navigation.
class Interface {
 public:
  Interface() {
    ImGui::CreateContext();
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
    io.BackendRendererName = "impasto";
  }
  ~Interface() { ImGui::DestroyContext(); }
  Interface(const Interface&) = delete;
  Interface& operator=(const Interface&) = delete;
};

class Live {
 public:
  explicit Live(const LiveCommand& command);
  void run();

 private:
  bool due(Clock::time_point now) const;
  void update(Clock::time_point now);
  void redraw(Clock::time_point now);
  void refresh_lists();
  void fit_scale();
  void rebuild(const Error& error, Clock::time_point now);
  std::unique_ptr<Pipeline> start_pipeline();

  LiveCommand command_;
  State state_;
  Interface interface_;
  Window window_;
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<ThumbnailLoader> thumbnails_;
  std::uint64_t thumbnails_model_ = 0;  // its number
  ControlPlaces control_places_;
  SharedBitmap letters_;
  std::shared_ptr<const FeatureView> drawn_features_;
  bool drawn_after_ = true;
  bool new_picture_ = false;
  video::Instant captured_{};
  Clock::time_point last_event_{};
  Clock::time_point last_redraw_{};
  Clock::time_point last_lists_{};
  std::optional<Clock::time_point> last_rebuild_;
  struct CameraLists {
    std::vector<video::VideoDevice> cameras;
    std::vector<video::VideoDevice> virtual_cameras;
  };
  std::future<CameraLists> cameras_;
  std::vector<double> intervals_;  // ms between redraws while there are events; for profile
};

WindowOptions window_options(const LiveCommand& command, const Settings& settings) {
  WindowOptions options;
  options.title = "Impasto";
  options.width = command.window_width > 0 ? command.window_width : settings.window_width;
  options.height = command.window_height > 0 ? command.window_height : settings.window_height;
  options.device = command.stylizer.device;
  return options;
}

bool says_something(const app::LookOptions& looks) {
  return !looks.model.pack.empty() || !looks.model.model.empty() || !looks.presets.empty() ||
         !looks.look.style.empty() || !looks.look.mix.empty() || looks.look.strength ||
         looks.look.keep_colors;
}

/// The settings of the last time with what the command line says.
State first_state(const LiveCommand& command) {
  State state;
  state.settings = load_settings();
  state.restore = state.settings.look;
  if (says_something(command.looks)) {
    app::ChosenLooks chosen = app::choose_looks(command.looks);
    for (const std::string& remark : chosen.remarks) log::warning(remark);
    state.first_look = chosen.track.at(0);
    state.settings.model = chosen.choice;
    state.restore.reset();
  }
  if (command.network_height >= 0) state.settings.network_height = command.network_height;
  return state;
}

Live::Live(const LiveCommand& command)
    : command_(command),
      state_(first_state(command)),
      window_(window_options(command, state_.settings)) {
  fit_scale();
  state_.software_device = window_.on_software_device();
  pipeline_ = start_pipeline();
  refresh_lists();
  if (command.full_screen) window_.set_full_screen(true);
}

std::unique_ptr<Pipeline> Live::start_pipeline() {
  PipelineOptions options;
  options.stylizer = command_.stylizer;
  options.stylizer.pictures = true;
  options.stylizer.crew = true;
  options.stylizer.layer_edits = true;
  options.stylizer.network_height = state_.settings.network_height;
  const bool share = !state_.software_device || debug_switches().share;
  if (share) options.stylizer.shared_device = window_.device();
  options.background = state_.software_device;
  options.notify = Window::wake;
  auto pipeline = std::make_unique<Pipeline>(options);
  pipeline->open_model(state_.settings.model);
  const FirstSource first = first_source(command_.input, state_.settings.source);
  state_.hint = first.hint;
  pipeline->open_source(
      source_options(state_.settings, first.input, command_.input_options, !command_.paused));
  pipeline->control_source(
      [volume = state_.settings.volume](video::LiveSource& source) { source.set_volume(volume); });
  return pipeline;
}

/// Cameras are asked on a thread: one that is busy may take its time to answer.
void Live::refresh_lists() {
  state_.packs = app::find_packs();
  state_.presets = app::saved_presets();
  if (cameras_.valid()) {
    if (cameras_.wait_for(0s) != std::future_status::ready) return;
    CameraLists lists = cameras_.get();
    state_.cameras = std::move(lists.cameras);
    state_.virtual_cameras = std::move(lists.virtual_cameras);
  }
  cameras_ = std::async(std::launch::async, [used_here = state_.report.source.camera] {
    return CameraLists{video::list_cameras(used_here), video::list_virtual_cameras()};
  });
}

void Live::fit_scale() {
  const float scale = command_.scale > 0 ? command_.scale : window_.content_scale();
  if (letters_ && scale == state_.scale) return;
  state_.scale = scale;
  letters_ = theme::apply(scale);
}

/// What is new since the last redraw.
void Live::update(Clock::time_point now) {
  take_report(state_, pipeline_->report(), now);
  // The first picture goes before the gallery's.
  if (thumbnails_model_ != state_.model_number && state_.has_picture && !state_.report.compiling) {
    thumbnails_model_ = state_.model_number;
    const LoadedModel& loaded = *state_.report.model;
    thumbnails_.reset();
    thumbnails_ = std::make_unique<ThumbnailLoader>(
        loaded.choice, loaded.model.info().styles.size(), command_.stylizer);
  }
  if (thumbnails_ && thumbnails_model_ == state_.model_number) {
    state_.thumbnails = thumbnails_->bitmaps();
  }
  if (std::optional<Shown> shown = pipeline_->take_shown()) {
    window_.set_picture(shown->picture);
    state_.shape = shown->shape;
    state_.has_picture = true;
    captured_ = shown->captured;
    new_picture_ = true;
  }
  const std::shared_ptr<const FeatureView>& features = state_.report.features;
  if (features != drawn_features_ || state_.features_after != drawn_after_) {
    state_.features = features && !features->absorbed
                          ? draw_feature_grid(*features, state_.features_after)
                          : nullptr;
    drawn_features_ = features;
    drawn_after_ = state_.features_after;
  }
  if (state_.requests.refresh_lists || now - last_lists_ > list_interval) {
    state_.requests.refresh_lists = false;
    last_lists_ = now;
    refresh_lists();
  }
  pipeline_->set_look(shown_look(state_, now), state_.model_number);
}

bool Live::due(Clock::time_point now) const {
  if (new_picture_ || state_.fade.running(now)) return true;
  return now - last_event_ < settle_time || now - last_redraw_ > idle_interval;
}

void Live::redraw(Clock::time_point now) {
  fit_scale();
  state_.full_screen = window_.full_screen();
  window_.begin_redraw();
  ImGui::NewFrame();
  state_.drawn_bitmaps.clear();
  draw_interface(state_, now);
  ImGui::Render();
  window_.end_redraw();
  window_.use_bitmap(letters_);
  for (const SharedBitmap& bitmap : state_.drawn_bitmaps) window_.use_bitmap(bitmap);
  if (window_.draw() && new_picture_) {
    const std::chrono::duration<double, std::milli> latency = Clock::now() - captured_;
    state_.latency_ms += (latency.count() - state_.latency_ms) * 0.1;
  }
  new_picture_ = false;
  const std::chrono::duration<double> passed = now - last_redraw_;
  if (debug_switches().profile && last_redraw_ != Clock::time_point{} &&
      now - last_event_ < passed) {
    intervals_.push_back(passed.count() * 1e3);
  }
  if (passed.count() > 0) state_.redraws += (1 / passed.count() - state_.redraws) * 0.1;
  last_redraw_ = now;
  if (debug_switches().controls) control_places_.write(state_.controls);
}

/// Once; a device that fails again soon is given up.
void Live::rebuild(const Error& error, Clock::time_point now) {
  if (last_rebuild_ && now - *last_rebuild_ < rebuild_again_after) throw error;
  last_rebuild_ = now;
  log::warning(std::string(error.what()) + "; starting it anew");
  const bool shared = !state_.software_device || debug_switches().share;
  if (shared) pipeline_.reset();  // nothing of the old device may be in use
  window_.rebuild();
  state_.has_picture = false;
  if (!shared) {
    pipeline_->show_again();
  } else {
    state_.restore = settings_to_keep(state_).look;
    // Early on nothing is open yet, and what was asked for still stands.
    if (!state_.report.input.empty()) {
      state_.settings.source = state_.report.input;
      command_.input = state_.report.input;
    }
    state_.model_number = 0;
    pipeline_ = start_pipeline();
  }
}

/// IMPASTO_DEBUG=profile: how evenly the window was drawn while somebody used it.
void log_intervals(std::vector<double> intervals) {
  if (intervals.empty()) return;
  std::sort(intervals.begin(), intervals.end());
  const auto at = [&](double share) {
    return intervals[static_cast<std::size_t>(share * static_cast<double>(intervals.size() - 1))];
  };
  char text[128];
  std::snprintf(text, sizeof text,
                "%zu redraws under input: median %.1f ms apart, 99 %% %.1f, longest %.1f",
                intervals.size(), at(0.5), at(0.99), at(1));
  log::info(text);
}

void Live::run() {
  while (!window_.should_close() && !(command_.stop && *command_.stop)) {
    const auto until_redraw = last_redraw_ + redraw_interval - Clock::now();
    const bool busy = due(Clock::now());
    const auto wait = busy ? until_redraw : std::max<Clock::duration>(until_redraw, 50ms);
    if (window_.wait_events(std::chrono::duration<double>(wait).count())) {
      last_event_ = Clock::now();
    }
    const Clock::time_point now = Clock::now();
    const std::vector<std::string> files = window_.take_dropped_files();
    if (!files.empty()) drop_files(state_, files, now);
    try {
      update(now);
      if (state_.report.device_failed) throw Error(ExitCode::gpu, state_.report.problem);
      if (due(now) && now - last_redraw_ >= redraw_interval) redraw(now);
    } catch (const Error& error) {
      if (error.code() != ExitCode::gpu) throw;
      rebuild(error, now);
    }
    serve_requests(state_, *pipeline_, window_, now);
  }
  state_.settings.window_width = static_cast<int>(window_.windowed_width());
  state_.settings.window_height = static_cast<int>(window_.windowed_height());
  save_settings(settings_to_keep(state_));
  log_intervals(intervals_);
}

}  // namespace

void live(const LiveCommand& command) {
  Live program(command);
  program.run();
}

}  // namespace impasto::live
