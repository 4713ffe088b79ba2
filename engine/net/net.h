// Owns: a network for one frame size: values, nodes in execution order, parameters.
// Depends on: op.h. Built by Model::build (model.h) or by hand in tests; never changed by readers.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/net/op.h"

namespace impasto::net {

using ValueId = int;

/// An activation [channels][height][width].
struct Value {
  std::string name;
  int channels = 0;
  int height = 0;
  int width = 0;
};

struct Node {
  std::string name;
  Op op;
  std::vector<ValueId> inputs;
  ValueId output = -1;
};

/// A small vector (gamma, beta, bias, slope ...) that the host evaluates from the style weights and
/// uploads: switching, mixing and editing styles touch nothing else.
struct Parameter {
  std::string name;
  /// The value where nothing depends on a style; with `from_style`, its value for the first style.
  std::vector<float> value;
  /// Null for a constant. Takes the weights over the styles [S], returns value.size() numbers.
  std::function<std::vector<float>(std::span<const float>)> from_style;
};

struct Net {
  std::vector<Value> values;
  std::vector<Node> nodes;  ///< topological order; each value is written by at most one node
  std::vector<Parameter> parameters;
  ValueId input = -1;
  ValueId output = -1;

  const Value& value(ValueId id) const { return values[static_cast<std::size_t>(id)]; }
};

/// The parameters' values for these style weights, in the order of net.parameters.
std::vector<std::vector<float>> evaluate_parameters(const Net& net, std::span<const float> style);

/// Checks what every reader relies on (order, shapes against ops, parameter sizes); for tests and
/// asserts. Returns an empty string or the first violation.
std::string check(const Net& net);

/// Multiply-accumulates of one frame by the direct method (nominal, as papers count them).
double count_macs(const Net& net);

}  // namespace impasto::net
