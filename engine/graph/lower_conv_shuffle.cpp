#include <cstring>

#include "engine/graph/lower_conv.h"

namespace impasto::graph {
namespace {

// The register tile of shaders/conv_shuffle.comp.
constexpr int tile_width = 4;
// Rows of a tile: a single plane of outputs leaves room for the sums of twice as many, which share
// each fetched row and each fetched weight.
int tile_height(const net::Conv& op) {
  return op.out_channels <= 4 && op.stride.y == 1 ? 4 : 2;
}

int div_up(int a, int b) {
  return (a + b - 1) / b;
}

// Output planes per lane: more of them share each fetched texel, until the sums no longer stay
// close.
int choose_out_planes(int planes) {
  if (planes % 2 == 0) return 2;
  return planes % 3 == 0 ? 3 : 1;
}

}  // namespace

// Through storage buffers it would win nothing, and drivers that need those take minutes and
// gigabytes to compile its straight-line code.
bool shuffle_can(const Draft& draft, const net::Conv& op, const TensorView&) {
  return draft.options().texel_reads && draft.device().subgroup_shuffle && op.groups == 1 &&
         op.dilation == net::Pair{1, 1} && op.stride.y <= 2 && op.stride.x <= 2 &&
         op.kernel.y <= 9 && op.kernel.x <= 9;
}

int shuffle_tiles(const Draft& draft, const net::Conv& op, int grid_height, int grid_width) {
  return div_up(div_up(grid_height, tile_height(op)) * div_up(grid_width, tile_width),
                static_cast<int>(draft.device().subgroup_size));
}

void lower_conv_shuffle(Draft& draft, const ConvTask& task) {
  const net::Conv& op = *task.op;
  const abi::ConvConstants common = conv_constants(task);
  abi::ShuffleConstants constants;
  std::memcpy(static_cast<void*>(&constants), &common, sizeof(common));  // its members come first
  constants.workgroup = static_cast<int>(draft.device().subgroup_size);
  constants.lanes = constants.workgroup;
  constants.in_count = op.in_channels < 4 ? op.in_channels : 4;
  constants.out_count = op.out_channels < 4 ? op.out_channels : 4;
  constants.out_planes = choose_out_planes(task.result.planes());
  constants.tile_y = tile_height(op);

  const ResourceId weights = draft.constant(task.name + " weights", pack_dense(op));
  const ResourceId bias =
      op.bias == net::none
          ? -1
          : draft.parameter(op.bias, static_cast<std::size_t>(op.out_channels), op.out_channels);
  abi::ConvPush push = conv_push(task);
  const int tiles = shuffle_tiles(draft, op, task.grid_height, task.grid_width);
  draft.for_plane_windows(task.result, [&](int first, int count) {
    push.first_plane = first;
    push.out_planes = count;
    DraftPass pass;
    pass.name = task.name;
    pass.kernel = draft.tensor_kernel("conv_shuffle", task.source.tensor, task.result);
    pass.constants = constant_words(constants);
    pass.bindings = {draft.tensor_in(task.source.tensor),
                     draft.table_in(task.source.norm_table),
                     draft.table_in(weights),
                     draft.table_in(bias),
                     draft.tensor_out(task.result, first, count),
                     task.partials < 0 ? draft.tensor_out(task.result, first, count)
                                       : draft.table_out(task.partials)};
    pass.push = push_bytes(push);
    pass.groups = draft.groups(tiles, div_up(count, constants.out_planes));
    pass.subgroup_size = draft.device().subgroup_size;
    pass.flops = 2.0 * task.grid_height * task.grid_width * count * 4 * op.in_channels *
                 op.kernel.y * op.kernel.x;
    draft.add(std::move(pass));
  });
}

}  // namespace impasto::graph
