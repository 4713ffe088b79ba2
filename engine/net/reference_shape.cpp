#include <algorithm>

#include "engine/net/reference_ops.h"

namespace impasto::net {
namespace {

constexpr int outside = -1;

/// The row or column that position i of a padded axis of `size` reads; `outside`: the pad value.
/// Reflection goes on periodically where the border is wider than the picture, as numpy.pad does.
int source_index(int i, int size, PadMode mode) {
  if (i >= 0 && i < size) return i;
  if (mode == PadMode::constant) return outside;
  if (mode == PadMode::edge || size == 1) return std::clamp(i, 0, size - 1);
  const int period = 2 * (size - 1);
  const int phase = (i % period + period) % period;
  return std::min(phase, period - phase);
}

/// out[c][y][x] = source(c, y, x).
template <typename Source>
Tensor fill(Tensor out, const Source& source) {
  for (int c = 0; c < out.channels; ++c) {
    for (int y = 0; y < out.height; ++y) {
      for (int x = 0; x < out.width; ++x) out.at(c, y, x) = source(c, y, x);
    }
  }
  return out;
}

}  // namespace

Tensor apply(const Pad& op, const Operands& operands) {
  const Tensor& in = operands.input();
  return fill(operands.result(), [&](int c, int y, int x) {
    const int in_y = source_index(y - op.border.top, in.height, op.mode);
    const int in_x = source_index(x - op.border.left, in.width, op.mode);
    return in_y == outside || in_x == outside ? static_cast<double>(op.value)
                                              : in.at(c, in_y, in_x);
  });
}

Tensor apply(const Resize& op, const Operands& operands) {
  const Tensor& in = operands.input();
  if (op.mode == ResizeMode::nearest) {
    return fill(operands.result(), [&](int c, int y, int x) {
      return in.at(c, op.y.low[static_cast<std::size_t>(y)], op.x.low[static_cast<std::size_t>(x)]);
    });
  }
  return fill(operands.result(), [&](int c, int y, int x) {
    const auto row = static_cast<std::size_t>(y);
    const auto column = static_cast<std::size_t>(x);
    const double ty = op.y.fraction[row];
    const double tx = op.x.fraction[column];
    const auto along_x = [&](int in_y) {
      return in.at(c, in_y, op.x.low[column]) * (1 - tx) + in.at(c, in_y, op.x.high[column]) * tx;
    };
    return along_x(op.y.low[row]) * (1 - ty) + along_x(op.y.high[row]) * ty;
  });
}

Tensor apply(const Concat& op, const Operands& operands) {
  Tensor out = operands.result();
  int begin[3] = {0, 0, 0};
  for (const Tensor* in : operands.inputs) {
    for (int c = 0; c < in->channels; ++c) {
      for (int y = 0; y < in->height; ++y) {
        std::copy_n(in->row(c, y), in->width, out.row(begin[0] + c, begin[1] + y) + begin[2]);
      }
    }
    const int extent[3] = {in->channels, in->height, in->width};
    begin[op.axis] += extent[op.axis];
  }
  return out;
}

Tensor apply(const Slice& op, const Operands& operands) {
  const Tensor& in = operands.input();
  return fill(operands.result(), [&](int c, int y, int x) {
    return in.at(op.begin[0] + c * op.step[0], op.begin[1] + y * op.step[1],
                 op.begin[2] + x * op.step[2]);
  });
}

Tensor apply(const DepthToSpace& op, const Operands& operands) {
  const Tensor& in = operands.input();
  const int block = op.block;
  return fill(operands.result(), [&](int c, int y, int x) {
    const int cell = y % block * block + x % block;
    const int in_c = op.column_row ? c * block * block + cell : cell * operands.output.channels + c;
    return in.at(in_c, y / block, x / block);
  });
}

Tensor apply(const SpaceToDepth& op, const Operands& operands) {
  const Tensor& in = operands.input();
  const int block = op.block;
  return fill(operands.result(), [&](int c, int y, int x) {
    const int cell = c / in.channels;
    return in.at(c % in.channels, y * block + cell / block, x * block + cell % block);
  });
}

Tensor apply(const Constant& op, const Operands& operands) {
  Tensor out = operands.result();
  std::ranges::copy(*op.data, out.data.begin());
  return out;
}

}  // namespace impasto::net
