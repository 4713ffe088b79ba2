#include "engine/stylizer.h"

#include <cassert>
#include <chrono>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/gpu/peak.h"
#include "engine/session/tuning_file.h"
#include "shaders/embedded.h"

namespace impasto {
namespace {

// Two in flight, one shown, one that the window has yet to take.
constexpr int picture_slots = 4;
// Of one submit: so that a window draws between two, and far below what watchdogs allow.
constexpr double window_slice_ms = 8;
constexpr double longest_slice_ms = 200;

gpu::DeviceRequest device_request(const StylizerOptions& options) {
  gpu::DeviceRequest request;
  request.selector = options.device;
  return request;
}

// A pace that the slowest devices of a class keep.
session::Slices slices_of(gpu::DeviceType type, const StylizerOptions& options) {
  session::Slices slices;
  switch (type) {
    case gpu::DeviceType::discrete:
      slices.gflops = 1000;
      slices.gigabytes_per_s = 60;
      break;
    case gpu::DeviceType::cpu:
      slices.gflops = 10;
      slices.gigabytes_per_s = 1;
      break;
    default:
      slices.gflops = 150;
      slices.gigabytes_per_s = 10;
  }
  if (options.shared_device) {
    slices.ms = window_slice_ms;
    slices.ahead = 2;
  } else if (type != gpu::DeviceType::cpu) {
    slices.ms = longest_slice_ms;
  }
  return slices;
}

session::SessionOptions session_options(const StylizerOptions& options) {
  session::SessionOptions result;
  result.precision = options.precision;
  if (options.pictures) result.slot_count = picture_slots;
  if (options.pictures && options.shared_device) result.output = gpu::MemoryUse::device;
  result.conv_family = options.conv_family;
  result.tiled_shape = options.tiled_shape;
  result.texel_reads = options.texel_reads;
  return result;
}

bool tunes(const StylizerOptions& options) {
  return options.tuning != Tuning::off && options.conv_family == graph::ConvFamily::automatic;
}

graph::ConvChoices kept_choices(const gpu::DeviceInfo& device) {
  return session::read_choices(session::tuning_file(device), device);
}

net::BatchNorms batch_norms(const StylizerOptions& options) {
  return options.layer_edits ? net::BatchNorms::live : net::BatchNorms::folded;
}

}  // namespace

std::vector<gpu::DeviceInfo> list_devices() {
  return gpu::list_devices();
}

CompiledModel compile_model(const net::Model& model, const video::FrameFormat& format,
                            const StylizerOptions& options) {
  const gpu::Device device(device_request(options));
  session::FramePlan plan =
      session::plan_frame(model, {format, format, options.network_height, batch_norms(options)});
  session::SessionOptions wanted = session_options(options);
  if (tunes(options)) wanted.conv_choices = kept_choices(device.info());
  const graph::CompileOptions compile = session::compile_options(device.info(), wanted);
  graph::RenderGraph graph = graph::compile_frame(plan.net, plan.use, compile);
  return {std::move(plan.net), std::move(graph)};
}

Look default_look(const net::ModelInfo& model) {
  Look look;
  look.style.assign(model.styles.size(), 0.0F);
  const std::size_t first = model.identity_style == 0 && model.styles.size() > 1 ? 1 : 0;
  if (!look.style.empty()) look.style[first] = 1;
  return look;
}

Stylizer::Stylizer(net::Model model, const StylizerOptions& options)
    : Stylizer(std::make_shared<const net::Model>(std::move(model)), options) {}

Stylizer::Stylizer(std::shared_ptr<const net::Model> model, const StylizerOptions& options)
    : model_(std::move(model)), options_(options), look_(default_look(model_->info())) {
  const bool seated = open_device();
  kernels_ = std::make_unique<gpu::KernelCache>(*device_, shaders::find_module);
  if (seated) crew_ = std::make_unique<session::Crew>(*device_, *kernels_);
}

Stylizer::~Stylizer() {
  end_session();
}

// On a seat first: only devices that a crew is for keep it.
bool Stylizer::open_device() {
  device_ = options_.shared_device;
  if (device_) return false;
  if (options_.crew && session::crew_size() > 1) {
    const session::CrewSeat seat(0);
    if (seat.in_effect()) {
      device_ = std::make_shared<gpu::Device>(device_request(options_));
      if (device_->info().imports_host_memory) return true;
      device_.reset();
    }
  }
  device_ = std::make_shared<gpu::Device>(device_request(options_));
  return false;
}

// Gives its memory back.
void Stylizer::end_session() {
  if (crew_) crew_->leave();
  session_.reset();
}

void Stylizer::set_look(const Look& look) {
  const std::size_t count = model_->info().styles.size();
  if (look.style.size() != count) {
    throw Error(ExitCode::usage, model_->info().name + " has " + std::to_string(count) +
                                     " styles, not " + std::to_string(look.style.size()));
  }
  assert(look.layers.empty() || options_.layer_edits);
  look_ = look;
}

void Stylizer::prepare(const video::FrameFormat& source, const video::FrameFormat& output) {
  const session::FrameRequest request{source, output, options_.network_height,
                                      batch_norms(options_), options_.pictures};
  if (session_ && session_->request() == request) return;
  if (session_) {
    while (!options_.pictures && !session_->empty()) finished_.push_back(receive_in_session());
    end_session();  // before the next one asks for memory
  }
  session::SessionOptions options = session_options(options_);
  options.slices = slices_of(device_->info().type, options_);
  options.conv_choices = choose_kernels(request);
  options.memory_sharers = memory_sharers_;
  options.shared = crew_ != nullptr;
  session_ = std::make_unique<session::Session>(*device_, *kernels_, *model_, request, options);
  session_->time_passes(times_passes_);
  kernels_->save();
  crew_called_ = false;
  frames_in_session_ = 0;
  ++rebuilds_;
  plan_features();
}

session::Tuner Stylizer::make_tuner(const session::FrameRequest& request,
                                    graph::ConvChoices known) {
  return {*device_, *kernels_,       *model_, request, session_options(options_),
          look_,    std::move(known)};
}

graph::ConvChoices Stylizer::choose_kernels(const session::FrameRequest& request) {
  end_tuning();
  if (!tunes(options_)) return {};
  graph::ConvChoices choices = kept_choices(device_->info());
  if (options_.tuning == Tuning::kept) return choices;
  session::Tuner tuner =
      make_tuner(request, options_.tuning == Tuning::again ? measured_ : choices);
  log::info("timing kernels for " + std::to_string(request.source.width) + "x" +
            std::to_string(request.source.height) + " on " + device_->info().name +
            " (once; --tune off does without)");
  while (options_.keep_tuning() && tuner.step()) {
  }
  tuning_results_ = tuner.results();
  for (const auto& [shape, kernel] : tuner.choices()) {
    measured_[shape] = choices[shape] = kernel;
  }
  session::keep_choices(session::tuning_file(device_->info()), device_->info(), tuner.choices());
  return choices;
}

bool Stylizer::tune_a_little() {
  if (!tunes(options_) || !session_ || idle_tuned_ == session_->request()) return false;
  if (!idle_tuner_) {
    idle_tuner_.emplace(make_tuner(session_->request(), kept_choices(device_->info())));
  }
  if (idle_tuner_->step()) return true;
  idle_tuned_ = session_->request();
  end_tuning();
  return false;
}

// Before another frame needs the device's time and memory.
void Stylizer::end_tuning() {
  if (!idle_tuner_) return;
  session::keep_choices(session::tuning_file(device_->info()), device_->info(),
                        idle_tuner_->choices());
  idle_tuner_.reset();
}

void Stylizer::submit(const video::Frame& frame, const video::FrameFormat& output) {
  end_tuning();
  prepare(frame.format, output);
  while (!options_.pictures && session_->full()) finished_.push_back(receive_in_session());
  start_features();
  // The first frame has the cores for itself.
  if (frames_in_session_++ > 0 && call_crew()) crew_->let_in(session_->executor());
  session_->submit(frame, look_);
}

void Stylizer::await_crew() {
  if (call_crew()) crew_->let_in_for_good(session_->executor());
}

bool Stylizer::call_crew() {
  if (!crew_ || !session_) return false;
  if (!std::exchange(crew_called_, true)) crew_->join(session_->executor());
  return true;
}

void Stylizer::watch_layer(std::optional<std::size_t> layer, int tile_side) {
  watch_.reset();
  if (layer) watch_ = Watch{*layer, tile_side};
  if (session_) plan_features();
}

void Stylizer::plan_features() {
  session_->set_features(nullptr);
  absorbed_.reset();
  next_features_ = watch_ ? session_->feature_graph(watch_->layer, watch_->tile_side) : nullptr;
  if (watch_ && !next_features_) {
    absorbed_ = FeatureView{.layer = watch_->layer, .absorbed = true};
  }
}

// A driver may take half a second for a pipeline, which no frame waits for: at most one thread
// compiles, and until it is done frames run without.
void Stylizer::start_features() {
  if (!next_features_) return;
  if (compiled_.valid()) {
    if (compiled_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
    compiled_.get();
    if (compiling_ == next_features_) {
      session_->set_features(std::move(next_features_));
      return;
    }
  }
  compiling_ = next_features_;
  std::vector<gpu::KernelKey> keys;
  for (const graph::Pass& pass : compiling_->passes)
    keys.push_back(session_->executor().kernel_key(pass));
  compiled_ = std::async(std::launch::async, [this, keys] { kernels_->prepare(keys); });
}

std::optional<FeatureView> Stylizer::take_features() {
  if (absorbed_) return std::exchange(absorbed_, std::nullopt);
  return session_ ? session_->take_features() : std::nullopt;
}

video::Frame Stylizer::receive_in_session() {
  video::Frame frame = session_->receive();
  note_time();
  return frame;
}

void Stylizer::note_time() {
  if (crew_) crew_->note(session_->executor(), session_->last_slot());
}

std::optional<video::Frame> Stylizer::receive() {
  std::optional<video::Frame> frame;
  if (!finished_.empty()) {
    frame = std::move(finished_.front());
    finished_.pop_front();
  } else if (session_ && !session_->empty()) {
    frame = receive_in_session();
  }
  if (frame) ++frames_;
  return frame;
}

std::optional<Picture> Stylizer::receive_picture() {
  if (!session_ || session_->empty()) return std::nullopt;
  ++frames_;
  Picture picture = session_->receive_picture();
  note_time();
  picture.device = device_;
  return picture;
}

StylizerStats Stylizer::stats() const {
  StylizerStats stats;
  stats.device = device_->info().name;
  stats.driver = device_->info().driver;
  stats.frames = frames_;
  stats.rebuilds = rebuilds_;
  stats.allocated_bytes = device_->memory_in_use();
  stats.counters = device_->counters();
  if (session_) {
    stats.fp16 = session_->options().precision == graph::Precision::fp16;
    stats.geometry = session_->use().geometry;
    stats.macs = net::count_macs(session_->net());
    stats.arena_bytes = graph().arena_bytes();
    stats.live_bytes = graph().live_bytes;
    stats.devices_at_work = session_->executor().worker_count();
  }
  return stats;
}

void Stylizer::time_passes(bool on) {
  times_passes_ = on;
  if (session_) session_->time_passes(on);
}

std::vector<session::PassTime> Stylizer::pass_times() const {
  return session_->executor().pass_times(session_->last_slot());
}

double Stylizer::network_ms() const {
  return session_->executor().network_ms(session_->last_slot());
}

double Stylizer::measure_peak_gflops() {
  std::future<double> others;
  if (crew_) others = crew_->measure_peak_gflops();
  const double own = gpu::measure_peak(*device_, *kernels_).gflops;
  return own + (others.valid() ? others.get() : 0);
}

}  // namespace impasto
