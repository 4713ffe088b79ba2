#include "app/live/pipeline.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/video/pixel_formats.h"

namespace impasto::live {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto idle_wait = 4ms;  // between two looks for a new frame
constexpr auto idle_after = 3s;  // without a frame: time for other things
constexpr auto retry_after = 10s;
constexpr int background_nice = 5;

/// What a window shows: 8-bit RGB of the source's size, with the source's alpha.
video::FrameFormat shown_format(const video::FrameFormat& source) {
  video::FrameFormat format;
  format.width = source.width;
  format.height = source.height;
  format.layout = *video::find_layout("rgba");
  format.color = {video::Matrix::identity, video::Range::full};
  return format;
}

/// In memory of its own, for those who keep frames.
video::Frame copy_frame(const video::Frame& frame) {
  const video::WritableFrame copy = video::allocate_frame(frame.format);
  const auto row_bytes = static_cast<std::size_t>(frame.format.plane_width_bytes(0));
  for (int y = 0; y < frame.format.height; ++y) {
    std::memcpy(copy.planes[0] + copy.frame.strides[0] * y, frame.planes[0] + frame.strides[0] * y,
                row_bytes);
  }
  video::Frame result = copy.frame;
  result.pts = frame.pts;
  result.duration = frame.duration;
  return result;
}

PictureShape shape_of(const video::Frame& frame, const video::LiveStatus& status) {
  PictureShape shape{frame.format.width, frame.format.height};
  const double aspect = status.sample_aspect_ratio.value();
  if (aspect > 0) shape.pixel_aspect = static_cast<float>(aspect);
  shape.rotation = status.rotation;
  return shape;
}

}  // namespace

Pipeline::Pipeline(const PipelineOptions& options)
    : options_(options), thread_([this] { run(); }) {}

Pipeline::~Pipeline() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Pipeline::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake_.notify_all();
}

void Pipeline::update_report(const std::function<void(Report&)>& update) {
  {
    const std::lock_guard lock(mutex_);
    update(report_);
  }
  if (options_.notify) options_.notify();
}

void Pipeline::say(const std::string& notice, bool is_warning) {
  log::write(is_warning ? log::Level::warning : log::Level::info, notice);
  update_report([&](Report& report) {
    report.notice = notice;
    report.notice_is_warning = is_warning;
    ++report.notices;
  });
}

Report Pipeline::report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

void Pipeline::show_again() {
  post([this] { redraw_ = true; });
}

std::optional<Shown> Pipeline::take_shown() {
  const std::lock_guard lock(mutex_);
  return std::exchange(shown_, {});
}

void Pipeline::run() {
  if (options_.background) setpriority(PRIO_PROCESS, 0, background_nice);
  for (;;) {
    try {
      while (run_tasks()) work();
      break;
    } catch (const Error& error) {
      fail(error);
    }
  }
  if (source_) source_->set_sound_listener({});
  savers_.clear();  // waits for them
}

bool Pipeline::run_tasks() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    if (stop_) return false;
    tasks.swap(tasks_);
    if (new_look_) {
      redraw_ = redraw_ || look_ != new_look_;
      look_ = std::move(*new_look_);
      new_look_.reset();
    }
  }
  for (const auto& task : tasks) {
    try {
      task();
    } catch (const Error& error) {
      say(error.what(), true);
    }
  }
  return true;
}

/// A frame's work, or a short wait.
void Pipeline::work() {
  std::optional<video::LiveFrame> frame;
  if (source_) {
    frame = source_->poll();
    const video::LiveStatus status = source_->status();
    const std::lock_guard lock(mutex_);
    report_.source = status;
    report_.recording = recorder_ ? std::optional(recorder_->status()) : std::nullopt;
    report_.virtual_camera =
        virtual_camera_ ? std::optional(virtual_camera_->status()) : std::nullopt;
  }
  const bool fresh = frame.has_value();
  if (fresh) last_frame_ = std::move(frame);
  if (stylizer_ && look_ && last_frame_ && (fresh || redraw_)) {
    process(*last_frame_);
    return;
  }
  const bool idle = !finished_.empty() && finished_.back() + idle_after < Clock::now();
  if (stylizer_ && idle && stylizer_->tune_a_little()) return;
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, idle_wait, [&] { return stop_ || !tasks_.empty() || new_look_; });
}

void Pipeline::process(const video::LiveFrame& frame) {
  redraw_ = false;
  const Clock::time_point start = Clock::now();
  const video::FrameFormat output = shown_format(frame.frame.format);
  if (stylizer_->stats().rebuilds == 0) {
    update_report([](Report& report) { report.compiling = true; });
  }
  last_picture_.reset();
  stylizer_->set_look(*look_);
  stylizer_->prepare(frame.frame.format, output);
  while (stylizer_->full()) std::this_thread::sleep_for(1ms);  // the window lets go of one soon
  stylizer_->submit(frame.frame, output);
  const Picture picture = *stylizer_->receive_picture();
  const Clock::time_point end = Clock::now();
  std::erase_if(finished_, [&](const auto& time) { return time + 1s < end; });
  finished_.push_back(end);
  std::vector<session::PassTime> passes = session::sum_by_name(stylizer_->pass_times());
  update_report([&](Report& report) {
    report.compiling = false;
    report.problem.clear();
    report.frame_ms = std::chrono::duration<double, std::milli>(end - start).count();
    report.fps = static_cast<double>(finished_.size());
    report.stats = stylizer_->stats();
    report.passes = std::move(passes);
    if (auto features = stylizer_->take_features()) {
      report.features = std::make_shared<const FeatureView>(std::move(*features));
    }
  });
  publish(picture, frame);
  hand_on(picture);
  last_picture_ = picture;
}

void Pipeline::publish(const Picture& picture, const video::LiveFrame& frame) {
  {
    const std::lock_guard lock(mutex_);
    shown_ = Shown{picture, shape_of(frame.frame, report_.source), frame.captured};
  }
  if (options_.notify) options_.notify();
}

/// To those who want every frame in host memory.
void Pipeline::hand_on(const Picture& picture) {
  if (!recorder_ && !virtual_camera_) return;
  const video::Frame copy = copy_frame(stylizer_->download(picture, false));
  if (recorder_) recorder_->write(copy);
  if (virtual_camera_) virtual_camera_->write(copy);
}

/// One more try with everything new; the second failure in a row stays, as a message.
void Pipeline::fail(const Error& error) {
  log::warning(error.what());
  last_picture_.reset();
  stylizer_.reset();
  const Clock::time_point now = Clock::now();
  const bool again = error.code() == ExitCode::gpu && (!failed_ || *failed_ + retry_after < now);
  failed_ = now;
  const bool shared = options_.stylizer.shared_device != nullptr;
  update_report([&](Report& report) {
    report.compiling = false;
    report.problem = error.what();
    report.device_failed = again && shared;
    shown_.reset();
  });
  if (again && !shared) post([this] { make_stylizer(); });
}

void Pipeline::make_stylizer() {
  if (!model_) return;
  last_picture_.reset();
  stylizer_.reset();  // gives its memory back first
  update_report([](Report& report) { report.compiling = true; });
  stylizer_ = std::make_unique<Stylizer>(app::load_model(model_->choice), options_.stylizer);
  stylizer_->watch_layer(watched_);
  stylizer_->time_passes(times_passes_);
  redraw_ = true;
}

void Pipeline::open_source(const video::LiveOptions& source) {
  post([this, source] {
    video::LiveOptions options = source;
    if (source_) options.begin = source_->play_time();
    source_.reset();
    last_frame_.reset();
    source_ = std::make_unique<video::LiveSource>(options);
    if (recorder_) {
      source_->set_sound_listener(
          [this](const video::SoundBlock& block) { recorder_->write_sound(block); });
    }
    update_report([&](Report& report) {
      report.input = source.source.input;
      report.problem.clear();
    });
  });
}

void Pipeline::load(const app::ModelChoice& choice) {
  net::Model model = app::load_model(choice);
  net::LayerTable layers(model);
  model_ =
      std::make_shared<const LoadedModel>(LoadedModel{choice, std::move(model), std::move(layers)});
  look_.reset();
  watched_.reset();
  failed_.reset();
  update_report([&](Report& report) {
    report.model = model_;
    ++report.model_number;
    report.problem.clear();
    report.features = nullptr;
    new_look_.reset();  // of the model before
  });
  make_stylizer();
}

void Pipeline::open_model(const app::ModelChoice& choice) {
  post([this, choice] {
    try {
      load(choice);
    } catch (const Error& error) {
      if (model_) throw;
      say(error.what(), true);
      load({});
    }
  });
}

void Pipeline::set_network_height(int lines) {
  post([this, lines] {
    if (options_.stylizer.network_height == lines) return;
    options_.stylizer.network_height = lines;
    failed_.reset();
    make_stylizer();
  });
}

void Pipeline::set_look(const Look& look, std::uint64_t model_number) {
  {
    const std::lock_guard lock(mutex_);
    if (model_number != report_.model_number) return;
    new_look_ = look;
  }
  wake_.notify_all();
}

void Pipeline::watch_layer(std::optional<std::size_t> layer) {
  post([this, layer] {
    watched_ = layer;
    if (stylizer_) stylizer_->watch_layer(layer);
    redraw_ = true;
    if (!layer) update_report([](Report& report) { report.features = nullptr; });
  });
}

void Pipeline::time_passes(bool on) {
  if (std::exchange(asked_for_times_, on) == on) return;
  post([this, on] {
    times_passes_ = on;
    if (stylizer_) stylizer_->time_passes(on);
    redraw_ = true;
  });
}

void Pipeline::control_source(const std::function<void(video::LiveSource&)>& control) {
  post([this, control] {
    if (source_) control(*source_);
  });
}

void Pipeline::start_recording(const std::string& file) {
  post([this, file] {
    if (recorder_) return;
    video::RecorderOptions options;
    options.sink.output = file;
    const video::LiveStatus status = source_ ? source_->status() : video::LiveStatus{};
    options.sound = status.sound != video::SoundState::none;
    if (status.frame_rate.numerator > 0) options.frame_rate = status.frame_rate;
    options.sample_aspect_ratio = status.sample_aspect_ratio;
    options.rotation = status.rotation;
    recorder_ = std::make_unique<video::Recorder>(options);
    if (options.sound) {
      source_->set_sound_listener(
          [this](const video::SoundBlock& block) { recorder_->write_sound(block); });
    }
    update_report([&](Report& report) { report.recording_file = file; });
  });
}

void Pipeline::stop_recording() {
  post([this] {
    if (!recorder_) return;
    if (source_) source_->set_sound_listener({});
    recorder_->stop();
    // Completing takes a moment; the picture goes on meanwhile.
    savers_.push_back(std::async(
        std::launch::async,
        [this, file = report().recording_file, recorder = std::shared_ptr(std::move(recorder_))] {
          while (recorder->status().state == video::RecorderState::finishing) {
            std::this_thread::sleep_for(20ms);
          }
          const video::RecorderStatus status = recorder->status();
          const bool good = status.message.empty();
          say(good ? "saved " + file : status.message, !good);
        }));
  });
}

void Pipeline::save_screenshot(const std::string& file) {
  post([this, file] {
    if (!last_picture_) throw Error(ExitCode::output, "there is no picture to save yet");
    const video::Frame frame = copy_frame(stylizer_->download(*last_picture_, false));
    savers_.push_back(std::async(std::launch::async, [this, frame, file] {
      try {
        video::save_picture(frame, {file});
        say("saved " + file);
      } catch (const Error& error) {
        say(error.what(), true);
      }
    }));
  });
}

void Pipeline::start_virtual_camera(const std::string& path) {
  post([this, path] {
    virtual_camera_.reset();  // it may be the one that has the device
    virtual_camera_ = std::make_unique<video::VirtualCamera>(path);
  });
}

void Pipeline::stop_virtual_camera() {
  post([this] { virtual_camera_.reset(); });
}

}  // namespace impasto::live
