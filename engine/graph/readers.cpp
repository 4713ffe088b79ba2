#include "engine/graph/readers.h"

#include <algorithm>

namespace impasto::graph {

Readers::Readers(const net::Net& net) : net_(net), nodes_(net.values.size()) {
  for (std::size_t i = 0; i < net.nodes.size(); ++i) {
    for (const net::ValueId input : net.nodes[i].inputs) {
      nodes_[static_cast<std::size_t>(input)].push_back(i);
    }
  }
}

std::optional<std::size_t> Readers::only(net::ValueId id) const {
  if (of(id).size() != 1 || id == net_.output) return std::nullopt;
  return of(id).front();
}

bool Readers::reach_binary(net::ValueId id, bool sums) const {
  bool may_scale = true;
  for (auto reader = only(id); reader; reader = only(id)) {
    const net::Node& node = net_.nodes[*reader];
    if (!same_shape(id, node.output)) return false;
    if (const auto* binary = std::get_if<net::Binary>(&node.op)) {
      return commutes(binary->kind) &&
             std::all_of(node.inputs.begin(), node.inputs.end(),
                         [&](net::ValueId input) { return same_shape(input, id); });
    }
    const auto* vector = std::get_if<net::BinaryParameter>(&node.op);
    if (!vector) return false;
    if (vector->kind == net::BinaryKind::mul && may_scale) {
      may_scale = false;
    } else if (vector->kind == net::BinaryKind::add && sums) {
      may_scale = sums = false;
    } else {
      return false;
    }
    id = node.output;
  }
  return false;
}

bool Readers::same_shape(net::ValueId a, net::ValueId b) const {
  const net::Value& left = net_.value(a);
  const net::Value& right = net_.value(b);
  return left.channels == right.channels && left.height == right.height &&
         left.width == right.width;
}

bool commutes(net::BinaryKind kind) {
  return kind == net::BinaryKind::add || kind == net::BinaryKind::mul ||
         kind == net::BinaryKind::min || kind == net::BinaryKind::max;
}

}  // namespace impasto::graph
