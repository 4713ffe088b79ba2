// Owns: the walk over a net that turns it into a draft: what each value is read as, which op is
// absorbed by its neighbour, in what order passes are appended. Depends on: lower.h, net.
// Storage: with Precision::fp16 a value is stored as fp16 where at least two convolutions lie
// behind it on some path from the input and one before it on some path to the output. Errors of the
// first layers are amplified by every norm after them, and those of the last are seen as they are:
// with these in fp32, five whole networks stay within 1 code of 255, without within 4. A rule is a
// function of Walker with its switch in Fusions; with every switch off each op is at least one pass
// of its own.
#pragma once

#include "engine/graph/draft.h"
#include "engine/net/net.h"

namespace impasto::graph {

/// Appends the network's passes; `input` holds the net's input. Returns the stored output.
TensorRef lower_network(Draft& draft, const net::Net& net, const TensorRef& input);

}  // namespace impasto::graph
