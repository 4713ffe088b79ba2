#include "engine/graph/lower.h"

namespace impasto::graph {
namespace {

constexpr int workgroup = 64;

// [out plane][channel in group][ky][kx] vec4 of out lanes, each lane its own group's weights.
std::vector<float> pack_transposed(const net::ConvTranspose& op) {
  const int group_in = op.in_channels / op.groups;
  const int group_out = op.out_channels / op.groups;
  const int out_planes = (op.out_channels + 3) / 4;
  const int taps = op.kernel.y * op.kernel.x;
  std::vector<float> packed(static_cast<std::size_t>(out_planes) * group_in * taps * 4, 0.0F);
  for (int o = 0; o < op.out_channels; ++o) {
    for (int i = 0; i < group_in; ++i) {
      const std::size_t in_channel = static_cast<std::size_t>(o / group_out) * group_in + i;
      for (int tap = 0; tap < taps; ++tap) {
        const std::size_t word = (static_cast<std::size_t>(o / 4) * group_in + i) * taps + tap;
        packed[word * 4 + o % 4] = (*op.weights)[(in_channel * group_out + o % group_out) * taps +
                                                 static_cast<std::size_t>(tap)];
      }
    }
  }
  return packed;
}

}  // namespace

void lower_conv_transpose(Draft& draft, const std::string& name, const net::ConvTranspose& op,
                          const TensorView& source, const TensorRef& result,
                          const StoreUse& store) {
  abi::ConvConstants constants;
  constants.workgroup = workgroup;
  constants.norm = source.norm_table >= 0 ? 1 : 0;
  constants.activation = source.activation.kind;
  constants.pad = source.pad;
  constants.upsample = source.upsample;
  constants.kernel_y = op.kernel.y;
  constants.kernel_x = op.kernel.x;
  constants.stride_y = op.stride.y;
  constants.stride_x = op.stride.x;
  constants.dilation_y = op.dilation.y;
  constants.dilation_x = op.dilation.x;
  constants.bias = op.bias != net::none ? 1 : 0;
  constants.out_activation = store.activation.kind;
  constants.group_in = op.in_channels / op.groups;
  constants.group_out = op.out_channels / op.groups;

  abi::TransposedPush push{};
  push.view = view_push(source);
  push.in_height = source.height();
  push.in_width = source.width();
  push.in_planes = source.tensor.planes();
  push.border_top = op.border.top;
  push.border_left = op.border.left;
  push.out_height = result.height;
  push.out_width = result.width;
  push.a = store.activation.a;
  push.b = store.activation.b;

  const ResourceId weights = draft.constant(name + " transposed weights", pack_transposed(op));
  const ResourceId bias =
      op.bias == net::none
          ? -1
          : draft.parameter(op.bias, static_cast<std::size_t>(op.out_channels), op.out_channels);
  draft.for_plane_windows(result, [&](int first, int count) {
    push.first_plane = first;
    DraftPass pass;
    pass.name = name;
    pass.kernel = draft.tensor_kernel("conv_transposed", source.tensor, result);
    pass.constants = constant_words(constants);
    pass.bindings = {draft.tensor_in(source.tensor), draft.table_in(source.norm_table),
                     draft.table_in(weights), draft.table_in(bias),
                     draft.tensor_out(result, first, count)};
    pass.push = push_bytes(push);
    pass.groups = draft.groups((result.plane_texels() + workgroup - 1) / workgroup, count);
    // Of the taps of an output pixel one in stride_y * stride_x lies on the lattice.
    pass.flops = 2.0 * result.plane_texels() * count * 4 * constants.group_in * op.kernel.y *
                 op.kernel.x / (op.stride.y * op.stride.x);
    draft.add(std::move(pass));
  });
}

}  // namespace impasto::graph
