#include "engine/net/look.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace impasto::net {
namespace {

bool all_zero(const std::vector<float>& values) {
  return std::ranges::all_of(values, [](float value) { return value == 0; });
}

/// Number by number; an empty vector stands for zeros.
std::vector<float> mixed(const std::vector<float>& a, const std::vector<float>& b, float t) {
  std::vector<float> result(std::max(a.size(), b.size()));
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = std::lerp(a.empty() ? 0 : a[i], b.empty() ? 0 : b[i], t);
  }
  return result;
}

LayerEdit mixed(const LayerEdit& a, const Look& look_a, const LayerEdit& b, const Look& look_b,
                float t) {
  LayerEdit result;
  result.gain = std::lerp(a.gain, b.gain, t);
  result.offset = std::lerp(a.offset, b.offset, t);
  result.channel_gamma = mixed(a.channel_gamma, b.channel_gamma, t);
  result.channel_beta = mixed(a.channel_beta, b.channel_beta, t);
  if (!a.style.empty() || !b.style.empty()) {
    result.style = mixed(a.style.empty() ? look_a.style : a.style,
                         b.style.empty() ? look_b.style : b.style, t);
  }
  return result;
}

std::vector<float> value_for(const Parameter& parameter, std::span<const float> style) {
  return parameter.from_style && !style.empty() ? parameter.from_style(style) : parameter.value;
}

// gain 1 and offset 0 are left out, so that values without an edit keep every bit (-0 too).
void edit_gamma(const LayerEdit& edit, std::vector<float>& gamma) {
  for (std::size_t c = 0; c < gamma.size(); ++c) {
    if (edit.gain != 1) gamma[c] *= edit.gain;
    if (!edit.channel_gamma.empty()) gamma[c] += edit.channel_gamma[c];
  }
}

void edit_beta(const LayerEdit& edit, std::vector<float>& beta) {
  for (std::size_t c = 0; c < beta.size(); ++c) {
    if (edit.offset != 0) beta[c] += edit.offset;
    if (!edit.channel_beta.empty()) beta[c] += edit.channel_beta[c];
  }
}

}  // namespace

bool LayerEdit::neutral() const {
  return gain == 1 && offset == 0 && all_zero(channel_gamma) && all_zero(channel_beta) &&
         style.empty();
}

std::vector<LayerEdit>& editable_layers(Look& look, std::size_t count) {
  look.layers.resize(count);
  return look.layers;
}

void tidy(Look& look) {
  for (LayerEdit& edit : look.layers) {
    if (all_zero(edit.channel_gamma)) edit.channel_gamma.clear();
    if (all_zero(edit.channel_beta)) edit.channel_beta.clear();
  }
  if (std::ranges::all_of(look.layers, &LayerEdit::neutral)) look.layers.clear();
}

Look interpolate(const Look& a, const Look& b, float t) {
  assert(a.style.size() == b.style.size());
  if (t <= 0) return a;
  if (t >= 1) return b;
  Look result;
  result.style = mixed(a.style, b.style, t);
  result.strength = std::lerp(a.strength, b.strength, t);
  result.keep_colors = std::lerp(a.keep_colors, b.keep_colors, t);
  static const LayerEdit neutral;
  for (std::size_t i = 0; i < std::max(a.layers.size(), b.layers.size()); ++i) {
    result.layers.push_back(mixed(a.layers.empty() ? neutral : a.layers[i], a,
                                  b.layers.empty() ? neutral : b.layers[i], b, t));
  }
  tidy(result);
  return result;
}

std::vector<std::vector<float>> evaluate_parameters(const Net& net,
                                                    std::span<const NormLayer> layers,
                                                    const Look& look) {
  std::vector<std::vector<float>> values = evaluate_parameters(net, look.style);
  assert(look.layers.empty() || look.layers.size() == layers.size());
  for (std::size_t i = 0; i < look.layers.size(); ++i) {
    const LayerEdit& edit = look.layers[i];
    for (const ParameterId id : {layers[i].gamma, layers[i].beta}) {
      const auto index = static_cast<std::size_t>(id);
      if (!edit.style.empty()) values[index] = value_for(net.parameters[index], edit.style);
    }
    edit_gamma(edit, values[static_cast<std::size_t>(layers[i].gamma)]);
    edit_beta(edit, values[static_cast<std::size_t>(layers[i].beta)]);
  }
  return values;
}

LayerTable::LayerTable(const Model& model) {
  Net net = model.build_sample(BatchNorms::live);
  layers_ = norm_layers(net);
  feature_layers_ = net::feature_layers(net);
  parameters_ = std::move(net.parameters);
}

LayerValues LayerTable::of_style(std::size_t layer, std::span<const float> style) const {
  const NormLayer& entry = layers_[layer];
  return {value_for(parameters_[static_cast<std::size_t>(entry.gamma)], style),
          value_for(parameters_[static_cast<std::size_t>(entry.beta)], style)};
}

LayerValues LayerTable::of_look(std::size_t layer, const Look& look) const {
  if (look.layers.empty()) return of_style(layer, look.style);
  const LayerEdit& edit = look.layers[layer];
  LayerValues values = of_style(layer, edit.style.empty() ? look.style : edit.style);
  edit_gamma(edit, values.gamma);
  edit_beta(edit, values.beta);
  return values;
}

}  // namespace impasto::net
