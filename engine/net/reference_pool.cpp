#include <algorithm>
#include <limits>

#include "engine/net/reference_ops.h"

namespace impasto::net {
namespace {

/// Positions of one window: those in the picture, and how many also count when padding counts.
/// A ceil_mode window may reach past the padding; what lies there never counts.
struct Window {
  int begin = 0;
  int dilation = 1;
  int kernel = 0;
  int size = 0;
  int border_after = 0;

  int position(int k) const { return begin + k * dilation; }
  bool in_picture(int k) const { return position(k) >= 0 && position(k) < size; }
  bool in_padded_picture(int k) const { return position(k) < size + border_after; }
};

double pool_window(const Pool& op, const Tensor& in, int c, const Window& rows,
                   const Window& columns) {
  double maximum = -std::numeric_limits<double>::infinity();
  double sum = 0;
  int count = 0;
  for (int ky = 0; ky < rows.kernel; ++ky) {
    for (int kx = 0; kx < columns.kernel; ++kx) {
      if (rows.in_picture(ky) && columns.in_picture(kx)) {
        const double value = in.at(c, rows.position(ky), columns.position(kx));
        maximum = std::max(maximum, value);
        sum += value;
        ++count;
      } else if (op.count_include_pad && rows.in_padded_picture(ky) &&
                 columns.in_padded_picture(kx)) {
        ++count;
      }
    }
  }
  return op.kind == PoolKind::max ? maximum : sum / count;
}

}  // namespace

Tensor apply(const Pool& op, const Operands& operands) {
  const Tensor& in = operands.input();
  Tensor out = operands.result();
  for (int c = 0; c < out.channels; ++c) {
    for (int y = 0; y < out.height; ++y) {
      for (int x = 0; x < out.width; ++x) {
        const Window rows{y * op.stride.y - op.border.top, op.dilation.y, op.kernel.y, in.height,
                          op.border.bottom};
        const Window columns{x * op.stride.x - op.border.left, op.dilation.x, op.kernel.x, in.width,
                             op.border.right};
        out.at(c, y, x) = pool_window(op, in, c, rows, columns);
      }
    }
  }
  return out;
}

Tensor apply(const GlobalPool& op, const Operands& operands) {
  const Tensor& in = operands.input();
  Tensor out = operands.result();
  for (int c = 0; c < in.channels; ++c) {
    const std::span<const double> plane(in.row(c, 0), in.plane_size());
    double sum = 0;
    for (const double value : plane) sum += value;
    out.at(c, 0, 0) = op.kind == PoolKind::max ? *std::ranges::max_element(plane)
                                               : sum / static_cast<double>(plane.size());
  }
  return out;
}

}  // namespace impasto::net
