#include <array>

#include "engine/graph/lower_conv.h"

namespace impasto::graph {
namespace {

// A shape of shaders/conv_tiled.comp: what a workgroup and an invocation compute.
struct Preset {
  int tile_y;
  int tile_x;
  int block_out;    // output channels per workgroup
  int lane_out;     // output channels per invocation
  int lane_pixels;  // pixels per invocation
  bool through_shared = true;
  bool two_buffers = false;
  int pixel_lanes() const { return tile_y * tile_x / lane_pixels; }
  int workgroup() const { return pixel_lanes() * block_out / lane_out; }
};

// Biggest first; a layer takes the first that it fills. Per input word an invocation spends
// 4 / lane_out bytes of shared memory per multiply-add, so wide layers want lane_out 8 and more.
constexpr std::array<Preset, 6> presets{{
    {16, 16, 64, 8, 8, true, true},  // large grids of wide layers
    {8, 16, 64, 16, 4, true, true},  // middle grids of wide layers
    {8, 16, 32, 8, 4, true, false},  // small grids, 32 channels
    {8, 16, 16, 8, 2, true, false},  // 16 channels
    {16, 16, 4, 4, 4, true, false},  // the last layer of a network: 3 channels
    {8, 8, 16, 4, 4, false, false},  // no or little shared memory: registers only
}};
constexpr const Preset& register_preset = presets.back();

// Compute units of a device that does not tell; a grid should be four workgroups for each.
constexpr int assumed_units = 32;

int div_up(int a, int b) {
  return (a + b - 1) / b;
}

// Rows of weights that one step holds in shared memory: a large kernel goes row by row.
int weight_rows(const net::Conv& op) {
  return op.kernel.y * op.kernel.x <= 25 ? op.kernel.y : 1;
}

std::uint64_t shared_words(const Preset& preset, const net::Conv& op, bool statistics,
                           int buffers) {
  std::uint64_t patch = 1;
  std::uint64_t weights = 1;
  if (preset.through_shared) {
    const int rows = (preset.tile_y - 1) * op.stride.y + (op.kernel.y - 1) * op.dilation.y + 1;
    const int columns = (preset.tile_x - 1) * op.stride.x + (op.kernel.x - 1) * op.dilation.x + 1;
    const int pitch = op.stride.x == 2 ? (columns + 1) / 2 * 2 : columns;
    patch = static_cast<std::uint64_t>(buffers) * rows * pitch;
    weights =
        static_cast<std::uint64_t>(buffers) * weight_rows(op) * op.kernel.x * preset.block_out;
  }
  const auto sums = static_cast<std::uint64_t>(statistics ? preset.workgroup() : 1);
  return std::max(patch, sums) + weights;
}

// The epilogue's statistics are counted whether a task wants them or not, so that the choice, and
// with it the number of tiles, depends on the layer alone.
bool fits(const Preset& preset, const net::Conv& op, const DeviceTraits& device, int buffers) {
  return static_cast<std::uint32_t>(preset.workgroup()) <= device.max_workgroup_invocations &&
         shared_words(preset, op, true, buffers) * 16 <= device.max_shared_bytes;
}

int tiles_of(const Preset& preset, int grid_height, int grid_width) {
  return div_up(grid_height, preset.tile_y) * div_up(grid_width, preset.tile_x);
}

const Preset& choose_preset(const Draft& draft, const net::Conv& op, int grid_height,
                            int grid_width) {
  const Preset* best = nullptr;
  std::int64_t best_groups = 0;
  for (const Preset& preset : presets) {
    if (!fits(preset, op, draft.device(), 1)) continue;
    if (&preset == &register_preset && best) break;
    // A block of twice the layer's channels would compute as much that nobody reads.
    if (preset.block_out > 4 && preset.block_out >= 2 * div_up(op.out_channels, 4) * 4) continue;
    const std::int64_t groups =
        static_cast<std::int64_t>(tiles_of(preset, grid_height, grid_width)) *
        div_up(op.out_channels, preset.block_out);
    if (groups >= 4 * assumed_units) return preset;
    // No preset fills the device: the one with the most workgroups, if it wastes no channels.
    const bool narrow = preset.block_out == 4 && op.out_channels > 4;
    if (!narrow && groups > best_groups) {
      best = &preset;
      best_groups = groups;
    }
  }
  return best ? *best : register_preset;
}

bool subgroup_sums(const Preset& preset, const DeviceTraits& device) {
  const int size = static_cast<int>(device.subgroup_size);
  return device.subgroup_arithmetic && size > 0 && preset.pixel_lanes() % size == 0;
}

}  // namespace

bool tiled_can(const Draft& draft, const net::Conv& op, const TensorView&) {
  return op.groups == 1 && fits(register_preset, op, draft.device(), 1);
}

int tiled_tiles(const Draft& draft, const net::Conv& op, int grid_height, int grid_width) {
  return tiles_of(choose_preset(draft, op, grid_height, grid_width), grid_height, grid_width);
}

void lower_conv_tiled(Draft& draft, const ConvTask& task) {
  const net::Conv& op = *task.op;
  const Preset& preset = choose_preset(draft, op, task.grid_height, task.grid_width);
  const abi::ConvConstants common = conv_constants(task);
  abi::TiledConstants constants;
  std::memcpy(static_cast<void*>(&constants), &common, sizeof(common));  // its members come first
  constants.workgroup = preset.workgroup();
  constants.lanes = constants.workgroup;
  constants.in_count = std::min(4, op.in_channels);
  constants.tile_y = preset.tile_y;
  constants.tile_x = preset.tile_x;
  constants.block_out = preset.block_out;
  constants.lane_out = preset.lane_out;
  constants.lane_pixels = preset.lane_pixels;
  constants.patch_shared = preset.through_shared ? 1 : 0;
  constants.weights_shared = preset.through_shared ? 1 : 0;
  constants.weight_rows = weight_rows(op);
  constants.buffers = preset.two_buffers && fits(preset, op, draft.device(), 2) ? 2 : 1;

  const ResourceId weights = draft.constant(task.name + " weights", pack_dense(op));
  const ResourceId bias =
      op.bias == net::none
          ? -1
          : draft.parameter(op.bias, static_cast<std::size_t>(op.out_channels), op.out_channels);
  const bool by_subgroup = subgroup_sums(preset, draft.device());
  const int tiles = tiles_of(preset, task.grid_height, task.grid_width);
  abi::ConvPush push = conv_push(task);
  draft.for_plane_windows(task.result, [&](int first, int count) {
    push.first_plane = first;
    push.out_planes = count;
    DraftPass pass;
    pass.name = task.name;
    pass.kernel = draft.tensor_kernel("conv_tiled", !by_subgroup);
    pass.constants = constant_words(constants);
    pass.bindings = {draft.tensor_in(task.source.tensor),
                     draft.table_in(task.source.norm_table),
                     draft.table_in(weights),
                     draft.table_in(bias),
                     draft.tensor_out(task.result, first, count),
                     task.partials < 0 ? draft.tensor_out(task.result, first, count)
                                       : draft.table_out(task.partials)};
    pass.push = push_bytes(push);
    pass.groups = draft.groups(tiles, div_up(count * 4, preset.block_out));
    pass.subgroup_size = by_subgroup ? draft.device().subgroup_size : 0;
    pass.flops = 2.0 * task.grid_height * task.grid_width * count * 4 * op.in_channels *
                 op.kernel.y * op.kernel.x;
    draft.add(std::move(pass));
  });
}

}  // namespace impasto::graph
