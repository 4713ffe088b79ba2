// Owns: the comparison of 8-bit pictures: largest difference, PSNR, SSIM, and the accuracy that
// the project promises for whole networks.
// Depends on: engine/net/tensor.h, GoogleTest.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <vector>

#include "engine/net/tensor.h"

namespace impasto::test {

/// Planar [channels][height][width] codes 0..255.
struct Picture {
  int channels = 0;
  int height = 0;
  int width = 0;
  std::vector<std::uint8_t> codes;
};

/// Values low..high become 0..255, rounded to nearest, clamped; NaN becomes 0.
inline Picture to_picture(const net::Tensor& tensor, double low = 0, double high = 255) {
  Picture picture{tensor.channels, tensor.height, tensor.width, {}};
  picture.codes.reserve(tensor.data.size());
  for (const double value : tensor.data) {
    const double code = std::round((value - low) / (high - low) * 255);
    picture.codes.push_back(static_cast<std::uint8_t>(code > 0 ? std::min(code, 255.0) : 0.0));
  }
  return picture;
}

struct PictureDifference {
  int largest = 0;           ///< codes
  double changed_share = 0;  ///< of all values
  double psnr = 0;           ///< dB of 255, infinite where equal
};

inline PictureDifference difference(const Picture& a, const Picture& b) {
  PictureDifference result;
  double squares = 0;
  std::size_t changed = 0;
  for (std::size_t i = 0; i < a.codes.size(); ++i) {
    const int d = std::abs(int{a.codes[i]} - int{b.codes.at(i)});
    result.largest = std::max(result.largest, d);
    changed += d > 0 ? 1 : 0;
    squares += static_cast<double>(d) * d;
  }
  const auto count = static_cast<double>(a.codes.size());
  result.changed_share = static_cast<double>(changed) / count;
  result.psnr = squares > 0 ? 10 * std::log10(255.0 * 255.0 * count / squares)
                            : std::numeric_limits<double>::infinity();
  return result;
}

/// Mean structural similarity over channels and over every position of an 11x11 Gaussian window
/// of sigma 1.5 inside the picture (Wang et al. 2004); both sides at least 11.
inline double ssim(const Picture& a, const Picture& b) {
  constexpr int size = 11;
  constexpr double c1 = (0.01 * 255) * (0.01 * 255);
  constexpr double c2 = (0.03 * 255) * (0.03 * 255);
  std::array<double, size> window{};
  double window_sum = 0;
  for (int i = 0; i < size; ++i) {
    const double distance = i - size / 2;
    window[static_cast<std::size_t>(i)] = std::exp(-distance * distance / (2 * 1.5 * 1.5));
    window_sum += window[static_cast<std::size_t>(i)];
  }
  for (double& weight : window) weight /= window_sum;

  const int rows = a.height - size + 1;
  const int columns = a.width - size + 1;
  double sum = 0;
  using Sums = std::array<double, 5>;  // of x, y, x*x, y*y, x*y under the window
  std::vector<Sums> along_x(static_cast<std::size_t>(a.height) * columns);
  for (int c = 0; c < a.channels; ++c) {
    for (int y = 0; y < a.height; ++y) {
      const std::size_t row = (static_cast<std::size_t>(c) * a.height + y) * a.width;
      for (int x = 0; x < columns; ++x) {
        Sums& sums = along_x[static_cast<std::size_t>(y) * columns + x];
        sums = {};
        for (std::size_t i = 0; i < size; ++i) {
          const double p = a.codes[row + x + i];
          const double q = b.codes.at(row + x + i);
          const double w = window[i];
          const Sums terms = {p, q, p * p, q * q, p * q};
          for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += w * terms[k];
        }
      }
    }
    for (int y = 0; y < rows; ++y) {
      for (int x = 0; x < columns; ++x) {
        Sums s{};
        for (std::size_t i = 0; i < size; ++i) {
          const Sums& part = along_x[(static_cast<std::size_t>(y) + i) * columns + x];
          for (std::size_t k = 0; k < s.size(); ++k) s[k] += window[i] * part[k];
        }
        const auto [mean_p, mean_q, squares_p, squares_q, products] = s;
        const double variance_p = squares_p - mean_p * mean_p;
        const double variance_q = squares_q - mean_q * mean_q;
        const double covariance = products - mean_p * mean_q;
        sum += (2 * mean_p * mean_q + c1) * (2 * covariance + c2) /
               ((mean_p * mean_p + mean_q * mean_q + c1) * (variance_p + variance_q + c2));
      }
    }
  }
  return sum / (static_cast<double>(a.channels) * rows * columns);
}

/// A whole network in float against the reference: at most 1 code, PSNR >= 75 dB.
inline testing::AssertionResult agrees_in_float(const Picture& reference, const Picture& result) {
  const PictureDifference d = difference(reference, result);
  if (d.largest <= 1 && d.psnr >= 75) return testing::AssertionSuccess();
  return testing::AssertionFailure() << d.largest << " codes, PSNR " << d.psnr << " dB";
}

/// A whole network stored in half against the reference: at most 2 codes, PSNR >= 50 dB, SSIM >=
/// 0.999.
inline testing::AssertionResult agrees_in_half(const Picture& reference, const Picture& result) {
  const PictureDifference d = difference(reference, result);
  const double similarity = ssim(reference, result);
  if (d.largest <= 2 && d.psnr >= 50 && similarity >= 0.999) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << d.largest << " codes, PSNR " << d.psnr << " dB, SSIM " << similarity;
}

/// The same network in float on two drivers or subgroup sizes: 1 code on at most 0.1 % of values.
inline testing::AssertionResult agrees_across_drivers(const Picture& a, const Picture& b) {
  const PictureDifference d = difference(a, b);
  if (d.largest <= 1 && d.changed_share <= 0.001) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << d.largest << " codes, " << 100 * d.changed_share << " % of the values differ";
}

}  // namespace impasto::test
