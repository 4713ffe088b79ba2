#include <cassert>

#include "engine/graph/lower_conv.h"

namespace impasto::graph {
namespace {

// A plane per cell pays where its lanes are used.
bool fills_plane(int channels) {
  return channels == 3 || channels == 4;
}

// Output channels with a plane per cell of a block.
net::Conv plane_per_cell(const net::Conv& op, const net::DepthToSpace& next) {
  const int cells = next.block * next.block;
  const int channels = op.out_channels / cells;
  const std::size_t size = static_cast<std::size_t>(op.in_channels) *
                           static_cast<std::size_t>(op.kernel.y * op.kernel.x);
  std::vector<float> weights(static_cast<std::size_t>(cells) * 4 * size, 0.0F);
  for (int cell = 0; cell < cells; ++cell) {
    for (int channel = 0; channel < channels; ++channel) {
      const int from = next.column_row ? channel * cells + cell : cell * channels + channel;
      std::copy_n(op.weights->begin() + static_cast<std::ptrdiff_t>(from * size), size,
                  weights.begin() + static_cast<std::ptrdiff_t>((cell * 4 + channel) * size));
    }
  }
  net::Conv result = op;
  result.out_channels = cells * 4;
  result.weights = std::make_shared<const std::vector<float>>(std::move(weights));
  return result;
}

}  // namespace

bool conv_loads_cells(const Draft& draft, const net::Conv& op, const TensorView& source,
                      int block) {
  return fills_plane(source.tensor.channels) &&
         op.in_channels == source.tensor.channels * block * block &&
         choose_conv(draft, op, source).kernel == ConvKernel::shuffle;
}

net::Conv spread_inputs(const net::Conv& op, int channels) {
  const int cells = op.in_channels / channels;
  const std::size_t taps = static_cast<std::size_t>(op.kernel.y * op.kernel.x);
  std::vector<float> weights;
  weights.reserve(static_cast<std::size_t>(op.out_channels) * cells * 4 * taps);
  auto from = op.weights->begin();
  for (int i = 0; i < op.out_channels * cells; ++i) {
    const auto end = from + static_cast<std::ptrdiff_t>(channels * taps);
    weights.insert(weights.end(), from, end);
    weights.resize(weights.size() + (4 - channels) * taps, 0.0F);
    from = end;
  }
  net::Conv result = op;
  result.in_channels = cells * 4;
  result.weights = std::make_shared<const std::vector<float>>(std::move(weights));
  return result;
}

bool conv_stores_cells(const Draft& draft, const net::Conv& op, const TensorView& source,
                       const net::DepthToSpace& next) {
  return fills_plane(op.out_channels / (next.block * next.block)) &&
         choose_conv(draft, plane_per_cell(op, next), source).kernel == ConvKernel::shuffle;
}

void lower_conv_cells(Draft& draft, const std::string& name, const net::Conv& op,
                      const TensorView& source, const net::DepthToSpace& next,
                      const std::vector<float>& bias, const TensorRef& result) {
  const net::Conv cells = plane_per_cell(op, next);
  ConvTask task{.name = name, .op = &cells, .source = source, .result = result, .store = {}};
  task.grid_height = result.height / next.block;
  task.grid_width = result.width / next.block;
  task.out_step = next.block;
  task.cells_out = next.block;
  if (!bias.empty()) {
    net::Conv as_weights = op;  // one "weight" per output channel
    as_weights.in_channels = 1;
    as_weights.kernel = {1, 1};
    as_weights.weights = std::make_shared<const std::vector<float>>(bias);
    task.bias = draft.constant(name + " bias", *plane_per_cell(as_weights, next).weights);
  }
  note_conv_layer(draft, cells, source);
  lower_conv_shuffle(draft, task);
}

}  // namespace impasto::graph
