// Owns: random and listed tensors for tests, equal in every run and on every machine.
// Depends on: engine/net/tensor.h.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/net/tensor.h"

namespace impasto::test {

/// SplitMix64: the standard library's distributions differ between implementations.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t bits() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  /// Uniform in [low, high), exactly a float.
  float uniform(float low = -1, float high = 1) {
    return low + (high - low) * static_cast<float>(bits() >> 40) * 0x1p-24F;
  }
  /// Near to normal with this mean and deviation (sum of twelve uniforms), exactly a float.
  float normal(float mean = 0, float deviation = 1) {
    float sum = -6;
    for (int i = 0; i < 12; ++i) sum += uniform(0, 1);
    return mean + deviation * sum;
  }
  /// A whole number of low .. high.
  int whole(int low, int high) {
    return low + static_cast<int>(bits() % static_cast<std::uint64_t>(high - low + 1));
  }

 private:
  std::uint64_t state_;
};

inline net::Tensor random_tensor(int channels, int height, int width, std::uint64_t seed,
                                 float low = -1, float high = 1) {
  Random random(seed);
  net::Tensor tensor(channels, height, width);
  for (double& value : tensor.data) value = random.uniform(low, high);
  return tensor;
}

inline net::Tensor normal_tensor(int channels, int height, int width, std::uint64_t seed,
                                 float mean = 0, float deviation = 1) {
  Random random(seed);
  net::Tensor tensor(channels, height, width);
  for (double& value : tensor.data) value = random.normal(mean, deviation);
  return tensor;
}

inline net::Tensor listed_tensor(int channels, int height, int width, std::vector<double> data) {
  net::Tensor tensor;
  tensor.channels = channels;
  tensor.height = height;
  tensor.width = width;
  tensor.data = std::move(data);
  return tensor;
}

inline std::vector<float> random_vector(std::size_t size, std::uint64_t seed, float low = -1,
                                        float high = 1) {
  Random random(seed);
  std::vector<float> result(size);
  for (float& value : result) value = random.uniform(low, high);
  return result;
}

}  // namespace impasto::test
