#include <algorithm>

#include "engine/graph/lower_conv.h"
#include "engine/graph/winograd_filters.h"

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

int lanes(const Draft& draft) {
  return static_cast<int>(draft.device().subgroup_size);
}

// As many as share a fetch of the filters, up to `most`, without many tiles that do not exist:
// those cost as much as the others, and small layers have few tiles. The one of `devices` with most
// to do is what counts.
int choose_tile_groups(int tiles, int lanes, int most, int devices) {
  const auto cost = [&](int groups) {
    const int step = lanes * groups;
    return div_up(div_up(tiles, step), devices) * step * (1 + fetch_cost / groups);
  };
  int best = most;
  for (int groups = best - 1; groups >= least_tile_groups; --groups) {
    if (cost(groups) < cost(best)) best = groups;
  }
  return best;
}

std::uint64_t bytes_per_tile(int points, int planes) {
  return 16ULL * static_cast<std::uint64_t>(points) * static_cast<std::uint64_t>(planes);
}

// Groups of tiles whose sums, and whose products, the device can bind: a run has one of them at
// least.
int bindable_tile_groups(const Draft& draft, int points, int planes) {
  const std::uint64_t group_bytes = bytes_per_tile(points, planes) * lanes(draft);
  return static_cast<int>(
      std::min<std::uint64_t>(most_tile_groups, draft.device().max_storage_range / group_bytes));
}

int most_planes(const net::Conv& op) {
  return (std::max(op.in_channels, op.out_channels) + 3) / 4;
}

// The tiles of a layer in runs whose sums and products stay small.
struct Tiles {
  int first = 0;
  int count = 0;  // a multiple of what a workgroup of the product takes; the last may reach beyond
};

class Lowering {
 public:
  Lowering(Draft& draft, const ConvTask& task, int tile_side)
      : draft_(draft),
        task_(task),
        op_(*task.op),
        form_{tile_side, doubles(task.source)},
        block_planes_(choose_block_planes(task.result.planes())),
        tiles_x_(div_up(task.grid_width, tile_side)),
        tile_count_(tile_count(tile_side, task.grid_height, task.grid_width)),
        tile_groups_(
            choose_tile_groups(tile_count_, lanes(draft),
                               bindable_tile_groups(draft, form_.product_count(), most_planes(op_)),
                               draft.device().devices)) {
    const int step = lanes(draft) * tile_groups_;
    const std::uint64_t tile_bytes = bytes_per_tile(form_.input_count(), in_planes()) +
                                     bytes_per_tile(form_.product_count(), task.result.planes());
    const std::uint64_t bytes = std::min(run_bytes, draft.device().max_storage_range);
    const int steps = div_up(tile_count_, step);
    const int most = std::max(1, static_cast<int>(bytes / (tile_bytes * step)));
    // As many for each device, where there are as many.
    const int devices = draft.device().devices;
    const int runs = std::min(steps, div_up(div_up(steps, most), devices) * devices);
    for (int i = 0; i < runs; ++i) {
      const int first = steps * i / runs;
      runs_.push_back({first * step, (steps * (i + 1) / runs - first) * step});
    }
    run_.layer = static_cast<std::uint32_t>(draft.passes.size());
    run_.count = static_cast<std::uint32_t>(runs);
  }

  void run() {
    const auto largest =
        std::max_element(runs_.begin(), runs_.end(),
                         [](const Tiles& a, const Tiles& b) { return a.count < b.count; });
    const auto words = static_cast<std::uint64_t>(largest->count);
    const ResourceId sums =
        draft_.scratch(task_.name + " sums", words * form_.input_count() * in_planes());
    const ResourceId products = draft_.scratch(
        task_.name + " products", words * form_.product_count() * task_.result.planes(),
        draft_.padded_bytes(sums));
    const ResourceId filters =
        draft_.constant(task_.name + (form_.doubled ? " doubled filters" : " filters"),
                        winograd_filters(op_, form_, block_planes_));
    for (const Tiles& run : runs_) {
      transform_input(run, sums);
      multiply(run, sums, filters, products);
      transform_output(run, products);
      ++run_.index;
    }
  }

 private:
  int in_planes() const { return task_.source.tensor.planes(); }

  void transform_input(const Tiles& run, ResourceId sums) {
    abi::WinogradInputConstants constants;
    constants.workgroup = lanes(draft_);
    constants.norm = task_.source.norm_table >= 0 ? 1 : 0;
    constants.activation = task_.source.activation.kind;
    constants.pad = task_.source.pad;
    constants.upsample = task_.source.upsample;
    constants.tile_side = form_.tile_side;
    constants.doubled = form_.doubled ? 1 : 0;
    abi::WinogradInputPush push{};
    push.view = view_push(task_.source);
    push.in_planes = in_planes();
    push.tiles_x = tiles_x_;
    push.first_tile = run.first;
    push.last_tile = tile_count_ - 1;
    push.tile_pitch = run.count;
    DraftPass pass;
    pass.name = task_.name + " input";
    pass.kernel =
        draft_.tensor_kernel("conv_winograd_input", task_.source.tensor, task_.source.tensor);
    pass.constants = constant_words(constants);
    pass.bindings = {draft_.tensor_in(task_.source.tensor),
                     draft_.table_in(task_.source.norm_table), draft_.table_out(sums)};
    pass.push = push_bytes(push);
    pass.groups = draft_.groups(run.count / constants.workgroup, in_planes());
    pass.run = run_;
    draft_.add(std::move(pass));
  }

  void multiply(const Tiles& run, ResourceId sums, ResourceId filters, ResourceId products) {
    abi::WinogradMultiplyConstants constants;
    constants.workgroup = lanes(draft_);
    constants.lanes = constants.workgroup;
    constants.out_planes = block_planes_;
    constants.tiles = tile_groups_;
    constants.tile_side = form_.tile_side;
    constants.doubled = form_.doubled ? 1 : 0;
    abi::WinogradMultiplyPush push{};
    push.in_planes = in_planes();
    push.out_planes = task_.result.planes();
    push.tile_pitch = run.count;
    const int blocks = div_up(push.out_planes, block_planes_);
    DraftPass pass;
    pass.name = task_.name + " multiply";
    pass.kernel = draft_.table_kernel("conv_winograd_multiply");
    pass.constants = constant_words(constants);
    pass.bindings = {draft_.table_in(sums), draft_.table_in(filters), draft_.table_out(products)};
    pass.push = push_bytes(push);
    pass.groups = draft_.groups(run.count / (constants.workgroup * tile_groups_),
                                form_.product_count() * blocks);
    pass.subgroup_size = draft_.device().subgroup_size;
    pass.flops =
        2.0 * run.count * form_.product_count() * push.in_planes * blocks * block_planes_ * 16;
    pass.run = run_;
    draft_.add(std::move(pass));
  }

  void transform_output(const Tiles& run, ResourceId products) {
    const bool has_bias = op_.bias != net::none;
    abi::WinogradOutputConstants constants;
    constants.workgroup = lanes(draft_);
    constants.lanes = constants.workgroup;
    constants.bias = has_bias ? 1 : 0;
    constants.out_activation = task_.store.activation.kind;
    constants.statistics = task_.store.statistics ? 1 : 0;
    constants.tile_side = form_.tile_side;
    constants.doubled = form_.doubled ? 1 : 0;
    abi::WinogradOutputPush push{};
    push.planes = task_.result.planes();
    push.tiles_x = tiles_x_;
    push.first_tile = run.first;
    push.tile_count = tile_count_;
    push.tile_pitch = run.count;
    push.out_plane_stride = task_.result.plane_texels();
    push.out_row_stride = task_.result.width;
    push.out_height = task_.grid_height;
    push.out_width = task_.grid_width;
    push.out_step = task_.out_step;
    push.out_offset_y = task_.out_offset_y;
    push.out_offset_x = task_.out_offset_x;
    push.record_first = task_.tile_first + run.first / constants.workgroup;
    push.record_stride = task_.tile_stride;
    push.a = task_.store.activation.a;
    push.b = task_.store.activation.b;
    const ResourceId bias =
        has_bias ? draft_.parameter(op_.bias, static_cast<std::size_t>(op_.out_channels),
                                    op_.out_channels)
                 : -1;
    // Workgroups past the last tile would write records that nobody counted.
    const int groups = div_up(std::min(run.count, tile_count_ - run.first), constants.workgroup);
    draft_.for_plane_windows(task_.result, [&](int first, int count) {
      push.first_plane = first;
      DraftPass pass;
      pass.name = task_.name;
      pass.kernel = draft_.tensor_kernel("conv_winograd_output", task_.result, task_.result);
      pass.constants = constant_words(constants);
      pass.bindings = {draft_.table_in(products), draft_.table_in(bias),
                       draft_.tensor_out(task_.result, first, count),
                       task_.partials < 0 ? draft_.tensor_out(task_.result, first, count)
                                          : draft_.table_out(task_.partials)};
      pass.push = push_bytes(push);
      pass.groups = draft_.groups(groups, count);
      pass.subgroup_size = draft_.device().subgroup_size;
      pass.run = run_;
      draft_.add(std::move(pass));
    });
  }

  Draft& draft_;
  const ConvTask& task_;
  const net::Conv& op_;
  WinogradForm form_;
  int block_planes_;
  int tiles_x_;
  int tile_count_;
  int tile_groups_;
  std::vector<Tiles> runs_;
  Run run_;  // that is being added
};

}  // namespace

std::vector<int> winograd_sides(const Draft& draft, const net::Conv& op, const TensorView& source) {
  if (!draft.options().fusions.winograd || !draft.device().subgroup_shuffle ||
      !draft.options().texel_reads || op.groups != 1 || op.kernel != net::Pair{3, 3} ||
      op.stride != net::Pair{1, 1} || op.dilation != net::Pair{1, 1}) {
    return {};
  }
  const int planes = most_planes(op);
  std::vector<int> sides;
  double least_products = 0;
  for (const auto& [side, least_channels] :
       {std::pair{small_side, least_in_channels}, std::pair{large_side, least_in_channels_large}}) {
    const int products = WinogradForm{side, false}.product_count();
    if (op.in_channels < least_channels ||
        static_cast<std::uint32_t>(products * planes) > draft.device().max_groups ||
        bindable_tile_groups(draft, products, planes) < least_tile_groups) {
      continue;
    }
    const double tiles = tile_count(side, source.height() - 2, source.width() - 2);
    const double all_products = tiles * WinogradForm{side, doubles(source)}.product_count();
    sides.insert(sides.empty() || all_products < least_products ? sides.begin() : sides.end(),
                 side);
    least_products = all_products;
  }
  return sides;
}

bool winograd_pays(const net::Conv& op) {
  return std::min(op.in_channels, op.out_channels) >= least_channels;
}

int winograd_records(const Draft& draft, int tile_side, int grid_height, int grid_width) {
  return div_up(tile_count(tile_side, grid_height, grid_width), lanes(draft));
}

void lower_conv_winograd(Draft& draft, const ConvTask& task, int tile_side) {
  Lowering(draft, task, tile_side).run();
}

}  // namespace impasto::graph
