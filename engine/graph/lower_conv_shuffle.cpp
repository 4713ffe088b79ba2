#include <algorithm>
#include <cstring>

#include "engine/graph/lower_conv.h"

namespace impasto::graph {
namespace {

// The register tile of shaders/conv_shuffle.comp.
constexpr int tile_width = 4;

// Of the same shader: its result, and what a map in its store reads.
constexpr std::size_t result_binding = 4;
constexpr std::size_t map_binding = 6;
constexpr std::size_t map_bindings = 6;

// Of one lane: planes of output channels and rows of pixels.
struct LaneTile {
  int planes = 1;
  int rows = 2;
};

// More planes share each fetched texel, until the sums no longer stay close. A single plane leaves
// room for the sums of twice as many rows, which share each fetched row and each fetched weight.
// Windows of stride 2 share little from row to row, so there one row of many planes fetches least.
LaneTile lane_tile(const net::Conv& op) {
  const int planes = div_up(op.out_channels, 4);
  if (op.stride.y == 2) {
    for (int count = 8; count > 3; --count) {
      if (planes % count == 0) return {count, 1};
    }
  }
  if (planes == 1 && op.stride.y == 1) return {1, 4};
  // Small kernels do too little between the loads for four planes.
  if (planes % 4 == 0 && op.kernel.y * op.kernel.x >= 9) return {4, 2};
  if (planes % 2 == 0) return {2, 2};
  return {planes % 3 == 0 ? 3 : 1, 2};
}

// The words of a plane of 4 output channels, phase by phase, then those of the next plane.
std::vector<float> pack_phases(const std::vector<const net::Conv*>& phases) {
  std::vector<std::vector<float>> each;
  for (const net::Conv* phase : phases) each.push_back(pack_dense(*phase));
  const std::size_t planes = static_cast<std::size_t>(div_up(phases.front()->out_channels, 4));
  const std::size_t size = each.front().size() / planes;
  std::vector<float> packed;
  for (std::size_t plane = 0; plane < planes; ++plane) {
    for (const std::vector<float>& words : each) {
      packed.insert(packed.end(), words.begin() + static_cast<std::ptrdiff_t>(plane * size),
                    words.begin() + static_cast<std::ptrdiff_t>((plane + 1) * size));
    }
  }
  return packed;
}

// A plane at a time; rows stay, since records of statistics are of a tile's rows.
std::vector<std::uint32_t> lean_constants(abi::ShuffleConstants constants) {
  constants.out_planes = 1;
  return constant_words(constants);
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
  return div_up(div_up(grid_height, lane_tile(op).rows) * div_up(grid_width, tile_width),
                draft.lanes());
}

double shuffle_loads(const net::Conv& op) {
  const LaneTile tile = lane_tile(op);
  const int rows = op.stride.y == 1 ? tile.rows + op.kernel.y - 1 : tile.rows * op.kernel.y;
  const int columns = (tile_width - 1) * op.stride.x + op.kernel.x;
  const int covered = tile.rows * op.stride.y * tile_width * op.stride.x;
  return static_cast<double>(div_up(div_up(op.out_channels, 4), tile.planes)) * rows * columns /
         covered;
}

void lower_conv_shuffle(Draft& draft, const ConvTask& task) {
  const bool cells_in = task.source.cells > 1;
  const bool cells_out = task.cells_out > 1;
  const net::Conv op = cells_in ? spread_inputs(*task.op, task.source.tensor.channels) : *task.op;
  const abi::ConvConstants common = conv_constants(task);
  abi::ShuffleConstants constants;
  std::memcpy(static_cast<void*>(&constants), &common, sizeof(common));  // its members come first
  constants.workgroup = draft.lanes();
  constants.lanes = constants.workgroup;
  // With cells a plane holds the channels of one, else only the last plane may have fewer than 4.
  constants.in_count = std::min(4, cells_in ? task.source.tensor.channels : op.in_channels);
  constants.out_count = std::min(4, cells_out ? task.result.channels : op.out_channels);
  constants.cells_in = task.source.cells;
  constants.cells_out = task.cells_out;
  const LaneTile tile = lane_tile(op);
  constants.out_planes = tile.planes;
  constants.tile_y = tile.rows;
  constants.whole_tiles =
      task.grid_height % tile.rows == 0 && task.grid_width % tile_width == 0 ? 1 : 0;
  constants.phases = task.phases.empty() ? 1 : task.out_step;
  const int phase_count = constants.phases * constants.phases;

  const ResourceId weights = draft.constant(
      task.name + " weights", task.phases.empty() ? pack_dense(op) : pack_phases(task.phases));
  ResourceId bias = task.bias;
  if (bias < 0 && op.bias != net::none) {
    bias = draft.parameter(op.bias, static_cast<std::size_t>(op.out_channels), op.out_channels);
  }
  constants.bias = bias >= 0 ? 1 : 0;
  abi::ConvPush push = conv_push(task);
  if (cells_in) push.in_planes = div_up(op.in_channels, 4);
  const int tiles = shuffle_tiles(draft, op, task.grid_height, task.grid_width);
  draft.for_plane_windows(task.result, [&](int first, int count) {
    push.first_plane = first;
    push.out_planes = cells_out ? div_up(op.out_channels, 4) : count;
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
    pass.bindings.resize(map_binding + map_bindings, draft.table_in(-1));
    pass.push = push_bytes(push);
    pass.groups = draft.groups(tiles * phase_count, div_up(push.out_planes, constants.out_planes));
    pass.lean = {lean_constants(constants), draft.groups(tiles * phase_count, push.out_planes)};
    pass.subgroup_size = draft.device().subgroup_size;
    const int lanes_out = cells_out ? constants.out_count : 4;
    const int channels_in = cells_in ? push.in_planes * constants.in_count : op.in_channels;
    pass.flops = 2.0 * phase_count * task.grid_height * task.grid_width * push.out_planes *
                 lanes_out * channels_in * op.kernel.y * op.kernel.x;
    draft.add(std::move(pass));
  });
}

bool map_is_store(Draft& draft, const TensorView& source, const MapOperand& operand,
                  const ActivationUse& activation, const TensorRef& result, const MapThen& then) {
  DraftPass& pass = draft.passes.back();
  if (!pass.kernel.starts_with("conv_shuffle.") ||
      pass.bindings[result_binding].resource != source.tensor.resource || !source.plain() ||
      !operand.view || source.tensor.half != result.half) {
    return false;
  }
  const TensorView& other = *operand.view;
  const bool again = then.tensor.resource < 0 || then.tensor.resource == other.tensor.resource;
  TensorView rest = other;
  rest.matrix = rest.scale = rest.offset = -1;
  if (!again || !rest.plain() || other.tensor.channels != result.channels ||
      other.height() != result.height || other.width() != result.width) {
    return false;
  }

  abi::ShuffleConstants constants;
  std::memcpy(static_cast<void*>(&constants), pass.constants.data(), sizeof(constants));
  constants.store_map = 1 + static_cast<int>(operand.kind);
  constants.operand_matrix = other.matrix >= 0 ? result.channels : 0;
  constants.operand_scale = other.scale >= 0 ? 1 : 0;
  constants.operand_offset = other.offset >= 0 ? 1 : 0;
  constants.out_activation = activation.kind;
  if (then.tensor.resource >= 0) {
    constants.then = 1 + static_cast<int>(then.kind);
    constants.then_scale = then.scale >= 0 ? 1 : 0;
    constants.then_operand_scale = then.tensor_scale >= 0 ? 1 : 0;
  }
  pass.constants = constant_words(constants);
  pass.lean->constants = lean_constants(constants);
  abi::ConvPush push;
  std::memcpy(static_cast<void*>(&push), pass.push.data(), sizeof(push));
  push.a = activation.a;
  push.b = activation.b;
  pass.push = push_bytes(push);
  pass.bindings.resize(map_binding);
  pass.bindings[result_binding] = pass.bindings[result_binding + 1] = draft.tensor_out(result);
  pass.bindings.push_back(draft.tensor_in(other.tensor));
  for (const ResourceId table :
       {other.matrix, other.scale, other.offset, then.scale, then.tensor_scale}) {
    pass.bindings.push_back(draft.table_in(table));
  }
  return true;
}

}  // namespace impasto::graph
