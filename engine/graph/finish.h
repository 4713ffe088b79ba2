// Owns: the last step of compiling: a draft with addresses and barriers becomes a RenderGraph.
// Depends on: draft.h, place.h, order.h.
#pragma once

#include "engine/graph/draft.h"

namespace impasto::graph {

RenderGraph finish(Draft& draft);

}  // namespace impasto::graph
