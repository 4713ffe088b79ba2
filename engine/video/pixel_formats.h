// Owns: which pixel formats the engine reads and writes, each as a PixelLayout.
// Depends on: video/frame.h; pixel_formats.cpp reads FFmpeg's own descriptions, so a new format
// needs no row here: every format whose samples are whole 8-bit or little-endian 16-bit words at a
// fixed step has a layout.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "engine/video/frame.h"

namespace impasto::video {

/// The layout of FFmpeg's format of this name; empty where it has no direct description (palettes,
/// bit-packed, Bayer, XYZ, floating point, big-endian words). "yuvj420p" and its like give the
/// layout of "yuv420p": the range is not part of a layout.
std::optional<PixelLayout> find_layout(std::string_view name);

/// Every layout there is, in FFmpeg's order.
std::vector<PixelLayout> all_layouts();

/// The format that loses least when `name` has no layout itself ("pal8" -> "bgra").
PixelLayout nearest_layout(std::string_view name);

}  // namespace impasto::video
