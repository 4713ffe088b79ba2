#include <cstring>

#include "engine/base/half.h"
#include "engine/graph/lower.h"

namespace impasto::graph {

TensorRef lower_constant(Draft& draft, const std::string& name, const net::Constant& op,
                         int channels, int height, int width) {
  TensorRef tensor{-1, channels, height, width,
                   draft.options().precision == Precision::fp16_everywhere};
  const auto texels = static_cast<std::size_t>(tensor.plane_texels());
  std::vector<float> packed(texels * tensor.planes() * 4, 0.0F);
  for (int channel = 0; channel < channels; ++channel) {
    for (std::size_t i = 0; i < texels; ++i) {
      packed[(static_cast<std::size_t>(channel / 4) * texels + i) * 4 + channel % 4] =
          (*op.data)[static_cast<std::size_t>(channel) * texels + i];
    }
  }
  if (!tensor.half) {
    tensor.resource = draft.constant(name + " value", packed);
    return tensor;
  }
  std::vector<std::int32_t> words(packed.size() / 2);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto low = static_cast<std::uint32_t>(half_from_float(packed[2 * i]));
    const auto high = static_cast<std::uint32_t>(half_from_float(packed[2 * i + 1]));
    words[i] = static_cast<std::int32_t>(low | high << 16);
  }
  tensor.resource = draft.constant(name + " value", words);
  return tensor;
}

}  // namespace impasto::graph
