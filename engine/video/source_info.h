// Owns: what a demuxer and its first frame say of a source, and which decoder it gets. Internal to
// engine/video. Depends on: input.h, source.h.
#pragma once

#include "engine/video/input.h"

namespace impasto::video {

/// Null where this FFmpeg has none.
const AVCodec* choose_decoder(const AVStream& stream);

/// All but `format`, which is a matter of the frame's layout.
SourceInfo describe_source(const SourceOptions& options, const Input& input, AVStream& video,
                           AVFrame& first);

}  // namespace impasto::video
