// Owns: a constant or style value as the second operand of an activation: a vector of the host
// where it varies along the channels only, else a constant activation.
// Depends on: onnx_graph.h.
#pragma once

#include "engine/net/onnx_graph.h"

namespace impasto::net {

/// Exactly one of the two is set.
struct Operand {
  ParameterId parameter = none;  ///< [1], or [channels of the activation]
  ValueId value = -1;            ///< broadcasts against the activation
};

/// Brings an operand that NumPy's rule broadcasts to the activation's logical shape to the places
/// where the activation's values lie. Refuses what broadcasts the other way.
Operand read_operand(GraphBuilder& graph, const View& view, const ImportValue& operand);

/// A constant as an activation of its own, [c][h][w] under the rule of [1,C,H,W].
ValueId emit_constant(GraphBuilder& graph, const ImportValue& operand);

}  // namespace impasto::net
