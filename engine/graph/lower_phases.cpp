#include "engine/graph/lower_phases.h"

#include <algorithm>
#include <cassert>

#include "engine/graph/lower_conv.h"

namespace impasto::graph {
namespace {

// A phase: the convolution that computes the pixels (step * y + offset_y, step * x + offset_x).
struct Phase {
  net::Conv op;
  TensorView source;
  int offset_y = 0;
  int offset_x = 0;
};

// Whether one pass of the shuffle kernel can compute them all: alike but for their filters, each
// one pixel further on than the one before, in the source as in the result.
bool share_a_pass(const Draft& draft, const std::vector<ConvTask>& tasks, int step) {
  const ConvTask& first = tasks.front();
  return tasks.size() == static_cast<std::size_t>(step) * step &&
         std::ranges::all_of(tasks, [&](const ConvTask& task) {
           return choose_conv(draft, *task.op, task.source).kernel == ConvKernel::shuffle &&
                  task.op->kernel == first.op->kernel && task.grid_height == first.grid_height &&
                  task.grid_width == first.grid_width &&
                  task.source.border.top == first.source.border.top - task.out_offset_y &&
                  task.source.border.left == first.source.border.left - task.out_offset_x;
         });
}

ConvTask shared_pass(const std::vector<ConvTask>& tasks, const std::string& name) {
  ConvTask task = tasks.front();
  task.name = name + " phases";
  for (const ConvTask& phase : tasks) task.phases.push_back(phase.op);
  return task;
}

std::optional<PartialStatistics> lower_phases(Draft& draft, const std::string& name,
                                              const std::vector<Phase>& phases, int step,
                                              const TensorRef& result, const StoreUse& store) {
  std::vector<ConvTask> tasks;
  int tiles = 0;
  for (const Phase& phase : phases) {
    ConvTask task{
        .name = name + " phase " + std::to_string(phase.offset_y) + std::to_string(phase.offset_x),
        .op = &phase.op,
        .source = phase.source,
        .result = result,
        .store = store};
    task.grid_height = (result.height - phase.offset_y + step - 1) / step;
    task.grid_width = (result.width - phase.offset_x + step - 1) / step;
    if (task.grid_height <= 0 || task.grid_width <= 0) continue;
    task.out_step = step;
    task.out_offset_y = phase.offset_y;
    task.out_offset_x = phase.offset_x;
    task.tile_first = tiles;
    if (store.statistics) {
      tiles += conv_tiles(draft, phase.op, phase.source, task.grid_height, task.grid_width);
    }
    tasks.push_back(task);
  }
  if (share_a_pass(draft, tasks, step)) tasks = {shared_pass(tasks, name)};
  std::optional<PartialStatistics> partial;
  if (store.statistics) {
    partial =
        PartialStatistics{draft.table(name + " partials", static_cast<std::uint64_t>(tiles) *
                                                              result.planes() * abi::PARTIAL_WORDS),
                          tiles};
  }
  for (ConvTask& task : tasks) {
    if (partial) task.partials = partial->table;
    task.tile_stride = tiles;
    lower_conv_task(draft, task);
  }
  return partial;
}

// Source taps of the 2-tap kernel of a phase as sets of taps of the 3-tap kernel.
int upsample_tap(int phase, int tap) {
  return phase == 0 ? (tap + 1) / 2 : tap / 2;
}

}  // namespace

bool upsample_phases_can(const Draft& draft, const net::Conv& op, const TensorView& source) {
  return choose_conv(draft, op, source).kernel != ConvKernel::winograd && source.upsample == 2 &&
         op.kernel == net::Pair{3, 3} && op.stride == net::Pair{1, 1} &&
         op.dilation == net::Pair{1, 1} && op.groups == 1 &&
         source.border == net::Border{1, 1, 1, 1};
}

std::optional<PartialStatistics> lower_upsample_phases(Draft& draft, const std::string& name,
                                                       const net::Conv& op,
                                                       const TensorView& source,
                                                       const TensorRef& result,
                                                       const StoreUse& store) {
  note_conv_layer(draft, op, source);  // of which the kernels that see it whole are others
  std::vector<Phase> phases;
  for (int py = 0; py < 2; ++py) {
    for (int px = 0; px < 2; ++px) {
      Phase phase{op, source, py, px};
      phase.op.kernel = {2, 2};
      const auto pairs = static_cast<std::size_t>(op.out_channels) * op.in_channels;
      std::vector<float> weights(pairs * 4);
      for (std::size_t pair = 0; pair < pairs; ++pair) {
        double sums[4] = {0, 0, 0, 0};
        for (int y = 0; y < 3; ++y) {
          for (int x = 0; x < 3; ++x) {
            sums[upsample_tap(py, y) * 2 + upsample_tap(px, x)] +=
                static_cast<double>((*op.weights)[pair * 9 + y * 3 + x]);
          }
        }
        for (int tap = 0; tap < 4; ++tap) weights[pair * 4 + tap] = static_cast<float>(sums[tap]);
      }
      phase.op.weights = std::make_shared<const std::vector<float>>(std::move(weights));
      phase.source.upsample = 1;
      phase.source.border = {1 - py, 1 - px, py, px};
      // One reflected row of the upsampled picture is the edge row of the source.
      if (source.pad == abi::PAD_REFLECT) phase.source.pad = abi::PAD_EDGE;
      phases.push_back(std::move(phase));
    }
  }
  return lower_phases(draft, name, phases, 2, result, store);
}

bool transpose_phases_can(const Draft& draft, const net::ConvTranspose& op,
                          const TensorView& source) {
  if (op.groups != 1 || op.dilation != net::Pair{1, 1} || op.stride.y != op.stride.x ||
      op.kernel.y < op.stride.y || op.kernel.x < op.stride.x || !source.plain()) {
    return false;
  }
  net::Conv phase;
  phase.in_channels = op.in_channels;
  phase.out_channels = op.out_channels;
  phase.kernel = {(op.kernel.y + op.stride.y - 1) / op.stride.y,
                  (op.kernel.x + op.stride.x - 1) / op.stride.x};
  return conv_reduces(draft, phase, source);
}

std::optional<PartialStatistics> lower_transpose_phases(Draft& draft, const std::string& name,
                                                        const net::ConvTranspose& op,
                                                        const TensorView& source,
                                                        const TensorRef& result,
                                                        const StoreUse& store) {
  const int step = op.stride.y;
  // Output o = step * q + p takes the taps k = first + step * j with first = (p + border) mod step,
  // from source row q + carry - j.
  struct Axis {
    int first, carry, taps, before, after;
  };
  const auto axis = [step](int p, int border, int kernel, int in_size, int out_size) {
    Axis result_axis{};
    result_axis.first = (p + border) % step;
    result_axis.carry = (p + border - result_axis.first) / step;
    result_axis.taps = (kernel - result_axis.first + step - 1) / step;
    result_axis.before = result_axis.taps - 1 - result_axis.carry;
    const int grid = (out_size - p + step - 1) / step;
    result_axis.after = grid - 1 + result_axis.carry - (in_size - 1);
    return result_axis;
  };
  std::vector<Phase> phases;
  for (int py = 0; py < step; ++py) {
    const Axis y = axis(py, op.border.top, op.kernel.y, source.tensor.height, result.height);
    for (int px = 0; px < step; ++px) {
      const Axis x = axis(px, op.border.left, op.kernel.x, source.tensor.width, result.width);
      Phase phase{{}, source, py, px};
      phase.op.in_channels = op.in_channels;
      phase.op.out_channels = op.out_channels;
      phase.op.kernel = {y.taps, x.taps};
      phase.op.bias = op.bias;
      std::vector<float> weights(static_cast<std::size_t>(op.out_channels) * op.in_channels *
                                 y.taps * x.taps);
      std::size_t next = 0;
      for (int o = 0; o < op.out_channels; ++o) {
        for (int i = 0; i < op.in_channels; ++i) {
          for (int ty = y.taps - 1; ty >= 0; --ty) {
            for (int tx = x.taps - 1; tx >= 0; --tx) {
              const std::size_t pair = static_cast<std::size_t>(i) * op.out_channels + o;
              weights[next++] =
                  (*op.weights)[(pair * op.kernel.y + y.first + ty * step) * op.kernel.x + x.first +
                                tx * step];
            }
          }
        }
      }
      phase.op.weights = std::make_shared<const std::vector<float>>(std::move(weights));
      phase.source.pad = abi::PAD_CONSTANT;
      phase.source.border = {y.before, x.before, y.after, x.after};
      phases.push_back(std::move(phase));
    }
  }
  return lower_phases(draft, name, phases, step, result, store);
}

}  // namespace impasto::graph
