// Owns: the accuracy that the project promises, as named bounds, and the comparison of a result
// with the reference under a bound.
// Depends on: engine/net/reference.h, GoogleTest. To add a bound: a function that returns a
// callable (element index, reference value) -> largest |difference| allowed.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "engine/net/reference.h"

namespace impasto::test {

using Bound = std::function<double(std::size_t index, double reference)>;

/// Success where every |result - reference| is within its bound; the failure names the element
/// that is furthest beyond. NaN and infinity in the result fail unless the reference has the same
/// infinity. `result`: numbers in the reference's order ([C][H][W], row-major).
template <typename Numbers>
testing::AssertionResult compare(const net::Tensor& reference, const Numbers& result,
                                 const Bound& bound) {
  if (std::size(result) != reference.data.size()) {
    return testing::AssertionFailure()
           << "has " << std::size(result) << " numbers, the reference " << reference.data.size();
  }
  double worst_ratio = 1;
  std::size_t worst = 0;
  std::size_t outside = 0;
  for (std::size_t i = 0; i < reference.data.size(); ++i) {
    const double expected = reference.data[i];
    const double actual = static_cast<double>(result[i]);
    if (actual == expected) continue;
    const double difference = std::abs(actual - expected);
    const double allowed = bound(i, expected);
    const double ratio = difference <= allowed ? 0
                         : std::isfinite(difference) && allowed > 0
                             ? difference / allowed
                             : std::numeric_limits<double>::infinity();
    outside += ratio > 1 ? 1 : 0;
    if (ratio > worst_ratio) {
      worst_ratio = ratio;
      worst = i;
    }
  }
  if (outside == 0) return testing::AssertionSuccess();
  const std::size_t plane = reference.plane_size();
  const auto width = static_cast<std::size_t>(reference.width);
  return testing::AssertionFailure()
         << outside << " of " << reference.data.size() << " numbers are out of bounds; worst at ["
         << worst / plane << "][" << worst % plane / width << "][" << worst % width
         << "]: " << static_cast<double>(result[worst]) << ", reference " << reference.data[worst]
         << ", allowed difference " << bound(worst, reference.data[worst]) << " (exceeded "
         << worst_ratio << " times)";
}

inline testing::AssertionResult compare(const net::Tensor& reference, const net::Tensor& result,
                                        const Bound& bound) {
  return compare(reference, result.data, bound);
}

/// Root of the mean square of each channel.
inline std::vector<double> channel_rms(const net::Tensor& tensor) {
  std::vector<double> rms;
  for (int c = 0; c < tensor.channels; ++c) {
    double sum = 0;
    for (std::size_t i = 0; i < tensor.plane_size(); ++i) {
      sum += tensor.row(c, 0)[i] * tensor.row(c, 0)[i];
    }
    rms.push_back(std::sqrt(sum / static_cast<double>(tensor.plane_size())));
  }
  return rms;
}

/// A Conv or ConvTranspose in float: 4 sqrt(K) 2^-24 sum |w x|, K products per output.
inline Bound conv_bound(const net::Net& network, const net::Node& node, const net::Tensor& input,
                        const std::vector<std::vector<float>>& parameters) {
  const auto products = [](const auto& op) {
    return static_cast<double>(op.in_channels / op.groups * op.kernel.y * op.kernel.x);
  };
  const auto* conv = std::get_if<net::Conv>(&node.op);
  const double k = conv ? products(*conv) : products(std::get<net::ConvTranspose>(node.op));
  return [factor = 4 * std::sqrt(k) * 0x1p-24,
          magnitudes = net::sum_of_magnitudes(network, node, input, parameters)](
             std::size_t i, double) { return factor * magnitudes.data[i]; };
}

/// A normalization in float: 1e-5 of the channel's rms. Constant planes are exact: exact_bound().
inline Bound norm_bound(const net::Tensor& reference) {
  return [rms = channel_rms(reference), plane = reference.plane_size()](std::size_t i, double) {
    return 1e-5 * rms[i / plane];
  };
}

/// One layer stored in half, against a reference with rounded inputs: 2^-10 (|ref| + rms).
inline Bound half_bound(const net::Tensor& reference) {
  return [rms = channel_rms(reference), plane = reference.plane_size()](
             std::size_t i, double value) { return 0x1p-10 * (std::abs(value) + rms[i / plane]); };
}

/// tanh and sigmoid in float.
inline Bound activation_bound() {
  return [](std::size_t, double) { return 1e-6; };
}

/// The ONNX project's test data: rtol 1e-3, atol 1e-5.
inline Bound fixture_bound() {
  return [](std::size_t, double value) { return 1e-5 + 1e-3 * std::abs(value); };
}

/// The reference rounded to float.
inline Bound exact_bound() {
  return [](std::size_t, double value) {
    return std::abs(value - static_cast<double>(static_cast<float>(value)));
  };
}

}  // namespace impasto::test
