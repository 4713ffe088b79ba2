#include "engine/net/norm_layers.h"

#include <map>
#include <set>

namespace impasto::net {

std::vector<NormLayer> norm_layers(const Net& net) {
  std::vector<NormLayer> layers;
  std::map<std::string, int> used;
  for (std::size_t i = 0; i < net.nodes.size(); ++i) {
    const Node& node = net.nodes[i];
    const auto* norm = std::get_if<Norm>(&node.op);
    if (!norm) continue;
    NormLayer layer{node.name, norm->kind,  norm->groups, net.value(node.output).channels,
                    i,         norm->gamma, norm->beta};
    if (const int count = ++used[node.name]; count > 1) layer.name += "#" + std::to_string(count);
    layers.push_back(std::move(layer));
  }
  return layers;
}

const char* norm_kind_name(NormKind kind) {
  switch (kind) {
    case NormKind::instance:
      return "instance";
    case NormKind::group:
      return "group";
    case NormKind::layer:
      return "layer";
    case NormKind::batch_frame:
      return "batch";
    case NormKind::batch_stored:
      return "stored batch";
  }
  return "";
}

void make_norms_live(Net& net) {
  std::set<ParameterId> taken;
  const auto own = [&](ParameterId& id, const Node& node, const char* name, float neutral) {
    if (id == none) {
      const auto channels = static_cast<std::size_t>(net.value(node.output).channels);
      net.parameters.push_back(
          {node.name + " " + name, std::vector<float>(channels, neutral), nullptr});
    } else if (taken.contains(id)) {
      net.parameters.push_back(Parameter(net.parameters[static_cast<std::size_t>(id)]));
    } else {
      taken.insert(id);
      return;
    }
    id = static_cast<ParameterId>(net.parameters.size()) - 1;
    taken.insert(id);
  };
  for (Node& node : net.nodes) {
    auto* norm = std::get_if<Norm>(&node.op);
    if (!norm) continue;
    own(norm->gamma, node, "gamma", 1);
    own(norm->beta, node, "beta", 0);
  }
}

}  // namespace impasto::net
