#include <algorithm>
#include <cmath>

#include "engine/net/reference_ops.h"

namespace impasto::net {
namespace {

double activate(const Activation& op, double x, double slope) {
  switch (op.kind) {
    case ActivationKind::relu:
      return std::max(x, 0.0);
    case ActivationKind::leaky_relu:
      return x < 0 ? op.a * x : x;
    case ActivationKind::prelu:
      return x < 0 ? slope * x : x;
    case ActivationKind::elu:
      return x < 0 ? op.a * std::expm1(x) : x;
    case ActivationKind::sigmoid:
      return 1 / (1 + std::exp(-x));
    case ActivationKind::tanh:
      return std::tanh(x);
    case ActivationKind::clip:
      return std::min(std::max(x, static_cast<double>(op.a)), static_cast<double>(op.b));
    case ActivationKind::hard_sigmoid:
      return std::clamp(op.a * x + op.b, 0.0, 1.0);
    case ActivationKind::hard_swish:
      return x * std::clamp(x / 6 + 0.5, 0.0, 1.0);
    case ActivationKind::sqrt:
      return std::sqrt(x);
    case ActivationKind::reciprocal:
      return 1 / x;
    case ActivationKind::exp:
      return std::exp(x);
    case ActivationKind::abs:
      return std::abs(x);
    case ActivationKind::neg:
      return -x;
  }
  return x;
}

double combine(BinaryKind kind, double a, double b) {
  switch (kind) {
    case BinaryKind::add:
      return a + b;
    case BinaryKind::sub:
      return a - b;
    case BinaryKind::mul:
      return a * b;
    case BinaryKind::div:
      return a / b;
    case BinaryKind::pow:
      return std::pow(a, b);
    case BinaryKind::min:
      return std::min(a, b);
    case BinaryKind::max:
      return std::max(a, b);
  }
  return a;
}

/// Element c of a vector [C] or [1].
double element(std::span<const float> vector, int c) {
  return vector[vector.size() == 1 ? 0 : static_cast<std::size_t>(c)];
}

double broadcast(const Tensor& tensor, int c, int y, int x) {
  return tensor.at(tensor.channels == 1 ? 0 : c, tensor.height == 1 ? 0 : y,
                   tensor.width == 1 ? 0 : x);
}

}  // namespace

Tensor apply(const Activation& op, const Operands& operands) {
  const Tensor& in = operands.input();
  Tensor out = operands.result();
  const std::span<const float> slope = operands.parameter(op.slope);
  for (int c = 0; c < out.channels; ++c) {
    const double channel_slope = slope.empty() ? 0.0 : element(slope, c);
    const std::size_t begin = out.index(c, 0, 0);
    for (std::size_t i = begin; i < begin + out.plane_size(); ++i) {
      out.data[i] = activate(op, in.data[i], channel_slope);
    }
  }
  return out;
}

Tensor apply(const Binary& op, const Operands& operands) {
  Tensor out = operands.result();
  for (int c = 0; c < out.channels; ++c) {
    for (int y = 0; y < out.height; ++y) {
      for (int x = 0; x < out.width; ++x) {
        out.at(c, y, x) = combine(op.kind, broadcast(operands.input(0), c, y, x),
                                  broadcast(operands.input(1), c, y, x));
      }
    }
  }
  return out;
}

Tensor apply(const BinaryParameter& op, const Operands& operands) {
  const Tensor& in = operands.input();
  Tensor out = operands.result();
  const std::span<const float> operand = operands.parameter(op.operand);
  for (int c = 0; c < out.channels; ++c) {
    const double value = element(operand, c);
    const std::size_t begin = out.index(c, 0, 0);
    for (std::size_t i = begin; i < begin + out.plane_size(); ++i) {
      out.data[i] =
          op.reversed ? combine(op.kind, value, in.data[i]) : combine(op.kind, in.data[i], value);
    }
  }
  return out;
}

}  // namespace impasto::net
