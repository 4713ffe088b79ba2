#include <algorithm>
#include <bit>

#include "engine/graph/lower.h"

namespace impasto::graph {
namespace {

// A lane merges its records one after another: on a device with many lanes few records each.
int finish_lanes(const DeviceTraits& device, int records) {
  if (device.software) return 8;
  const auto most = std::min<std::uint32_t>(256, std::bit_floor(device.max_workgroup_invocations));
  return static_cast<int>(
      std::clamp(std::bit_ceil(static_cast<std::uint32_t>(records)), 32U, most));
}

// CPU drivers write shared memory lane by lane, which costs more than to merge a few records.
bool merges_by_lane(const DeviceTraits& device, int records) {
  constexpr int most_records = 200;
  return device.software && records <= most_records;
}

}  // namespace

PartialStatistics lower_statistics(Draft& draft, const std::string& name,
                                   const TensorView& source) {
  // Tiles of about 1,024 pixels: small enough for plain fp32 sums, few enough to merge.
  const int tile_rows = std::max(1, 1024 / std::max(1, source.width()));
  const int tiles = (source.height() + tile_rows - 1) / tile_rows;
  const int planes = source.tensor.planes();
  const ResourceId partials = draft.table(
      name + " partials", static_cast<std::uint64_t>(tiles) * planes * abi::PARTIAL_WORDS);
  abi::StatisticsConstants constants;
  constants.workgroup = 64;
  constants.norm = source.norm_table >= 0 ? 1 : 0;
  constants.activation = source.activation.kind;
  constants.pad = source.pad;
  constants.upsample = source.upsample;
  abi::StatisticsPush push{};
  push.view = view_push(source);
  push.height = source.height();
  push.width = source.width();
  push.tile_rows = tile_rows;
  push.tile_stride = tiles;
  DraftPass pass;
  pass.name = name + " statistics";
  pass.kernel = draft.tensor_kernel("statistics", source.tensor, source.tensor,
                                    !draft.device().subgroup_arithmetic);
  pass.constants = constant_words(constants);
  pass.bindings = {draft.tensor_in(source.tensor), draft.table_in(source.norm_table),
                   draft.table_out(partials)};
  pass.push = push_bytes(push);
  pass.groups = {static_cast<std::uint32_t>(tiles), static_cast<std::uint32_t>(planes), 1};
  draft.add(std::move(pass));
  return {partials, tiles};
}

ResourceId lower_norm_table(Draft& draft, const std::string& name, const net::Norm& op,
                            int channels, const std::optional<PartialStatistics>& partial) {
  const int planes = (channels + 3) / 4;
  const ResourceId table =
      draft.table(name + " table", static_cast<std::uint64_t>(planes) * abi::NORM_TABLE_WORDS);
  const auto vector = [&](net::ParameterId id) {
    return id == net::none
               ? draft.table_in(-1)
               : draft.table_in(draft.parameter(id, static_cast<std::size_t>(channels), channels));
  };
  int groups = channels;
  if (op.kind == net::NormKind::group) groups = op.groups;
  if (op.kind == net::NormKind::layer) groups = 1;

  abi::FinishConstants constants;
  constants.workgroup = finish_lanes(draft.device(), partial ? partial->tiles : 0);
  constants.stored = op.kind == net::NormKind::batch_stored ? 1 : 0;
  constants.gamma = op.gamma != net::none ? 1 : 0;
  constants.beta = op.beta != net::none ? 1 : 0;
  constants.grouped = groups < channels && constants.stored == 0 ? 1 : 0;
  const bool each = constants.grouped == 0 && constants.stored == 0;
  constants.by_lane = each && merges_by_lane(draft.device(), partial->tiles) ? 1 : 0;
  abi::FinishPush push{};
  push.channels = channels;
  push.group_channels = channels / groups;
  push.tiles = partial ? partial->tiles : 0;
  push.epsilon = op.epsilon;

  DraftPass pass;
  pass.name = name + " finish";
  pass.kernel = draft.table_kernel("finish");
  pass.constants = constant_words(constants);
  pass.bindings = {draft.table_in(partial ? partial->table : -1),
                   vector(op.gamma),
                   vector(op.beta),
                   vector(op.mean),
                   vector(op.variance),
                   draft.table_out(table)};
  pass.push = push_bytes(push);
  int workgroups = constants.grouped != 0 ? groups : planes;
  if (constants.by_lane != 0) workgroups = div_up(planes, constants.workgroup);
  pass.groups = {static_cast<std::uint32_t>(workgroups), 1, 1};
  draft.add(std::move(pass));
  return table;
}

}  // namespace impasto::graph
