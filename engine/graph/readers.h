// Owns: who reads the values of a net, for the rules that look ahead. Depends on: net.
#pragma once

#include <optional>
#include <vector>

#include "engine/net/net.h"

namespace impasto::graph {

class Readers {
 public:
  explicit Readers(const net::Net& net);

  /// Nodes that read a value, once per input.
  const std::vector<std::size_t>& of(net::ValueId id) const {
    return nodes_[static_cast<std::size_t>(id)];
  }
  /// The only reader of a value, where there is exactly one and the value is not the net's output.
  std::optional<std::size_t> only(net::ValueId id) const;
  /// The op and output of that reader, where it is an Op.
  template <class Op>
  const Op* only_as(net::ValueId id, net::ValueId& output) const {
    const auto reader = only(id);
    if (!reader) return nullptr;
    output = net_.nodes[*reader].output;
    return std::get_if<Op>(&net_.nodes[*reader].op);
  }
  /// Whether a chain of only readers leads to a binary op of operands and result of this value's
  /// shape, in which it can be either operand: a product with a vector and, where `sums`, a sum
  /// with one, each once, and that op.
  bool reach_binary(net::ValueId id, bool sums) const;
  bool same_shape(net::ValueId a, net::ValueId b) const;

 private:
  const net::Net& net_;
  std::vector<std::vector<std::size_t>> nodes_;  // by value
};

/// Whether the operands can change places.
bool commutes(net::BinaryKind kind);

}  // namespace impasto::graph
