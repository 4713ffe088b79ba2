#include <cmath>

#include "tests/support/onnx_builder.h"
#include "tests/support/onnx_fixtures.h"
#include "tests/support/tensors.h"

namespace impasto::test {
namespace {

constexpr float epsilon = 1e-3F;

/// (x - mean) / sqrt(variance + epsilon) over runs of channels with all their rows and columns.
net::Tensor normalized(const net::Tensor& x, int groups) {
  net::Tensor y = x;
  const std::size_t run = x.data.size() / static_cast<std::size_t>(groups);
  for (std::size_t begin = 0; begin < x.data.size(); begin += run) {
    double mean = 0;
    for (std::size_t i = 0; i < run; ++i) mean += x.data[begin + i] / static_cast<double>(run);
    double variance = 0;
    for (std::size_t i = 0; i < run; ++i) {
      variance += std::pow(x.data[begin + i] - mean, 2) / static_cast<double>(run);
    }
    const double deviation = std::sqrt(variance + static_cast<double>(epsilon));
    for (std::size_t i = 0; i < run; ++i)
      y.data[begin + i] = (x.data[begin + i] - mean) / deviation;
  }
  return y;
}

/// One normalization with a scale and a shift of the same shape.
struct NormCase {
  const char* name;
  const char* op;
  int opset = 21;
  int groups = 1;
  Integers scale_shape{};
};

/// Scale and shift of the element at [c][y][x].
std::size_t scale_index(const NormCase& item, const net::Tensor& x, std::size_t i) {
  const std::size_t channel = i / x.plane_size();
  const Integers& shape = item.scale_shape;
  if (shape.size() == 3) return shape[1] > 1 ? i : channel;
  const std::size_t per_scale =
      static_cast<std::size_t>(x.channels) / static_cast<std::size_t>(shape[0]);
  return channel / per_scale;
}

OnnxFixture make(const NormCase& item, int channels, int height, int width) {
  const net::Tensor x = normal_tensor(channels, height, width, 11, 3, 2);
  std::size_t count = 1;
  for (const std::int64_t size : item.scale_shape) count *= static_cast<std::size_t>(size);
  const Floats scale = random_vector(count, 12, 0.5F, 2);
  const Floats shift = random_vector(count, 13);
  OnnxBuilder model(item.opset);
  model.input("picture", {1, channels, height, width});
  auto& node = model.node(item.op,
                          {"picture", model.floats("scale", item.scale_shape, scale),
                           model.floats("shift", item.scale_shape, shift)},
                          "result");
  set(node, "epsilon", epsilon);
  if (item.groups > 1) set(node, "num_groups", item.groups);
  if (item.scale_shape.size() == 3) set(node, "axis", 1);
  model.output("result");
  net::Tensor expected = normalized(x, item.groups);
  for (std::size_t i = 0; i < expected.data.size(); ++i) {
    const std::size_t at = scale_index(item, x, i);
    expected.data[i] =
        expected.data[i] * static_cast<double>(scale[at]) + static_cast<double>(shift[at]);
  }
  return {std::string("own/") + item.name, parse(model, item.name).build(height, width), x,
          expected, model.bytes()};
}

}  // namespace

std::vector<OnnxFixture> own_onnx_fixtures() {
  std::vector<OnnxFixture> fixtures;
  for (const NormCase& item : {
           NormCase{"group_norm_18_scale_per_group", "GroupNormalization", 18, 4, {4}},
           NormCase{"group_norm_18_two_groups", "GroupNormalization", 18, 2, {2}},
           NormCase{"group_norm_21_scale_per_channel", "GroupNormalization", 21, 4, {12}},
           NormCase{"group_norm_21_group_per_channel", "GroupNormalization", 21, 12, {12}},
           NormCase{"layer_norm_scale_per_channel", "LayerNormalization", 17, 1, {12, 1, 1}},
           NormCase{"layer_norm_scale_per_element", "LayerNormalization", 17, 1, {12, 7, 9}},
       }) {
    fixtures.push_back(make(item, 12, 7, 9));
  }
  return fixtures;
}

}  // namespace impasto::test
