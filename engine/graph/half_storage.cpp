#include "engine/graph/half_storage.h"

#include <algorithm>

namespace impasto::graph {

std::vector<bool> choose_half_storage(const net::Net& net, Precision precision) {
  if (precision != Precision::fp16) {
    return std::vector<bool>(net.values.size(), precision == Precision::fp16_everywhere);
  }
  const auto convolutions = [](const net::Node& node) {
    return std::holds_alternative<net::Conv>(node.op) ||
                   std::holds_alternative<net::ConvTranspose>(node.op)
               ? 1
               : 0;
  };
  std::vector<int> behind(net.values.size(), 0);
  std::vector<int> ahead(net.values.size(), 0);
  for (const net::Node& node : net.nodes) {
    int& own = behind[static_cast<std::size_t>(node.output)];
    for (const net::ValueId input : node.inputs) {
      own = std::max(own, behind[static_cast<std::size_t>(input)] + convolutions(node));
    }
  }
  for (auto node = net.nodes.rbegin(); node != net.nodes.rend(); ++node) {
    const int own = ahead[static_cast<std::size_t>(node->output)] + convolutions(*node);
    for (const net::ValueId input : node->inputs) {
      int& known = ahead[static_cast<std::size_t>(input)];
      known = std::max(known, own);
    }
  }
  std::vector<bool> half(net.values.size());
  for (std::size_t i = 0; i < half.size(); ++i) half[i] = behind[i] >= 2 && ahead[i] >= 1;
  return half;
}

}  // namespace impasto::graph
