// Owns: an activation in double precision, for the reference and for whoever compares with it.
// Depends on: the standard library only.
#pragma once

#include <cstddef>
#include <vector>

namespace impasto::net {

/// [channels][height][width], row-major.
struct Tensor {
  int channels = 0;
  int height = 0;
  int width = 0;
  std::vector<double> data;

  Tensor() = default;
  /// Filled with `value`.
  Tensor(int c, int h, int w, double value = 0)
      : channels(c), height(h), width(w), data(static_cast<std::size_t>(c) * h * w, value) {}

  std::size_t plane_size() const { return static_cast<std::size_t>(height) * width; }
  std::size_t index(int c, int y, int x) const {
    return (static_cast<std::size_t>(c) * height + y) * width + x;
  }
  double& at(int c, int y, int x) { return data[index(c, y, x)]; }
  double at(int c, int y, int x) const { return data[index(c, y, x)]; }
  double* row(int c, int y) { return data.data() + index(c, y, 0); }
  const double* row(int c, int y) const { return data.data() + index(c, y, 0); }
  bool operator==(const Tensor&) const = default;
};

}  // namespace impasto::net
