// Owns: whether a file is as long as it says itself. Internal to engine/video: demuxers take a file
// that was cut off for one that ends there.
// Depends on: libav.h. To add a container: a branch in is_cut_off().
#pragma once

#include "engine/video/libav.h"

namespace impasto::video {

/// After the last packet was read, since the file's position moves. False where nothing tells.
bool is_cut_off(AVFormatContext& format, AVStream& video);

}  // namespace impasto::video
