#include <algorithm>

#include "engine/net/net.h"

namespace impasto::net {
namespace {

struct Violation {
  std::string text;
};

void require(bool holds, const char* what) {
  if (!holds) throw Violation{what};
}

/// The size of a correlation or a pooling along one axis, fractions dropped.
int windows(int size, int before, int after, int kernel, int stride, int dilation) {
  const int room = size + before + after - dilation * (kernel - 1) - 1;
  return room < 0 ? 0 : room / stride + 1;
}

/// What each op demands of its inputs and its output; throws Violation.
struct OpCheck {
  const Net& net;
  const Node& node;

  const Value& input(std::size_t i = 0) const { return net.value(node.inputs[i]); }
  const Value& output() const { return net.value(node.output); }

  void count(std::size_t inputs) const {
    require(node.inputs.size() == inputs, "has a wrong number of inputs");
  }
  void parameter(ParameterId id, int channels, bool optional, bool scalar_allowed = false) const {
    if (id == none) return require(optional, "lacks a parameter");
    require(id >= 0 && id < static_cast<int>(net.parameters.size()), "names no parameter");
    const std::size_t size = net.parameters[static_cast<std::size_t>(id)].value.size();
    require(size == static_cast<std::size_t>(channels) || (scalar_allowed && size == 1),
            "has a parameter of a wrong size");
  }
  void same_plane() const {
    require(input().height == output().height && input().width == output().width,
            "changes the plane's size");
  }
  void same_channels() const {
    require(input().channels == output().channels, "changes the channels");
  }
  void same_shape() const {
    same_plane();
    same_channels();
  }
  void size(int channels, int height, int width) const {
    require(output().channels == channels && output().height == height && output().width == width,
            "has a wrong output shape");
  }
  static void positive(Pair pair) { require(pair.y > 0 && pair.x > 0, "has a pair below 1"); }

  template <typename Convolution>
  void convolution(const Convolution& op) const {
    count(1);
    positive(op.kernel);
    positive(op.stride);
    positive(op.dilation);
    require(op.groups > 0 && op.in_channels % op.groups == 0 && op.out_channels % op.groups == 0,
            "has groups that do not divide the channels");
    require(op.in_channels == input().channels && op.out_channels == output().channels,
            "has wrong channels");
    require(op.weights && op.weights->size() == static_cast<std::size_t>(op.out_channels) *
                                                    op.in_channels / op.groups * op.kernel.y *
                                                    op.kernel.x,
            "has weights of a wrong size");
    parameter(op.bias, op.out_channels, true);
  }

  void operator()(const Conv& op) const {
    convolution(op);
    size(op.out_channels,
         windows(input().height, op.border.top, op.border.bottom, op.kernel.y, op.stride.y,
                 op.dilation.y),
         windows(input().width, op.border.left, op.border.right, op.kernel.x, op.stride.x,
                 op.dilation.x));
  }
  void operator()(const ConvTranspose& op) const { convolution(op); }
  void operator()(const Norm& op) const {
    count(1);
    same_shape();
    const int channels = input().channels;
    parameter(op.gamma, channels, true);
    parameter(op.beta, channels, true);
    const bool stored = op.kind == NormKind::batch_stored;
    require(stored || (op.mean == none && op.variance == none), "has statistics it cannot use");
    parameter(op.mean, channels, !stored);
    parameter(op.variance, channels, !stored);
    require(op.kind != NormKind::group || (op.groups > 0 && channels % op.groups == 0),
            "has groups that do not divide the channels");
  }
  void operator()(const Pad& op) const {
    count(1);
    size(input().channels, input().height + op.border.top + op.border.bottom,
         input().width + op.border.left + op.border.right);
  }
  void axis(const Resize& op, const ResizeAxis& axis, int in_size, int out_size) const {
    const auto length = static_cast<std::size_t>(out_size);
    const auto inside = [&](int i) { return i >= 0 && i < in_size; };
    require(axis.low.size() == length && std::ranges::all_of(axis.low, inside),
            "has a wrong resize table");
    if (op.mode == ResizeMode::linear) {
      require(axis.high.size() == length && axis.fraction.size() == length &&
                  std::ranges::all_of(axis.high, inside),
              "has a wrong resize table");
    }
    for (int i = 0; op.nearest_factor > 0 && i < out_size; ++i) {
      require(axis.low[static_cast<std::size_t>(i)] == i / op.nearest_factor,
              "has a nearest factor that is not its table");
    }
  }
  void operator()(const Resize& op) const {
    count(1);
    same_channels();
    require(op.nearest_factor == 0 || op.mode == ResizeMode::nearest,
            "has a nearest factor and is not nearest");
    axis(op, op.y, input().height, output().height);
    axis(op, op.x, input().width, output().width);
  }
  static void window(int in, int out, int before, int kernel, int stride, int dilation) {
    require(before <= dilation * (kernel - 1) && (out - 1) * stride - before < in,
            "has a window outside its input");
  }
  void operator()(const Pool& op) const {
    count(1);
    same_channels();
    positive(op.kernel);
    positive(op.stride);
    positive(op.dilation);
    window(input().height, output().height, op.border.top, op.kernel.y, op.stride.y, op.dilation.y);
    window(input().width, output().width, op.border.left, op.kernel.x, op.stride.x, op.dilation.x);
  }
  void operator()(const GlobalPool&) const {
    count(1);
    size(input().channels, 1, 1);
  }
  void operator()(const Activation& op) const {
    count(1);
    same_shape();
    parameter(op.slope, input().channels, op.kind != ActivationKind::prelu, true);
  }
  void operator()(const Binary&) const {
    count(2);
    const auto broadcasts = [](int a, int b, int out) {
      return (a == out || a == 1) && (b == out || b == 1) && (a == out || b == out);
    };
    require(broadcasts(input(0).channels, input(1).channels, output().channels) &&
                broadcasts(input(0).height, input(1).height, output().height) &&
                broadcasts(input(0).width, input(1).width, output().width),
            "has shapes that do not broadcast");
  }
  void operator()(const BinaryParameter& op) const {
    count(1);
    same_plane();
    parameter(op.operand, output().channels, false, true);
    require(input().channels == output().channels, "changes the channels");
  }
  void operator()(const Concat& op) const {
    require(!node.inputs.empty() && op.axis >= 0 && op.axis <= 2, "joins nothing");
    int extent[3] = {input().channels, input().height, input().width};
    for (std::size_t i = 1; i < node.inputs.size(); ++i) {
      const int next[3] = {input(i).channels, input(i).height, input(i).width};
      for (int axis = 0; axis < 3; ++axis) {
        require(axis == op.axis || next[axis] == extent[axis], "joins planes of several sizes");
      }
      extent[op.axis] += next[op.axis];
    }
    size(extent[0], extent[1], extent[2]);
  }
  void operator()(const Slice& op) const {
    count(1);
    const int in[3] = {input().channels, input().height, input().width};
    const int out[3] = {output().channels, output().height, output().width};
    for (int axis = 0; axis < 3; ++axis) {
      const int last = op.begin[axis] + (out[axis] - 1) * op.step[axis];
      require(op.begin[axis] >= 0 && op.begin[axis] < in[axis] && last >= 0 && last < in[axis],
              "reads outside its input");
    }
  }
  void operator()(const DepthToSpace& op) const {
    count(1);
    require(op.block > 0 && input().channels % (op.block * op.block) == 0,
            "has a block that does not divide the channels");
    size(input().channels / (op.block * op.block), input().height * op.block,
         input().width * op.block);
  }
  void operator()(const SpaceToDepth& op) const {
    count(1);
    require(op.block > 0 && input().height % op.block == 0 && input().width % op.block == 0,
            "has a block that does not divide the plane");
    size(input().channels * op.block * op.block, input().height / op.block,
         input().width / op.block);
  }
  void operator()(const Constant& op) const {
    count(0);
    require(op.data && op.data->size() == static_cast<std::size_t>(output().channels) *
                                              output().height * output().width,
            "has data of a wrong size");
  }
};

}  // namespace

std::string check(const Net& net) {
  const auto exists = [&](ValueId id) {
    return id >= 0 && id < static_cast<ValueId>(net.values.size());
  };
  if (!exists(net.input) || !exists(net.output)) return "the input or the output is no value";
  for (const Value& value : net.values) {
    if (value.channels < 1 || value.height < 1 || value.width < 1) {
      return "value '" + value.name + "' is empty";
    }
  }
  std::vector<bool> written(net.values.size(), false);
  written[static_cast<std::size_t>(net.input)] = true;
  for (const Node& node : net.nodes) {
    const std::string name = std::string(op_name(node.op)) + " '" + node.name + "' ";
    for (const ValueId id : node.inputs) {
      if (!exists(id) || !written[static_cast<std::size_t>(id)]) {
        return name + "reads a value before it is written";
      }
    }
    if (!exists(node.output)) return name + "writes no value";
    if (written[static_cast<std::size_t>(node.output)]) return name + "writes a value again";
    try {
      std::visit(OpCheck{net, node}, node.op);
    } catch (const Violation& violation) {
      return name + violation.text;
    }
    written[static_cast<std::size_t>(node.output)] = true;
  }
  return written[static_cast<std::size_t>(net.output)] ? "" : "no node writes the output";
}

}  // namespace impasto::net
