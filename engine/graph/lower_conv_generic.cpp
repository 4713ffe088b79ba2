#include "engine/graph/lower_conv.h"

namespace impasto::graph {
namespace {

// [out plane][channel in group][ky][kx] vec4 of out lanes, each lane's own group's weights.
std::vector<float> pack_grouped(const net::Conv& op) {
  const int group_in = op.in_channels / op.groups;
  const int out_planes = (op.out_channels + 3) / 4;
  const int taps = op.kernel.y * op.kernel.x;
  std::vector<float> packed(static_cast<std::size_t>(out_planes) * group_in * taps * 4, 0.0F);
  for (int o = 0; o < op.out_channels; ++o) {
    for (int i = 0; i < group_in; ++i) {
      for (int tap = 0; tap < taps; ++tap) {
        const std::size_t word = (static_cast<std::size_t>(o / 4) * group_in + i) * taps + tap;
        packed[word * 4 + o % 4] =
            (*op.weights)[(static_cast<std::size_t>(o) * group_in + i) * taps + tap];
      }
    }
  }
  return packed;
}

}  // namespace

void lower_conv_generic(Draft& draft, const ConvTask& task) {
  const net::Conv& op = *task.op;
  abi::ConvConstants constants = conv_constants(task);
  constants.workgroup = 64;
  constants.group_in = op.in_channels / op.groups;
  constants.group_out = op.out_channels / op.groups;

  const ResourceId weights = draft.constant(task.name + " grouped weights", pack_grouped(op));
  const ResourceId bias =
      op.bias == net::none
          ? -1
          : draft.parameter(op.bias, static_cast<std::size_t>(op.out_channels), op.out_channels);
  abi::ConvPush push = conv_push(task);
  draft.for_plane_windows(task.result, [&](int first, int count) {
    push.first_plane = first;
    DraftPass pass;
    pass.name = task.name;
    pass.kernel = draft.tensor_kernel("conv_generic", task.source.tensor, task.result);
    pass.constants = constant_words(constants);
    pass.bindings = {draft.tensor_in(task.source.tensor), draft.table_in(task.source.norm_table),
                     draft.table_in(weights), draft.table_in(bias),
                     draft.tensor_out(task.result, first, count)};
    pass.push = push_bytes(push);
    pass.groups = draft.groups(
        (static_cast<std::int64_t>(task.grid_height) * task.grid_width + 63) / 64, count);
    pass.flops = 2.0 * task.grid_height * task.grid_width * count * 4 * constants.group_in *
                 op.kernel.y * op.kernel.x;
    draft.add(std::move(pass));
  });
}

}  // namespace impasto::graph
