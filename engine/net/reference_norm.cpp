#include <cmath>

#include "engine/net/reference_ops.h"

namespace impasto::net {
namespace {

struct Moments {
  double mean = 0;
  double variance = 0;  // biased
};

/// Two passes; measured from the first sample, so that a constant has exactly its own mean.
Moments moments(const double* samples, std::size_t count) {
  const double origin = samples[0];
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += samples[i] - origin;
  const double mean = origin + sum / static_cast<double>(count);
  double squares = 0;
  for (std::size_t i = 0; i < count; ++i) squares += (samples[i] - mean) * (samples[i] - mean);
  return {mean, squares / static_cast<double>(count)};
}

/// Channels that share their statistics.
int channels_per_group(const Norm& op, int channels) {
  switch (op.kind) {
    case NormKind::group:
      return channels / op.groups;
    case NormKind::layer:
      return channels;
    case NormKind::instance:
    case NormKind::batch_frame:
    case NormKind::batch_stored:
      return 1;
  }
  return 1;
}

}  // namespace

Tensor apply(const Norm& op, const Operands& operands) {
  const Tensor& in = operands.input();
  Tensor out = operands.result();
  const std::span<const float> gamma = operands.parameter(op.gamma);
  const std::span<const float> beta = operands.parameter(op.beta);
  const int group_size = channels_per_group(op, in.channels);
  for (int c = 0; c < in.channels; ++c) {
    const auto channel = static_cast<std::size_t>(c);
    const Moments statistics =
        op.kind == NormKind::batch_stored
            ? Moments{operands.parameter(op.mean)[channel],
                      operands.parameter(op.variance)[channel]}
            : moments(in.row(c / group_size * group_size, 0),
                      static_cast<std::size_t>(group_size) * in.plane_size());
    const double scale =
        (gamma.empty() ? 1.0 : gamma[channel]) / std::sqrt(statistics.variance + op.epsilon);
    const double shift = beta.empty() ? 0.0 : beta[channel];
    for (std::size_t i = channel * in.plane_size(); i < (channel + 1) * in.plane_size(); ++i) {
      out.data[i] = (in.data[i] - statistics.mean) * scale + shift;
    }
  }
  return out;
}

}  // namespace impasto::net
