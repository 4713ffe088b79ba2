#include <array>
#include <optional>
#include <string>

#include "engine/graph/conv_families.h"
#include "engine/graph/lower_conv.h"

namespace impasto::graph {
namespace {

// A shape of shaders/conv_tiled.comp: what a workgroup and an invocation compute.
struct Preset {
  const char* name;
  int tile_y;
  int tile_x;
  int block_out;    // output channels per workgroup
  int lane_out;     // output channels per invocation
  int lane_pixels;  // pixels per invocation, below each other
  bool through_shared = true;
  bool prefetch = false;
  int pixel_lanes() const { return tile_y * tile_x / lane_pixels; }
  int workgroup() const { return pixel_lanes() * block_out / lane_out; }
};

// Biggest first; a layer takes the first that it fills.
constexpr std::array<Preset, 8> presets{{
    {"L", 16, 16, 64, 8, 8, true, true},   // large grids of wide layers
    {"M", 8, 16, 64, 16, 4, true, true},   // middle grids of wide layers
    {"H", 8, 16, 64, 8, 4, true, false},   // the same with half the sums per lane, twice the lanes
    {"P", 16, 16, 32, 8, 8, true, true},   // large grids of 32 channels
    {"S", 8, 16, 32, 8, 4, true, false},   // small grids
    {"N", 16, 16, 16, 8, 4, true, false},  // 16 channels
    {"T", 32, 16, 4, 4, 8, true, false},   // the last layer of a network: 3 channels
    {"E", 8, 8, 16, 4, 4, false, false},   // no or little shared memory: registers only
}};
constexpr const Preset& register_preset = presets.back();

// Compute units of a device that does not tell.
constexpr int assumed_units = 32;
constexpr int groups_per_unit = 4;

// Multiply-adds of four channels that one kernel column may have as straight-line code.
constexpr int most_unrolled = 1200;
// Words of a window of registers beside the sums.
constexpr int most_window = 24;

// A preset with what may be switched on each. As text: "L", with "+prefetch" and "+memory".
struct Shape {
  const Preset* preset = &register_preset;
  bool prefetch = false;
  bool weights_shared = false;
};

// Kernel columns that one step holds in shared memory: a large kernel goes column by column.
int step_columns(const net::Conv& op) {
  return op.kernel.y * op.kernel.x <= 25 ? op.kernel.x : 1;
}

int window_taps(const Preset& preset, const net::Conv& op, const DeviceTraits& device) {
  const int rows = (preset.lane_pixels - 1) * op.stride.y + (op.kernel.y - 1) * op.dilation.y + 1;
  const int sums = op.kernel.y * preset.lane_out * preset.lane_pixels;
  const bool whole = !device.software && rows <= most_window && sums <= most_unrolled;
  return whole ? op.kernel.y : 1;
}

std::uint64_t shared_words(const Shape& shape, const net::Conv& op, bool statistics) {
  const Preset& preset = *shape.preset;
  const auto buffers = static_cast<std::uint64_t>(shape.prefetch ? 2 : 1);
  std::uint64_t patch = 1;
  std::uint64_t weights = 1;
  if (preset.through_shared) {
    const int rows = (preset.tile_y - 1) * op.stride.y + (op.kernel.y - 1) * op.dilation.y + 1;
    const int columns = (preset.tile_x - 1) * op.stride.x + (op.kernel.x - 1) * op.dilation.x + 1;
    const int pitch = op.stride.x == 2 ? (columns + 1) / 2 * 2 : columns;
    patch = buffers * static_cast<std::uint64_t>(rows * pitch);
  }
  if (shape.weights_shared) {
    weights =
        buffers * static_cast<std::uint64_t>(step_columns(op) * op.kernel.y * preset.block_out);
  }
  const auto sums = static_cast<std::uint64_t>(statistics ? preset.workgroup() : 1);
  return std::max(patch, sums) + weights;
}

// The epilogue's statistics are counted whether a task wants them or not, so that the choice, and
// with it the number of tiles, depends on the layer alone.
bool fits(const Shape& shape, const net::Conv& op, const DeviceTraits& device) {
  return static_cast<std::uint32_t>(shape.preset->workgroup()) <=
             device.max_workgroup_invocations &&
         shared_words(shape, op, true) * 16 <= device.max_shared_bytes;
}

// A block of twice the layer's channels would compute as much that nobody reads.
bool wastes(const Preset& preset, const net::Conv& op) {
  return preset.block_out > 4 && preset.block_out >= 2 * div_up(op.out_channels, 4) * 4;
}

// The preset as it is meant, or without its second buffer where that does not fit.
std::optional<Shape> shape_of(const Preset& preset, const net::Conv& op,
                              const DeviceTraits& device) {
  Shape shape{&preset, preset.prefetch, preset.through_shared};
  if (fits(shape, op, device)) return shape;
  shape.prefetch = false;
  if (fits(shape, op, device)) return shape;
  return std::nullopt;
}

// "L+memory" as a shape; nothing where the layer or the device cannot have it.
std::optional<Shape> named_shape(const std::string& text, const net::Conv& op,
                                 const DeviceTraits& device) {
  const std::string name = text.substr(0, text.find('+'));
  for (const Preset& preset : presets) {
    if (name != preset.name || wastes(preset, op)) continue;
    const Shape shape{&preset, text.find("+prefetch") != std::string::npos,
                      preset.through_shared && text.find("+memory") == std::string::npos};
    if (fits(shape, op, device)) return shape;
  }
  return std::nullopt;
}

int tiles_of(const Preset& preset, int grid_height, int grid_width) {
  return div_up(grid_height, preset.tile_y) * div_up(grid_width, preset.tile_x);
}

Shape choose_shape(const Draft& draft, const net::Conv& op, const std::string& name,
                   int grid_height, int grid_width) {
  const DeviceTraits& device = draft.device();
  if (const auto named = named_shape(name, op, device)) return *named;
  const int units =
      device.compute_units > 0 ? static_cast<int>(device.compute_units) : assumed_units;
  std::optional<Shape> best;
  std::int64_t best_groups = 0;
  for (const Preset& preset : presets) {
    if (&preset == &register_preset && best) break;
    const std::optional<Shape> shape = shape_of(preset, op, device);
    if (!shape || wastes(preset, op)) continue;
    const std::int64_t groups =
        static_cast<std::int64_t>(tiles_of(preset, grid_height, grid_width)) *
        div_up(op.out_channels, preset.block_out);
    // No preset fills the device: the one with the most workgroups, if it wastes no channels.
    if (preset.block_out == 4 && op.out_channels > 4) continue;
    if (groups >= std::int64_t{groups_per_unit} * units) return *shape;
    if (groups > best_groups) {
      best = shape;
      best_groups = groups;
    }
  }
  return best.value_or(Shape{});
}

bool subgroup_sums(const Preset& preset, const DeviceTraits& device) {
  const int size = static_cast<int>(device.subgroup_size);
  return device.subgroup_arithmetic && size > 0 && preset.pixel_lanes() % size == 0;
}

}  // namespace

std::vector<std::string> tiled_shapes() {
  std::vector<std::string> names;
  for (const Preset& preset : presets) {
    names.emplace_back(preset.name);
    if (!preset.through_shared) continue;
    for (const char* variation : {"+prefetch", "+memory", "+prefetch+memory"}) {
      names.push_back(std::string(preset.name) + variation);
    }
  }
  return names;
}

std::vector<std::string> tiled_shapes_of(const Draft& draft, const net::Conv& op) {
  std::vector<std::string> names = tiled_shapes();
  std::erase_if(names, [&](const std::string& name) {
    return !named_shape(name, op, draft.device()).has_value();
  });
  return names;
}

bool tiled_can(const Draft& draft, const net::Conv& op, const TensorView&) {
  return op.groups == 1 && fits(Shape{}, op, draft.device());
}

int tiled_tiles(const Draft& draft, const net::Conv& op, const std::string& name, int grid_height,
                int grid_width) {
  const Shape shape = choose_shape(draft, op, name, grid_height, grid_width);
  return tiles_of(*shape.preset, grid_height, grid_width);
}

void lower_conv_tiled(Draft& draft, const ConvTask& task, const std::string& name) {
  const net::Conv& op = *task.op;
  const Shape shape = choose_shape(draft, op, name, task.grid_height, task.grid_width);
  const Preset& preset = *shape.preset;
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
  constants.weights_shared = shape.weights_shared ? 1 : 0;
  constants.step_columns = step_columns(op);
  constants.prefetch = shape.prefetch ? 1 : 0;
  constants.window_taps = window_taps(preset, op, draft.device());

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
    pass.kernel = draft.tensor_kernel("conv_tiled", task.source.tensor, task.result, !by_subgroup);
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
    pass.shared_bytes = 16 * shared_words(shape, op, task.store.statistics);
    pass.subgroup_size = by_subgroup ? draft.device().subgroup_size : 0;
    pass.flops = 2.0 * task.grid_height * task.grid_width * count * 4 * op.in_channels *
                 op.kernel.y * op.kernel.x;
    draft.add(std::move(pass));
  });
}

}  // namespace impasto::graph
