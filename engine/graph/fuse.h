// Owns: the walk over a net that turns it into a draft: what each value is read as, which op is
// absorbed by its neighbour, in what order passes are appended. Depends on: lower.h, net. To add a
// rule: fuse_walker.h.
#pragma once

#include "engine/graph/draft.h"
#include "engine/net/net.h"

namespace impasto::graph {

/// Appends the network's passes; `input` holds the net's input. Returns the stored output.
TensorRef lower_network(Draft& draft, const net::Net& net, const TensorRef& input);

}  // namespace impasto::graph
