// Owns: rewriting of an imported net: batch norms folded into convolutions, hand-written norms
// recognised, norm parameters joined, dead biases dropped, what nothing reads removed. Every rule
// keeps the results up to rounding.
// Depends on: net.h. To add a rule: a function, and its line in simplify().
#pragma once

#include "engine/net/net.h"

namespace impasto::net {

/// Applies all rules below, in this order, and remove_unread; then make_norms_live.
void simplify(Net& net, bool fold_batch = true);

/// ReduceMean, Sub, square, ReduceMean, Add eps, Sqrt, Div -> Norm{instance}.
void recognise_instance_norms(Net& net);
/// Norm without an affine part (or one that is 1 and 0), then Mul and Add by vectors -> Norm.
void join_norm_parameters(Net& net);
/// Norm{batch_stored} after a Conv or ConvTranspose with no other reader.
void fold_batch_norms(Net& net);
/// A bias in front of a norm that subtracts the mean of each channel is dead.
void drop_dead_biases(Net& net);
/// Nodes, values and parameters that the output does not depend on. The input value stays.
void remove_unread(Net& net);

}  // namespace impasto::net
