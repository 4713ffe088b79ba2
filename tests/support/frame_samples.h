// Owns: the samples of a frame as one sequence, to compare frames by.
// Depends on: engine/video/frame.h.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/video/frame.h"

namespace impasto::test {

/// Plane after plane, row after row, without what lies between rows.
inline std::vector<std::byte> samples(const video::Frame& frame) {
  std::vector<std::byte> bytes;
  for (int plane = 0; plane < frame.format.layout.plane_count; ++plane) {
    const auto p = static_cast<std::size_t>(plane);
    for (int y = 0; y < frame.format.plane_height(plane); ++y) {
      const std::byte* row = frame.planes[p] + frame.strides[p] * y;
      bytes.insert(bytes.end(), row, row + frame.format.plane_width_bytes(plane));
    }
  }
  return bytes;
}

}  // namespace impasto::test
