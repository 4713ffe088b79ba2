#include "engine/session/session.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstdio>

#include "engine/base/debug.h"
#include "engine/base/error.h"
#include "engine/base/log.h"

namespace impasto::session {
namespace {

constexpr int smallest_suggestion = 16;  // lines

std::string in_gib(std::uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GiB", static_cast<double>(bytes) / (1ULL << 30));
  return text;
}

std::uint64_t available_bytes(const gpu::Device& device, unsigned sharers) {
  std::uint64_t most = 0;
  for (std::uint32_t heap = 0; heap < device.info().heap_sizes.size(); ++heap) {
    most = std::max<std::uint64_t>(most, device.memory_available(heap));
  }
  return most / sharers;
}

/// The graph, or nothing where it exceeds the device's memory or limits.
std::optional<graph::RenderGraph> compile_within(std::uint64_t available, const FramePlan& plan,
                                                 const graph::CompileOptions& compile, int slots) {
  try {
    graph::RenderGraph graph = graph::compile_frame(plan.net, plan.use, compile);
    if (required_bytes(graph, slots) <= available) return graph;
  } catch (const Error& error) {
    if (error.code() != ExitCode::gpu) throw;
  }
  return std::nullopt;
}

/// The most lines, in steps of 8, that fit the device; 0: none.
int fitting_height(std::uint64_t available, const net::Model& model, FrameRequest request,
                   const graph::CompileOptions& compile, int slots) {
  const int wanted = request.network_height > 0 ? request.network_height : request.source.height;
  int fits = 0;
  int too_many = wanted / 8;
  while (too_many - fits > 1) {
    const int middle = (fits + too_many) / 2;
    request.network_height = middle * 8;
    const bool good =
        compile_within(available, plan_frame(model, request), compile, slots).has_value();
    (good ? fits : too_many) = middle;
  }
  return fits * 8 >= smallest_suggestion ? fits * 8 : 0;
}

/// What keeps the plan from running, for a message.
std::string describe_excess(std::uint64_t available, const FramePlan& plan,
                            const graph::CompileOptions& compile, int slots) {
  try {
    const graph::RenderGraph graph = graph::compile_frame(plan.net, plan.use, compile);
    return "needs " + in_gib(required_bytes(graph, slots)) + " of device memory, " +
           in_gib(available) + " are free";
  } catch (const Error& error) {
    return std::string("exceeds the device's limits (") + error.what() + ")";
  }
}

graph::RenderGraph compile_or_refuse(std::uint64_t available, const net::Model& model,
                                     const FrameRequest& request, const FramePlan& plan,
                                     const graph::CompileOptions& compile, int slots) {
  if (auto graph = compile_within(available, plan, compile, slots)) {
    return std::move(*graph);
  }
  const int height = fitting_height(available, model, request, compile, slots);
  throw Error(ExitCode::gpu, std::to_string(plan.use.geometry.content_width) + "x" +
                                 std::to_string(plan.use.geometry.content_height) + " " +
                                 describe_excess(available, plan, compile, slots) + "; use " +
                                 (height > 0 ? "--height " + std::to_string(height)
                                             : "a smaller model or --out-height"));
}

}  // namespace

Session::Session(gpu::Device& device, gpu::KernelCache& kernels, const net::Model& model,
                 const FrameRequest& request, const SessionOptions& options)
    : request_(request),
      options_(options),
      compile_(compile_options(device.info(), options)),
      plan_(plan_frame(model, request)),
      layers_(net::norm_layers(plan_.net)),
      source_layout_(graph::plan_layout(request.source)),
      output_layout_(graph::plan_layout(request.output)) {
  graph::RenderGraph graph = compile_or_refuse(available_bytes(device, options.memory_sharers),
                                               model, request, plan_, compile_, options.slot_count);
  if (debug_switches().dump) log::info("compiled graph\n" + graph::to_text(graph));
  executor_.emplace(device, kernels, std::move(graph), options.slot_count, options.output,
                    options.slices, options.shared);
  slot_looks_.resize(static_cast<std::size_t>(options.slot_count));
}

// The one after the last, where several are free.
std::optional<int> Session::free_slot() const {
  for (int i = 1; i <= slots(); ++i) {
    const int slot = (last_submitted_ + i) % slots();
    const bool in_flight = std::any_of(in_flight_.begin(), in_flight_.end(),
                                       [&](const InFlight& each) { return each.slot == slot; });
    if (!in_flight && !executor_->output_held(slot)) return slot;
  }
  return std::nullopt;
}

void Session::apply_look(const Look& look, int slot) {
  if (!look_ || look_->style != look.style || look_->layers != look.layers) {
    parameters_ = net::evaluate_parameters(plan_.net, layers_, look);
  }
  look_ = look;
  std::optional<Look>& written = slot_looks_[static_cast<std::size_t>(slot)];
  if (written == look) return;
  const graph::LiveValues live{look.strength, look.keep_colors, {0, 0}};
  write_parameters(executor_->graph(), live, parameters_, executor_->parameters(slot));
  written = look;
}

void Session::submit(const video::Frame& frame, const Look& look) {
  assert(!full() && frame.format == request_.source);
  const int slot = *free_slot();
  graph::pack_frame(frame, source_layout_, executor_->frame_in(slot));
  apply_look(look, slot);
  executor_->submit(slot);
  InFlight entry{slot, frame};
  entry.source.owner.reset();
  in_flight_.push_back(std::move(entry));
  last_submitted_ = slot;
}

Picture Session::receive_picture() {
  assert(!empty());
  const InFlight entry = std::move(in_flight_.front());
  in_flight_.pop_front();
  executor_->wait(entry.slot);
  last_slot_ = entry.slot;
  keep_features(entry);
  return {nullptr,
          executor_->output(entry.slot),
          request_.output,
          request_.with_source ? graph::source_picture_offset(request_.output) : 0,
          entry.source.pts,
          entry.source.duration,
          entry.source.properties};
}

video::WritableFrame Session::result_frame() {
  for (const video::WritableFrame& result : results_) {
    if (result.frame.owner.use_count() > 1) continue;
    // Whoever let go of it last, on whatever thread, has read it before this one writes.
    std::atomic_thread_fence(std::memory_order_acquire);
    return result;
  }
  return results_.emplace_back(video::allocate_frame(request_.output));
}

video::Frame Session::receive() {
  const Picture picture = receive_picture();
  const video::WritableFrame result = result_frame();
  graph::unpack_frame(executor_->frame_out(last_slot_), output_layout_, result);
  video::Frame frame = result.frame;
  frame.pts = picture.pts;
  frame.duration = picture.duration;
  frame.properties = picture.properties;
  return frame;
}

video::Frame Session::download(const Picture& picture, bool of_source) {
  const bool mapped = !picture.buffer->bytes().empty();
  const std::shared_ptr<gpu::Buffer> buffer =
      mapped ? picture.buffer : executor_->read_back(*picture.buffer);
  const graph::FrameLayout layout = graph::plan_layout(picture.format);
  video::Frame frame{picture.format};
  for (std::size_t i = 0; i < static_cast<std::size_t>(layout.plane_count); ++i) {
    frame.planes[i] =
        buffer->bytes().data() + (of_source ? picture.source_offset : 0) + layout.planes[i].offset;
    frame.strides[i] = layout.planes[i].pitch;
  }
  frame.pts = picture.pts;
  frame.duration = picture.duration;
  frame.properties = picture.properties;
  frame.owner = buffer;
  return frame;
}

std::shared_ptr<const graph::FeatureGraph> Session::feature_graph(std::size_t layer,
                                                                  int tile_side) const {
  const std::vector<graph::LayerPlace>& places = executor_->graph().layers;
  const std::size_t node = net::feature_layers(plan_.net).at(layer).node;
  const auto place = std::find_if(places.begin(), places.end(),
                                  [&](const auto& stored) { return stored.node == node; });
  if (place == places.end()) return nullptr;
  auto features =
      std::make_shared<graph::FeatureGraph>(compile_features(*place, compile_, tile_side));
  features->layer = layer;
  return features;
}

void Session::set_features(std::shared_ptr<const graph::FeatureGraph> features) {
  features_ = features;
  view_.reset();
  executor_->set_features(std::move(features));
}

void Session::keep_features(const InFlight& frame) {
  const std::shared_ptr<const graph::FeatureGraph> graph = executor_->features(frame.slot);
  // A frame that was in flight when another layer was chosen shows the one before.
  if (graph && graph == features_)
    view_ = read_features(*graph, executor_->feature_bytes(frame.slot), frame.source.pts);
}

}  // namespace impasto::session
