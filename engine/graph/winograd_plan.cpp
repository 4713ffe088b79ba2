#include "engine/graph/winograd_plan.h"

#include <algorithm>

#include "engine/graph/lower_conv.h"

namespace impasto::graph {
namespace {

constexpr int small_side = 4;
constexpr int large_side = 6;
// Groups of tiles per invocation of the product, and planes of output channels where they divide.
constexpr int most_tile_groups = 8;
constexpr int least_tile_groups = 2;
constexpr int most_block_planes = 4;
// Of a block of filters, in products of one group of tiles with them: an estimate.
constexpr double fetch_cost = 1.5;
// Narrower layers spend more on the transforms than they save.
constexpr int least_channels = 24;
// The transforms' rounding does not grow with the channels, as the error that a convolution may
// have does: with fewer inputs it exceeds that. Large tiles round more.
constexpr int least_in_channels = 16;
constexpr int least_in_channels_large = 48;
// A layer's sums and products are kept for so many bytes of its tiles at a time.
constexpr std::uint64_t run_bytes = 3ULL << 20;

bool doubles(const TensorView& source) {
  return source.upsample == 2 && source.border == net::Border{1, 1, 1, 1};
}

int choose_block_planes(int planes) {
  for (int block = most_block_planes; block > 2; --block) {
    if (planes % block == 0) return block;
  }
  return std::min(planes, 2);
}

int tile_count(int tile_side, int height, int width) {
  return div_up(height, tile_side) * div_up(width, tile_side);
}

// Of the products of all tiles at one point, by groups of tiles that share a fetch of the filters.
// Tiles that do not exist cost as much as the others, and the one of `devices` with most to do is
// what counts.
double product_cost(int tiles, int groups, int lanes, int devices) {
  const int step = lanes * groups;
  return div_up(div_up(tiles, step), devices) * step * (1 + fetch_cost / groups);
}

int choose_tile_groups(int tiles, int lanes, int most, int devices) {
  int best = most;
  for (int groups = best - 1; groups >= least_tile_groups; --groups) {
    if (product_cost(tiles, groups, lanes, devices) < product_cost(tiles, best, lanes, devices)) {
      best = groups;
    }
  }
  return best;
}

std::uint64_t bytes_per_tile(int points, int planes) {
  return 16ULL * static_cast<std::uint64_t>(points) * static_cast<std::uint64_t>(planes);
}

// Groups of tiles whose sums, and whose products, the device can bind: a run has one of them at
// least.
int bindable_tile_groups(const Draft& draft, int points, int planes) {
  const std::uint64_t group_bytes = bytes_per_tile(points, planes) * draft.lanes();
  return static_cast<int>(
      std::min<std::uint64_t>(most_tile_groups, draft.device().max_storage_range / group_bytes));
}

int most_planes(const net::Conv& op) {
  return (std::max(op.in_channels, op.out_channels) + 3) / 4;
}

}  // namespace

WinogradPlan plan_winograd(const Draft& draft, const ConvTask& task, int tile_side) {
  const int in_planes = task.source.tensor.planes();
  const int out_planes = task.result.planes();
  const int devices = draft.device().devices;
  WinogradPlan plan;
  plan.form = {tile_side, doubles(task.source)};
  plan.block_planes = choose_block_planes(out_planes);
  plan.tiles_x = div_up(task.grid_width, tile_side);
  plan.tile_count = tile_count(tile_side, task.grid_height, task.grid_width);
  plan.tile_groups = choose_tile_groups(
      plan.tile_count, draft.lanes(),
      bindable_tile_groups(draft, plan.form.product_count(), most_planes(*task.op)), devices);
  const int step = draft.lanes() * plan.tile_groups;
  const std::uint64_t tile_bytes = bytes_per_tile(plan.form.input_count(), in_planes) +
                                   bytes_per_tile(plan.form.product_count(), out_planes);
  const std::uint64_t bytes = std::min(run_bytes, draft.device().max_storage_range);
  const int steps = div_up(plan.tile_count, step);
  const int most = std::max(1, static_cast<int>(bytes / (tile_bytes * step)));
  // As many for each device, where there are as many.
  const int runs = std::min(steps, div_up(div_up(steps, most), devices) * devices);
  for (int i = 0; i < runs; ++i) {
    const int first = steps * i / runs;
    plan.runs.push_back({first * step, (steps * (i + 1) / runs - first) * step});
    plan.most_tiles = std::max(plan.most_tiles, plan.runs.back().count);
  }
  return plan;
}

std::vector<int> winograd_sides(const Draft& draft, const net::Conv& op, const TensorView& source) {
  if (!draft.options().fusions.winograd || !draft.device().subgroup_shuffle ||
      !draft.options().texel_reads || op.groups != 1 || op.kernel != net::Pair{3, 3} ||
      op.stride != net::Pair{1, 1} || op.dilation != net::Pair{1, 1}) {
    return {};
  }
  const int planes = most_planes(op);
  const int lanes = draft.lanes();
  constexpr int devices = 1;  // that the layer has more changes no bit of it
  std::vector<int> sides;
  double least_cost = 0;
  for (const auto& [side, least_channels] :
       {std::pair{small_side, least_in_channels}, std::pair{large_side, least_in_channels_large}}) {
    const int products = WinogradForm{side, false}.product_count();
    const int most_groups = bindable_tile_groups(draft, products, planes);
    if (op.in_channels < least_channels ||
        static_cast<std::uint32_t>(products * planes) > draft.device().max_groups ||
        most_groups < least_tile_groups) {
      continue;
    }
    const int tiles = tile_count(side, source.height() - 2, source.width() - 2);
    const int groups = choose_tile_groups(tiles, lanes, most_groups, devices);
    const double cost = product_cost(tiles, groups, lanes, devices) *
                        WinogradForm{side, doubles(source)}.product_count();
    sides.insert(sides.empty() || cost < least_cost ? sides.begin() : sides.end(), side);
    least_cost = cost;
  }
  return sides;
}

bool winograd_pays(const net::Conv& op) {
  return std::min(op.in_channels, op.out_channels) >= least_channels;
}

int winograd_records(const Draft& draft, int tile_side, int grid_height, int grid_width) {
  return div_up(tile_count(tile_side, grid_height, grid_width), draft.lanes());
}

}  // namespace impasto::graph
