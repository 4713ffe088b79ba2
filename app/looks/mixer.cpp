#include "app/looks/mixer.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace impasto::app {
namespace {

constexpr float smallest_share = 0.1F;

float sum(const std::vector<float>& weights) {
  return std::accumulate(weights.begin(), weights.end(), 0.0F);
}

}  // namespace

std::vector<float> normalised(std::vector<float> weights) {
  if (sum(weights) < 1e-6F) {
    for (float& weight : weights) weight = weight > 0 ? 1.0F : 0.0F;
  }
  const float total = sum(weights);
  if (total == 0) return weights;
  for (float& weight : weights) weight /= total;
  return weights;
}

std::vector<float> with_weight(std::vector<float> weights, std::size_t style, float value) {
  value = std::clamp(value, 0.0F, 1.0F);
  weights[style] = 0;
  const float others = sum(weights);
  const float rest = 1 - value;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (i == style) continue;
    weights[i] =
        others > 1e-6F ? weights[i] / others * rest : rest / static_cast<float>(weights.size() - 1);
  }
  weights[style] = weights.size() == 1 ? 1 : value;
  return weights;
}

std::vector<float> only_style(const net::ModelInfo& model, std::size_t style) {
  std::vector<float> weights(model.styles.size(), 0.0F);
  weights[style] = 1;
  return weights;
}

std::vector<float> random_mix(const net::ModelInfo& model, std::mt19937& random) {
  std::vector<std::size_t> candidates;
  for (std::size_t i = 0; i < model.styles.size(); ++i) {
    if (static_cast<int>(i) != model.identity_style || model.styles.size() == 1) {
      candidates.push_back(i);
    }
  }
  std::shuffle(candidates.begin(), candidates.end(), random);
  const auto wanted = std::uniform_int_distribution<std::size_t>(2, 4)(random);
  candidates.resize(std::min(wanted, candidates.size()));
  std::vector<float> weights(model.styles.size(), 0.0F);
  std::uniform_real_distribution<float> share(0, 1);
  float total = 0;
  for (const std::size_t style : candidates) total += weights[style] = share(random) + 1e-3F;
  const float free = 1 - smallest_share * static_cast<float>(candidates.size());
  for (const std::size_t style : candidates) {
    weights[style] = smallest_share + free * weights[style] / total;
  }
  return weights;
}

}  // namespace impasto::app
