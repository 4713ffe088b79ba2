// Owns: opening a sink for frames that come from no Source. Internal to engine/video. Depends on:
// sink.h, streams.h.
#pragma once

#include <memory>

#include "engine/video/sink.h"
#include "engine/video/streams.h"

namespace impasto::video {

/// By the output's name. Throws Error{usage} where it does not tell.
const AVOutputFormat& choose_container(const SinkOptions& options);

/// Its files hold one picture each.
bool is_picture(const AVOutputFormat& container);

/// As open_sink() of sink.h, for the source that `info` and `input` describe; both outlive it.
std::unique_ptr<Sink> open_sink(const SinkOptions& options, const SourceInfo& info,
                                InputStreams& input);

}  // namespace impasto::video
