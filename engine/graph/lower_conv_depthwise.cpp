#include "engine/graph/lower_conv.h"

namespace impasto::graph {
namespace {

constexpr int workgroup = 64;
// The register tile of shaders/conv_depthwise.comp.
constexpr int tile_height = 2;
constexpr int tile_width = 4;

// [plane][ky][kx] vec4 of channels.
std::vector<float> pack_depthwise(const net::Conv& op) {
  const int taps = op.kernel.y * op.kernel.x;
  std::vector<float> packed(static_cast<std::size_t>((op.out_channels + 3) / 4) * taps * 4, 0.0F);
  for (int c = 0; c < op.out_channels; ++c) {
    for (int tap = 0; tap < taps; ++tap) {
      packed[(static_cast<std::size_t>(c / 4) * taps + tap) * 4 + c % 4] =
          (*op.weights)[static_cast<std::size_t>(c) * taps + tap];
    }
  }
  return packed;
}

}  // namespace

bool depthwise_can(const net::Conv& op) {
  return op.groups > 1 && op.groups == op.in_channels && op.groups == op.out_channels;
}

void lower_conv_depthwise(Draft& draft, const ConvTask& task) {
  const net::Conv& op = *task.op;
  abi::ConvConstants constants = conv_constants(task);
  constants.workgroup = workgroup;
  const ResourceId weights = draft.constant(task.name + " depthwise weights", pack_depthwise(op));
  const ResourceId bias =
      op.bias == net::none
          ? -1
          : draft.parameter(op.bias, static_cast<std::size_t>(op.out_channels), op.out_channels);
  abi::ConvPush push = conv_push(task);
  const std::int64_t tiles =
      static_cast<std::int64_t>((task.grid_height + tile_height - 1) / tile_height) *
      ((task.grid_width + tile_width - 1) / tile_width);
  draft.for_plane_windows(task.result, [&](int first, int count) {
    push.first_plane = first;
    push.out_planes = count;
    DraftPass pass;
    pass.name = task.name;
    pass.kernel = draft.tensor_kernel("conv_depthwise", task.source.tensor, task.result);
    pass.constants = constant_words(constants);
    pass.bindings = {draft.tensor_in(task.source.tensor), draft.table_in(task.source.norm_table),
                     draft.table_in(weights), draft.table_in(bias),
                     draft.tensor_out(task.result, first, count)};
    pass.push = push_bytes(push);
    pass.groups = draft.groups((tiles + workgroup - 1) / workgroup, count);
    pass.flops = 2.0 * task.grid_height * task.grid_width * count * 4 * op.kernel.y * op.kernel.x;
    draft.add(std::move(pass));
  });
}

}  // namespace impasto::graph
