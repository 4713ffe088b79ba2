#include <algorithm>
#include <thread>

#include "engine/base/cores.h"
#include "engine/net/reference_ops.h"

namespace impasto::net {
namespace {

/// Calls function(i) for every i below count, on all processors.
template <typename Function>
void for_each_parallel(int count, const Function& function) {
  const int thread_count = std::clamp(static_cast<int>(core_count()), 1, std::max(count, 1));
  std::vector<std::jthread> threads;
  for (int first = 0; first < thread_count; ++first) {
    threads.emplace_back([=, &function] {
      for (int i = first; i < count; i += thread_count) function(i);
    });
  }
}

/// The x of 0 .. count-1 for which x * stride + offset lies in 0 .. limit-1.
struct Span {
  int begin = 0;
  int end = 0;
};
Span inside(int count, int stride, int offset, int limit) {
  const int begin = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  const int end = limit <= offset ? 0 : (limit - offset + stride - 1) / stride;
  return {begin, std::min(count, end)};
}

}  // namespace

Tensor apply(const Conv& op, const Operands& operands) {
  const Tensor& in = operands.input();
  Tensor out = operands.result();
  const std::span<const float> bias = operands.parameter(op.bias);
  const int group_inputs = op.in_channels / op.groups;
  const int group_outputs = op.out_channels / op.groups;
  for_each_parallel(op.out_channels, [&](int oc) {
    const float* weight = op.weights->data() +
                          static_cast<std::size_t>(oc) * group_inputs * op.kernel.y * op.kernel.x;
    const int first_input = oc / group_outputs * group_inputs;
    for (int y = 0; y < out.height; ++y) {
      double* const to = out.row(oc, y);
      std::fill_n(to, out.width, bias.empty() ? 0.0 : bias[static_cast<std::size_t>(oc)]);
      for (int ic = 0; ic < group_inputs; ++ic) {
        for (int ky = 0; ky < op.kernel.y; ++ky) {
          const int in_y = y * op.stride.y + ky * op.dilation.y - op.border.top;
          if (in_y < 0 || in_y >= in.height) continue;
          for (int kx = 0; kx < op.kernel.x; ++kx) {
            const double w = weight[(ic * op.kernel.y + ky) * op.kernel.x + kx];
            const int offset = kx * op.dilation.x - op.border.left;
            const Span x_range = inside(out.width, op.stride.x, offset, in.width);
            const double* const from = in.row(first_input + ic, in_y);
            if (op.stride.x == 1) {  // the same sum, in a form that vectorises
              for (int x = x_range.begin; x < x_range.end; ++x) to[x] += w * from[x + offset];
            } else {
              for (int x = x_range.begin; x < x_range.end; ++x) {
                to[x] += w * from[x * op.stride.x + offset];
              }
            }
          }
        }
      }
    }
  });
  return out;
}

Tensor apply(const ConvTranspose& op, const Operands& operands) {
  const Tensor& in = operands.input();
  Tensor out = operands.result();
  const std::span<const float> bias = operands.parameter(op.bias);
  const int group_inputs = op.in_channels / op.groups;
  const int group_outputs = op.out_channels / op.groups;
  for_each_parallel(op.out_channels, [&](int oc) {
    const int group = oc / group_outputs;
    std::fill_n(out.row(oc, 0), out.plane_size(),
                bias.empty() ? 0.0 : bias[static_cast<std::size_t>(oc)]);
    for (int ic = group * group_inputs; ic < (group + 1) * group_inputs; ++ic) {
      const float* weight =
          op.weights->data() + (static_cast<std::size_t>(ic) * group_outputs + oc % group_outputs) *
                                   op.kernel.y * op.kernel.x;
      for (int y = 0; y < in.height; ++y) {
        const double* const from = in.row(ic, y);
        for (int ky = 0; ky < op.kernel.y; ++ky) {
          const int out_y = y * op.stride.y + ky * op.dilation.y - op.border.top;
          if (out_y < 0 || out_y >= out.height) continue;
          double* const to = out.row(oc, out_y);
          for (int kx = 0; kx < op.kernel.x; ++kx) {
            const double w = weight[ky * op.kernel.x + kx];
            const int offset = kx * op.dilation.x - op.border.left;
            const Span x_range = inside(in.width, op.stride.x, offset, out.width);
            for (int x = x_range.begin; x < x_range.end; ++x) {
              to[x * op.stride.x + offset] += w * from[x];
            }
          }
        }
      }
    }
  });
  return out;
}

}  // namespace impasto::net
