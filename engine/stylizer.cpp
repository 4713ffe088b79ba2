#include "engine/stylizer.h"

#include "engine/base/error.h"
#include "engine/gpu/peak.h"
#include "shaders/embedded.h"

namespace impasto {
namespace {

gpu::DeviceRequest device_request(const StylizerOptions& options) {
  gpu::DeviceRequest request;
  request.selector = options.device;
  return request;
}

session::SessionOptions session_options(const StylizerOptions& options) {
  session::SessionOptions result;
  result.precision = options.precision;
  result.conv_family = options.conv_family;
  result.tiled_shape = options.tiled_shape;
  result.texel_reads = options.texel_reads;
  return result;
}

}  // namespace

std::vector<gpu::DeviceInfo> list_devices() {
  return gpu::list_devices();
}

CompiledModel compile_model(const net::Model& model, const video::FrameFormat& format,
                            const StylizerOptions& options) {
  const gpu::Device device(device_request(options));
  session::FramePlan plan = session::plan_frame(model, {format, format, options.network_height});
  const graph::CompileOptions compile =
      session::compile_options(device.info(), session_options(options));
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
    : model_(std::move(model)), options_(options), look_(default_look(model_.info())) {
  device_ = std::make_unique<gpu::Device>(device_request(options));
  kernels_ = std::make_unique<gpu::KernelCache>(*device_, shaders::find_module);
}

Stylizer::~Stylizer() = default;

void Stylizer::set_look(const Look& look) {
  const std::size_t count = model_.info().styles.size();
  if (look.style.size() != count) {
    throw Error(ExitCode::usage, model_.info().name + " has " + std::to_string(count) +
                                     " styles, not " + std::to_string(look.style.size()));
  }
  look_ = look;
}

void Stylizer::prepare(const video::FrameFormat& source, const video::FrameFormat& output) {
  const session::FrameRequest request{source, output, options_.network_height};
  if (session_ && session_->request() == request) return;
  if (session_) {
    while (!session_->empty()) finished_.push_back(session_->receive());
    session_.reset();  // gives its memory back before the next one asks for some
  }
  session_ = std::make_unique<session::Session>(*device_, *kernels_, model_, request,
                                                session_options(options_));
  kernels_->save();
  ++rebuilds_;
}

void Stylizer::submit(const video::Frame& frame, const video::FrameFormat& output) {
  prepare(frame.format, output);
  while (session_->full()) finished_.push_back(session_->receive());
  session_->submit(frame, look_);
}

std::optional<video::Frame> Stylizer::receive() {
  std::optional<video::Frame> frame;
  if (!finished_.empty()) {
    frame = std::move(finished_.front());
    finished_.pop_front();
  } else if (session_ && !session_->empty()) {
    frame = session_->receive();
  }
  if (frame) ++frames_;
  return frame;
}

StylizerStats Stylizer::stats() const {
  StylizerStats stats;
  stats.device = device_->info().name;
  stats.driver = device_->info().driver;
  stats.frames = frames_;
  stats.rebuilds = rebuilds_;
  stats.allocated_bytes = device_->memory_in_use();
  if (session_) {
    stats.fp16 = session_->options().precision == graph::Precision::fp16;
    stats.geometry = session_->use().geometry;
    stats.macs = net::count_macs(session_->net());
    stats.arena_bytes = graph().arena_bytes();
    stats.live_bytes = graph().live_bytes;
  }
  return stats;
}

std::vector<session::PassTime> Stylizer::pass_times() const {
  return session_->executor().pass_times(session_->last_slot());
}

double Stylizer::network_ms() const {
  return session_->executor().network_ms(session_->last_slot());
}

double Stylizer::measure_peak_gflops() {
  return gpu::measure_peak(*device_, *kernels_).gflops;
}

}  // namespace impasto
