// Owns: a look: all that a user changes between two frames, edits of gamma and beta included, and
// what it makes of a net's parameters. Depends on: feature_layers.h, norm_layers.h, model.h. Plain
// values: looks are compared, kept and interpolated; nothing here needs a device or is bound to a
// thread.
//
// Edits of a norm layer, on top of its gamma and beta for the style:
//   gamma' = gain * gamma + channel_gamma[c]
//   beta'  = beta + offset + channel_beta[c]
// All four are linear, the neutral edit is {1, 0, {}, {}}, and any gamma' and beta' can be reached
// whatever gamma is (channel_gamma = wanted - gain * gamma), so looks of one style interpolate
// linearly in every number that reaches the network.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/net/feature_layers.h"
#include "engine/net/model.h"
#include "engine/net/norm_layers.h"

namespace impasto::net {

struct LayerEdit {
  float gain = 1;
  float offset = 0;
  std::vector<float> channel_gamma;  ///< [channels], or empty: 0 for each
  std::vector<float> channel_beta;   ///< the same
  /// Weights over the styles that this layer follows instead of Look::style ("copy from another
  /// style"); empty: Look::style.
  std::vector<float> style;

  bool neutral() const;
  bool operator==(const LayerEdit&) const = default;
};

/// Costs an upload of a few kB, nothing else.
struct Look {
  std::vector<float> style;  ///< weight per ModelInfo::styles; empty: the model has none
  float strength = 1;        ///< 0: the source, exactly; 1: the stylised picture
  float keep_colors = 0;     ///< 1: luma of the result with the chroma of the source
  /// One per norm layer (norm_layers.h, LayerTable), or empty: nothing is edited.
  std::vector<LayerEdit> layers;
  bool operator==(const Look&) const = default;
};

/// `look` with layers of length `count`, to edit one in place.
std::vector<LayerEdit>& editable_layers(Look& look, std::size_t count);
/// Empties what says nothing: zero channel vectors, and `layers` where all are neutral. The look
/// stays the same; equal looks become equal values.
void tidy(Look& look);

/// The look at t of the way from a to b (t in 0..1; the ends exactly), each number by itself. A
/// layer that follows a style of its own in one of them goes there from the other's style. Both
/// are of one model.
Look interpolate(const Look& a, const Look& b, float t);

/// The parameters' values for this look, in the order of net.parameters. With look.style and no
/// edits the same, bit for bit, as evaluate_parameters(net, style). `layers` is norm_layers(net).
std::vector<std::vector<float>> evaluate_parameters(const Net& net,
                                                    std::span<const NormLayer> layers,
                                                    const Look& look);

/// Gamma and beta of a layer, [channels] each.
struct LayerValues {
  std::vector<float> gamma;
  std::vector<float> beta;
};

/// The norm layers of a model and their values for any look, and what a feature view can show, at
/// any frame size. Immutable; may be used from any thread, beside a running Stylizer.
class LayerTable {
 public:
  explicit LayerTable(const Model& model);

  const std::vector<NormLayer>& layers() const { return layers_; }
  std::size_t size() const { return layers_.size(); }
  const std::vector<FeatureLayer>& feature_layers() const { return feature_layers_; }
  /// For these weights over the styles, without edits.
  LayerValues of_style(std::size_t layer, std::span<const float> style) const;
  /// What the network gets.
  LayerValues of_look(std::size_t layer, const Look& look) const;

 private:
  std::vector<NormLayer> layers_;
  std::vector<FeatureLayer> feature_layers_;
  std::vector<Parameter> parameters_;
};

}  // namespace impasto::net
