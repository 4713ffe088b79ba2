#include "engine/net/feature_layers.h"

#include <map>

#include "engine/net/norm_layers.h"

namespace impasto::net {
namespace {

template <class... Ops>
bool is_one_of(const Op& op) {
  return (std::holds_alternative<Ops>(op) || ...);
}

}  // namespace

std::vector<FeatureLayer> feature_layers(const Net& net) {
  std::vector<FeatureLayer> layers;
  std::map<std::string, int> used;
  for (std::size_t i = 0; i < net.nodes.size(); ++i) {
    const Node& node = net.nodes[i];
    if (!is_one_of<Conv, ConvTranspose, Norm, Pool, GlobalPool, Binary, Concat>(node.op)) continue;
    const auto* norm = std::get_if<Norm>(&node.op);
    FeatureLayer layer{node.name, norm ? norm_kind_name(norm->kind) : op_name(node.op),
                       net.value(node.output).channels, norm != nullptr, i};
    if (const int count = ++used[node.name]; count > 1) layer.name += "#" + std::to_string(count);
    layers.push_back(std::move(layer));
  }
  return layers;
}

}  // namespace impasto::net
