// Owns: carrying out what the panel asked for. Depends on: state.h, pipeline.h, window.h.
#pragma once

#include "app/live/actions.h"
#include "app/live/pipeline.h"
#include "app/live/window.h"

namespace impasto::live {

/// Takes state.requests. Nothing here waits.
void serve_requests(State& state, Pipeline& pipeline, Window& window, Clock::time_point now);

}  // namespace impasto::live
