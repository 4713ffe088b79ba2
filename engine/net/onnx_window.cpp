#include "engine/net/onnx_window.h"

namespace impasto::net {
namespace {

constexpr int most_taps = 1 << 12;
constexpr int most_padding = 1 << 16;

Pair to_pair(const std::vector<std::int64_t>& values, const Planes& in, int otherwise, int low,
             const char* name) {
  const std::size_t axes = static_cast<std::size_t>(in.rank) - 2;
  if (values.size() != axes) {
    refuse(std::string(name) + " has " + std::to_string(values.size()) +
           " entries for an input of rank " + std::to_string(in.rank));
  }
  const int first = checked_int(values[0], low, most_taps, name);
  if (in.rank == 4) return {first, checked_int(values[1], low, most_taps, name)};
  return in.along_rows ? Pair{first, otherwise} : Pair{otherwise, first};
}

Border read_border(GraphBuilder& graph, const Planes& in) {
  const auto pads = graph.attributes().integers("pads");
  if (!pads) return {};
  const std::size_t axes = static_cast<std::size_t>(in.rank) - 2;
  if (pads->size() != 2 * axes) refuse("'pads' does not fit the input's rank");
  const auto pad = [&](std::size_t i) { return checked_int((*pads)[i], 0, most_padding, "a pad"); };
  if (in.rank == 4) return {pad(0), pad(1), pad(2), pad(3)};
  return in.along_rows ? Border{pad(0), 0, pad(1), 0} : Border{0, pad(0), 0, pad(1)};
}

}  // namespace

Planes planes_of(GraphBuilder& graph, const View& view) {
  if (view.dims.size() == 3 && view.dims[0].empty()) {
    const Value& value = graph.value(view.value);
    const Shape shape = logical_shape(view);
    for (const bool along_rows : {false, true}) {
      const Dimension line{{along_rows ? 1 : 2, shape[2], 1}};
      const Dimension channels{{0, value.channels, 1}};
      if (view.dims[1] == merged(channels) && view.dims[2] == merged(line)) {
        return {view.value, value.channels, value.height, value.width, 3, along_rows};
      }
    }
  }
  if (view.dims.size() != 4 || !view.dims[0].empty()) {
    refuse("its input has shape " + to_text(logical_shape(view)) + ", [1,C,H,W] is needed");
  }
  const ValueId id = graph.canonical(view);
  const Value& value = graph.value(id);
  return {id, value.channels, value.height, value.width, 4, false};
}

View planes_view(const GraphBuilder& graph, ValueId id, const Planes& like) {
  View view = canonical_view(id, graph.value(id));
  if (like.rank == 3) view.dims.erase(view.dims.begin() + (like.along_rows ? 3 : 2));
  return view;
}

Pair read_pair(GraphBuilder& graph, const char* attribute, const Planes& in, int otherwise,
               int low) {
  const auto values = graph.attributes().integers(attribute);
  return values ? to_pair(*values, in, otherwise, low, attribute) : Pair{otherwise, otherwise};
}

Window read_window(GraphBuilder& graph, const Planes& in, const Shape& kernel) {
  Window window;
  const auto stated = graph.attributes().integers("kernel_shape");
  if (kernel.empty() && !stated) refuse("it has no kernel_shape");
  window.kernel = to_pair(kernel.empty() ? *stated : kernel, in, 1, 1, "kernel_shape");
  if (stated && !(to_pair(*stated, in, 1, 1, "kernel_shape") == window.kernel)) {
    refuse("its kernel_shape does not fit its weights");
  }
  window.stride = read_pair(graph, "strides", in, 1, 1);
  window.dilation = read_pair(graph, "dilations", in, 1, 1);
  window.auto_pad = graph.attributes().text("auto_pad", "NOTSET");
  if (window.auto_pad == "NOTSET") {
    window.border = read_border(graph, in);
  } else if (window.auto_pad != "VALID" && window.auto_pad != "SAME_UPPER" &&
             window.auto_pad != "SAME_LOWER") {
    refuse("auto_pad '" + printable(window.auto_pad) + "' is unknown");
  }
  return window;
}

void split_padding(std::int64_t total, bool upper, int& begin, int& end) {
  const int all = checked_int(total, 0, most_padding, "the padding");
  begin = upper ? all / 2 : all - all / 2;
  end = all - begin;
}

void apply_same_padding(Window& window, const Planes& in) {
  if (window.auto_pad != "SAME_UPPER" && window.auto_pad != "SAME_LOWER") return;
  const bool upper = window.auto_pad == "SAME_UPPER";
  const auto total = [](std::int64_t size, std::int64_t kernel, std::int64_t stride,
                        std::int64_t dilation) {
    const std::int64_t outputs = (size + stride - 1) / stride;
    return std::max<std::int64_t>(0, (outputs - 1) * stride + dilation * (kernel - 1) + 1 - size);
  };
  Border& border = window.border;
  split_padding(total(in.height, window.kernel.y, window.stride.y, window.dilation.y), upper,
                border.top, border.bottom);
  split_padding(total(in.width, window.kernel.x, window.stride.x, window.dilation.x), upper,
                border.left, border.right);
}

std::int64_t window_count(std::int64_t size, int before, int after, int kernel, int stride,
                          int dilation) {
  const std::int64_t room =
      size + before + after - static_cast<std::int64_t>(dilation) * (kernel - 1) - 1;
  if (room < 0) {
    refuse("its kernel is larger than its input of " + std::to_string(size) +
           " with the padding: the frame is too small");
  }
  return room / stride + 1;
}

}  // namespace impasto::net
