// Owns: the list of a net's layers that a feature view can show: those that leave values of their
// own behind, whatever is fused. Depends on: net.h.
#pragma once

#include <string>
#include <vector>

#include "engine/net/net.h"

namespace impasto::net {

struct FeatureLayer {
  std::string name;  ///< the node's; "#2", "#3" is appended where the model uses a name again
  std::string kind;  ///< op_name of the node; of a norm norm_kind_name
  int channels = 0;
  bool normalizes = false;  ///< shown before and after
  std::size_t node = 0;     ///< index into Net::nodes
};

/// In execution order: the same list, node indices apart, at every size of a model. Layers that are
/// only read differently (activations, padding, upsampling by repetition) are not in it.
std::vector<FeatureLayer> feature_layers(const Net& net);

}  // namespace impasto::net
