#include "engine/session/session.h"

#include <algorithm>
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

std::uint64_t available_bytes(const gpu::Device& device) {
  std::uint64_t most = 0;
  for (std::uint32_t heap = 0; heap < device.info().heap_sizes.size(); ++heap) {
    most = std::max<std::uint64_t>(most, device.memory_available(heap));
  }
  return most;
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
std::string describe_excess(const gpu::Device& device, const FramePlan& plan,
                            const graph::CompileOptions& compile, int slots) {
  try {
    const graph::RenderGraph graph = graph::compile_frame(plan.net, plan.use, compile);
    return "needs " + in_gib(required_bytes(graph, slots)) + " of device memory, " +
           in_gib(available_bytes(device)) + " are free";
  } catch (const Error& error) {
    return std::string("exceeds the device's limits (") + error.what() + ")";
  }
}

graph::RenderGraph compile_or_refuse(const gpu::Device& device, const net::Model& model,
                                     const FrameRequest& request, const FramePlan& plan,
                                     const SessionOptions& options) {
  const graph::CompileOptions compile = compile_options(device.info(), options);
  const std::uint64_t available = available_bytes(device);
  if (auto graph = compile_within(available, plan, compile, options.slot_count)) {
    return std::move(*graph);
  }
  const int height = fitting_height(available, model, request, compile, options.slot_count);
  throw Error(
      ExitCode::gpu,
      std::to_string(plan.use.geometry.content_width) + "x" +
          std::to_string(plan.use.geometry.content_height) + " " +
          describe_excess(device, plan, compile, options.slot_count) + "; use " +
          (height > 0 ? "--height " + std::to_string(height) : "a smaller model or --out-height"));
}

}  // namespace

graph::CompileOptions compile_options(const gpu::DeviceInfo& device, graph::Precision precision) {
  graph::CompileOptions result;
  result.device = device_traits(device);
  result.precision = precision;
  // Some drivers view so few texels that most tensors would need the storage kernels anyway; real
  // GPUs read vec4 words of storage buffers at full width, but some bind little at once.
  constexpr std::uint32_t useful_texels = 16U << 20;
  constexpr std::uint64_t useful_range = 1ULL << 30;
  result.texel_reads = device.max_texel_buffer_elements >= useful_texels &&
                       (result.device.software || device.max_storage_buffer_range < useful_range);
  return result;
}

graph::CompileOptions compile_options(const gpu::DeviceInfo& device,
                                      const SessionOptions& options) {
  graph::CompileOptions result = compile_options(device, options.precision);
  result.family = options.conv_family;
  result.tiled_shape = options.tiled_shape;
  if (options.texel_reads) result.texel_reads = *options.texel_reads;
  return result;
}

Session::Session(gpu::Device& device, gpu::KernelCache& kernels, const net::Model& model,
                 const FrameRequest& request, const SessionOptions& options)
    : request_(request),
      options_(options),
      plan_(plan_frame(model, request)),
      source_layout_(graph::plan_layout(request.source)),
      output_layout_(graph::plan_layout(request.output)) {
  graph::RenderGraph graph = compile_or_refuse(device, model, request, plan_, options);
  if (debug_switches().dump) log::info("compiled graph\n" + graph::to_text(graph));
  executor_.emplace(device, kernels, std::move(graph), options.slot_count);
  slot_looks_.resize(static_cast<std::size_t>(options.slot_count));
}

void Session::apply_look(const Look& look) {
  if (!look_ || look_->style != look.style) {
    parameters_ = net::evaluate_parameters(plan_.net, look.style);
  }
  look_ = look;
  std::optional<Look>& written = slot_looks_[static_cast<std::size_t>(next_slot_)];
  if (written == look) return;
  const graph::LiveValues live{look.strength, look.keep_colors ? 1.0F : 0.0F, {0, 0}};
  write_parameters(executor_->graph(), live, parameters_, executor_->parameters(next_slot_));
  written = look;
}

void Session::submit(const video::Frame& frame, const Look& look) {
  assert(!full() && frame.format == request_.source);
  graph::pack_frame(frame, source_layout_, executor_->frame_in(next_slot_));
  apply_look(look);
  executor_->submit(next_slot_);
  InFlight entry{next_slot_, frame};
  entry.source.owner.reset();
  in_flight_.push_back(std::move(entry));
  next_slot_ = (next_slot_ + 1) % slots();
}

video::Frame Session::receive() {
  assert(!empty());
  const InFlight entry = std::move(in_flight_.front());
  in_flight_.pop_front();
  executor_->wait(entry.slot);
  last_slot_ = entry.slot;
  const video::WritableFrame result = video::allocate_frame(request_.output);
  graph::unpack_frame(executor_->frame_out(entry.slot), output_layout_, result);
  video::Frame frame = result.frame;
  frame.pts = entry.source.pts;
  frame.duration = entry.source.duration;
  frame.properties = entry.source.properties;
  return frame;
}

}  // namespace impasto::session
