// Owns: the list of a net's norm layers: what a user tunes by name. Depends on: net.h.
#pragma once

#include <string>
#include <vector>

#include "engine/net/net.h"

namespace impasto::net {

struct NormLayer {
  std::string name;  ///< the node's; "#2", "#3" is appended where the model uses a name again
  NormKind kind = NormKind::instance;
  int groups = 1;  ///< NormKind::group only
  int channels = 0;
  std::size_t node = 0;  ///< index into Net::nodes
  /// [channels] each, of this layer alone; never `none` in a net that Model::build returned.
  ParameterId gamma = none;
  ParameterId beta = none;
};

/// In execution order: the same list, node indices apart, at every size of a model.
std::vector<NormLayer> norm_layers(const Net& net);

/// "instance", "group", "layer", "batch" (of the frame) or "stored batch".
const char* norm_kind_name(NormKind kind);

/// Gives every norm a gamma and a beta of its own where it has none (1 and 0) or shares one with
/// another, so that all of them are live. Changes no result.
void make_norms_live(Net& net);

}  // namespace impasto::net
