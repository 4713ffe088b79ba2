// Conv, ConvTranspose, MaxPool, AveragePool, GlobalAveragePool, GlobalMaxPool.
#include <algorithm>

#include "engine/net/onnx_window.h"

namespace impasto::net {
namespace {

/// Channels, groups and weights that Conv and ConvTranspose share; outer is the weights' first
/// axis, inner the second.
template <typename Convolution>
Convolution read_convolution(GraphBuilder& graph, const Planes& in, Window& window,
                             bool transposed) {
  const Weights weights = graph.weights(1);
  const Shape shape = graph.constant(1).shape;
  if (static_cast<int>(shape.size()) != in.rank) {
    refuse("its weights have shape " + to_text(shape) + " for an input of rank " +
           std::to_string(in.rank));
  }
  window = read_window(graph, in, {shape.begin() + 2, shape.end()});
  Convolution op;
  op.groups = checked_int(graph.attributes().integer("group", 1), 1, 1 << 20, "'group'");
  const std::int64_t outer = shape[0];
  const std::int64_t inner = checked_multiply(shape[1], op.groups);
  op.in_channels = checked_int(transposed ? outer : inner, 1, 1 << 20, "its input channels");
  op.out_channels = checked_int(transposed ? inner : outer, 1, 1 << 20, "its output channels");
  if (op.in_channels != in.channels || outer % op.groups != 0) {
    refuse("its weights " + to_text(shape) + " with " + std::to_string(op.groups) +
           " groups do not fit an input of " + std::to_string(in.channels) + " channels");
  }
  op.kernel = window.kernel;
  op.stride = window.stride;
  op.dilation = window.dilation;
  op.weights = weights;
  if (graph.has(2)) op.bias = graph.whole_parameter(graph.input(2), op.out_channels);
  return op;
}

void import_conv(GraphBuilder& graph) {
  const Planes in = planes_of(graph, graph.image(0));
  Window window;
  Conv op = read_convolution<Conv>(graph, in, window, false);
  apply_same_padding(window, in);
  op.border = window.border;
  const std::int64_t height = window_count(in.height, op.border.top, op.border.bottom, op.kernel.y,
                                           op.stride.y, op.dilation.y);
  const std::int64_t width = window_count(in.width, op.border.left, op.border.right, op.kernel.x,
                                          op.stride.x, op.dilation.x);
  const int channels = op.out_channels;
  graph.set_output(
      0, planes_view(graph, graph.emit(std::move(op), {in.id}, channels, height, width), in));
}

/// One axis of a transposed convolution: the output's size, and the border that is cut off.
struct TransposedAxis {
  std::int64_t out = 0;
  int begin = 0;
  int end = 0;
};

/// `wanted` (output_shape) < 0: from the padding. ONNX: total padding = full - output, the odd one
/// at the end for SAME_UPPER and at the beginning otherwise.
TransposedAxis transposed_axis(int in, int kernel, int stride, int dilation, int extra, int begin,
                               int end, std::int64_t wanted, const std::string& auto_pad) {
  const std::int64_t full = static_cast<std::int64_t>(in - 1) * stride + extra +
                            static_cast<std::int64_t>(dilation) * (kernel - 1) + 1;
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  if (wanted < 0 && same) wanted = static_cast<std::int64_t>(in) * stride;
  TransposedAxis axis{full - begin - end, begin, end};
  if (wanted >= 0) {
    axis.out = wanted;
    split_padding(std::max<std::int64_t>(0, full - wanted), auto_pad == "SAME_UPPER", axis.begin,
                  axis.end);
  }
  return axis;
}

void import_conv_transpose(GraphBuilder& graph) {
  const Planes in = planes_of(graph, graph.image(0));
  Window window;
  ConvTranspose op = read_convolution<ConvTranspose>(graph, in, window, true);
  const Pair extra = read_pair(graph, "output_padding", in, 0, 0);
  std::int64_t wanted[2] = {-1, -1};
  if (const auto shape = graph.attributes().integers("output_shape")) {
    const std::size_t axes = static_cast<std::size_t>(in.rank) - 2;
    if (shape->size() < axes) refuse("'output_shape' does not fit the input's rank");
    // Some exporters write all four dimensions.
    const std::size_t first = shape->size() - axes;
    const auto size = [&](std::size_t i) {
      return std::int64_t{checked_int((*shape)[first + i], 1, 1 << 20, "'output_shape'")};
    };
    if (in.rank == 4) {
      wanted[0] = size(0);
      wanted[1] = size(1);
    } else {
      wanted[in.along_rows ? 0 : 1] = size(0);
    }
  }
  const Border pads = window.border;
  const TransposedAxis y =
      transposed_axis(in.height, op.kernel.y, op.stride.y, op.dilation.y, extra.y, pads.top,
                      pads.bottom, wanted[0], window.auto_pad);
  const TransposedAxis x =
      transposed_axis(in.width, op.kernel.x, op.stride.x, op.dilation.x, extra.x, pads.left,
                      pads.right, wanted[1], window.auto_pad);
  op.border = {y.begin, x.begin, y.end, x.end};
  const int channels = op.out_channels;
  graph.set_output(
      0, planes_view(graph, graph.emit(std::move(op), {in.id}, channels, y.out, x.out), in));
}

/// With ceil_mode a last window may hang over the end, if it begins before the padding there.
std::int64_t pooled_size(int size, int before, int after, int kernel, int stride, int dilation,
                         bool ceil_mode) {
  const std::int64_t count = window_count(size, before, after, kernel, stride, dilation);
  if (!ceil_mode) return count;
  const std::int64_t room =
      static_cast<std::int64_t>(size) + before + after - std::int64_t{dilation} * (kernel - 1) - 1;
  const bool rest = room % stride != 0;
  return rest && count * stride < size + before ? count + 1 : count;
}

void import_pool(GraphBuilder& graph) {
  const Planes in = planes_of(graph, graph.image(0));
  Window window = read_window(graph, in, {});
  apply_same_padding(window, in);
  const Attributes attributes = graph.attributes();
  Pool op;
  op.kind = graph.op() == "MaxPool" ? PoolKind::max : PoolKind::average;
  op.kernel = window.kernel;
  op.stride = window.stride;
  op.dilation = window.dilation;
  op.border = window.border;
  op.count_include_pad = attributes.integer("count_include_pad", 0) != 0;
  const auto reach = [](int dilation, int kernel) { return dilation * (kernel - 1); };
  if (op.border.top > reach(op.dilation.y, op.kernel.y) ||
      op.border.left > reach(op.dilation.x, op.kernel.x) ||
      op.border.bottom > reach(op.dilation.y, op.kernel.y) ||
      op.border.right > reach(op.dilation.x, op.kernel.x)) {
    refuse("its padding is as large as its kernel");
  }
  const bool ceil_mode = attributes.integer("ceil_mode", 0) != 0;
  const std::int64_t height = pooled_size(in.height, op.border.top, op.border.bottom, op.kernel.y,
                                          op.stride.y, op.dilation.y, ceil_mode);
  const std::int64_t width = pooled_size(in.width, op.border.left, op.border.right, op.kernel.x,
                                         op.stride.x, op.dilation.x, ceil_mode);
  graph.set_output(0, planes_view(graph, graph.emit(op, {in.id}, in.channels, height, width), in));
}

void import_global_pool(GraphBuilder& graph) {
  const Planes in = planes_of(graph, graph.image(0));
  const PoolKind kind = graph.op() == "GlobalMaxPool" ? PoolKind::max : PoolKind::average;
  graph.set_output(
      0, planes_view(graph, graph.emit(GlobalPool{kind}, {in.id}, in.channels, 1, 1), in));
}

constexpr ImportEntry entries[] = {
    {"Conv", import_conv},
    {"ConvTranspose", import_conv_transpose},
    {"MaxPool", import_pool},
    {"AveragePool", import_pool},
    {"GlobalAveragePool", import_global_pool},
    {"GlobalMaxPool", import_global_pool},
};

}  // namespace

std::span<const ImportEntry> convolution_imports() {
  return entries;
}

}  // namespace impasto::net
