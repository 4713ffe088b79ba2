#include "engine/graph/lower_conv.h"

#include <cassert>

namespace impasto::graph {

bool conv_takes_norm(const Draft& draft, const net::Conv& op, const TensorView& source) {
  // A lane of `shuffle` normalizes a pixel each time that it loads it: up to so often that costs
  // less than a pass that stores the normalized tensor.
  constexpr double most_loads = 4;
  if (choose_conv(draft, op, source).kernel == ConvKernel::shuffle) {
    return shuffle_loads(op) <= most_loads && source.upsample == 1;
  }
  return true;
}

bool conv_reduces(const Draft& draft, const net::Conv& op, const TensorView& source) {
  const ConvKernel kernel = choose_conv(draft, op, source).kernel;
  return kernel == ConvKernel::winograd || kernel == ConvKernel::shuffle ||
         kernel == ConvKernel::tiled;
}

int conv_tiles(const Draft& draft, const net::Conv& op, const TensorView& source, int grid_height,
               int grid_width) {
  const ConvVariant variant = choose_conv(draft, op, source);
  switch (variant.kernel) {
    case ConvKernel::winograd:
      return winograd_records(draft, variant.tile_side, grid_height, grid_width);
    case ConvKernel::shuffle:
      return shuffle_tiles(draft, op, grid_height, grid_width);
    case ConvKernel::tiled:
      return tiled_tiles(draft, op, variant.tiled_shape, grid_height, grid_width);
    case ConvKernel::depthwise:
    case ConvKernel::generic:
      return 0;
  }
  return 0;
}

void lower_conv_task(Draft& draft, const ConvTask& task) {
  const ConvVariant variant = choose_conv(draft, *task.op, task.source);
  note_conv_layer(draft, *task.op, task.source);
  switch (variant.kernel) {
    case ConvKernel::winograd:
      return lower_conv_winograd(draft, task, variant.tile_side);
    case ConvKernel::shuffle:
      return lower_conv_shuffle(draft, task);
    case ConvKernel::tiled:
      return lower_conv_tiled(draft, task, variant.tiled_shape);
    case ConvKernel::depthwise:
      return lower_conv_depthwise(draft, task);
    case ConvKernel::generic:
      return lower_conv_generic(draft, task);
  }
}

std::optional<PartialStatistics> lower_conv(Draft& draft, const std::string& name,
                                            const net::Conv& op, const TensorView& source,
                                            const TensorRef& result, const StoreUse& store) {
  ConvTask task{.name = name, .op = &op, .source = source, .result = result, .store = store};
  task.grid_height = result.height;
  task.grid_width = result.width;
  std::optional<PartialStatistics> partial;
  if (store.statistics) {
    task.tile_stride = conv_tiles(draft, op, source, result.height, result.width);
    assert(task.tile_stride > 0);
    task.partials = draft.table(name + " partials", static_cast<std::uint64_t>(task.tile_stride) *
                                                        result.planes() * abi::PARTIAL_WORDS);
    partial = PartialStatistics{task.partials, task.tile_stride};
  }
  lower_conv_task(draft, task);
  return partial;
}

std::vector<float> pack_dense(const net::Conv& op) {
  const int in_planes = (op.in_channels + 3) / 4;
  const int out_planes = (op.out_channels + 3) / 4;
  const int taps = op.kernel.y * op.kernel.x;
  std::vector<float> packed(static_cast<std::size_t>(out_planes) * in_planes * taps * 16, 0.0F);
  const auto& weights = *op.weights;
  for (int o = 0; o < op.out_channels; ++o) {
    for (int i = 0; i < op.in_channels; ++i) {
      for (int tap = 0; tap < taps; ++tap) {
        const std::size_t word =
            ((static_cast<std::size_t>(o / 4) * in_planes + i / 4) * taps + tap) * 4 + i % 4;
        packed[word * 4 + o % 4] =
            weights[(static_cast<std::size_t>(o) * op.in_channels + i) * taps + tap];
      }
    }
  }
  return packed;
}

abi::ConvPush conv_push(const ConvTask& task) {
  abi::ConvPush push{};
  push.view = view_push(task.source);
  push.in_planes = task.source.tensor.planes();
  push.out_plane_stride = task.result.plane_texels();
  push.out_row_stride = task.result.width;
  push.out_height = task.grid_height;
  push.out_width = task.grid_width;
  push.out_step = task.out_step;
  push.out_offset_y = task.out_offset_y;
  push.out_offset_x = task.out_offset_x;
  push.tile_first = task.tile_first;
  push.tile_stride = task.tile_stride;
  push.a = task.store.activation.a;
  push.b = task.store.activation.b;
  return push;
}

abi::ConvConstants conv_constants(const ConvTask& task) {
  abi::ConvConstants constants;
  constants.norm = task.source.norm_table >= 0 ? 1 : 0;
  constants.activation = task.source.activation.kind;
  constants.pad = task.source.pad;
  constants.upsample = task.source.upsample;
  constants.kernel_y = task.op->kernel.y;
  constants.kernel_x = task.op->kernel.x;
  constants.stride_y = task.op->stride.y;
  constants.stride_x = task.op->stride.x;
  constants.dilation_y = task.op->dilation.y;
  constants.dilation_x = task.op->dilation.x;
  constants.bias = task.op->bias != net::none ? 1 : 0;
  constants.out_activation = task.store.activation.kind;
  constants.statistics = task.store.statistics ? 1 : 0;
  return constants;
}

}  // namespace impasto::graph
