#include "engine/session/frame_plan.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "engine/base/error.h"

namespace impasto::session {
namespace {

// Smaller tensors leave a reflection of a few pixels nothing to reflect after some halvings.
constexpr int smallest_side = 16;
constexpr int largest_padding_multiple = 64;

void check_picture(const net::Model& model, const net::Net& net) {
  const int in = net.value(net.input).channels;
  const int out = net.value(net.output).channels;
  if (in == 3 && (out == 1 || out == 3)) return;
  throw Error(ExitCode::model, model.info().file + ": takes " + std::to_string(in) +
                                   " channels and gives " + std::to_string(out) +
                                   "; a picture has 3 (a gray result 1)");
}

bool keeps_proportions(const net::Net& net) {
  const net::Value& in = net.value(net.input);
  const net::Value& out = net.value(net.output);
  return in.height * out.width == in.width * out.height &&
         (out.height % in.height == 0 || in.height % out.height == 0);
}

graph::FrameGeometry fixed_geometry(const net::ModelInfo& info, const video::FrameFormat& source) {
  const double scale = std::min(static_cast<double>(info.fixed_height) / source.height,
                                static_cast<double>(info.fixed_width) / source.width);
  const auto scaled = [&](int size, int most) {
    return std::clamp(static_cast<int>(std::lround(size * scale)), 1, most);
  };
  return {info.fixed_height, info.fixed_width, scaled(source.height, info.fixed_height),
          scaled(source.width, info.fixed_width)};
}

}  // namespace

FramePlan plan_frame(const net::Model& model, const FrameRequest& request) {
  const net::ModelInfo& info = model.info();
  FramePlan plan;
  plan.use = {request.source,   request.output,    {},
              info.input_range, info.output_range, request.with_source};
  if (info.fixed_height > 0) {
    plan.use.geometry = fixed_geometry(info, request.source);
    plan.net = model.build(info.fixed_height, info.fixed_width, request.batch_norms);
    check_picture(model, plan.net);
    return plan;
  }
  std::optional<FramePlan> fallback;
  std::optional<Error> refusal;
  for (int factor = 1; factor <= largest_padding_multiple; factor *= 2) {
    const int multiple = info.size_multiple * factor;
    const graph::FrameGeometry geometry = graph::plan_geometry(
        request.source, request.network_height, multiple, std::max(smallest_side, factor));
    try {
      plan.net = model.build(geometry.network_height, geometry.network_width, request.batch_norms);
    } catch (const Error& error) {
      if (!refusal) refusal = error;
      continue;
    }
    check_picture(model, plan.net);
    plan.use.geometry = geometry;
    if (keeps_proportions(plan.net)) return plan;
    if (!fallback) fallback = plan;
  }
  if (!fallback) throw *refusal;
  return std::move(*fallback);
}

std::uint64_t required_bytes(const graph::RenderGraph& graph, int slot_count) {
  const std::uint64_t frames = graph.parameter_bytes + graph.frame_in_bytes + graph.frame_out_bytes;
  return graph.arena_bytes() + graph.scratch_bytes + graph.constants.size() +
         frames * (1 + static_cast<std::uint64_t>(slot_count));
}

}  // namespace impasto::session
