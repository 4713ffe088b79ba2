// Owns: frames that need no file, for `bench` and for compiling in `inspect`. Depends on: video.
#pragma once

#include "engine/video/frame.h"

namespace impasto::app {

/// 8-bit 4:2:0, BT.709, limited range.
video::FrameFormat generated_format(int width, int height);
/// Gradients with edges and noise that move with `number`.
video::Frame generate_frame(const video::FrameFormat& format, int number);

}  // namespace impasto::app
