// Owns: how the planes of a frame are packed into the frame_in and frame_out regions, and copying
// them there and back. Depends on: video/frame.h alone (it names no FFmpeg type).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/video/frame.h"

namespace impasto::graph {

/// One plane in a region: rows of whole samples, `pitch` bytes apart.
struct PlanePlacement {
  std::uint64_t offset = 0;  ///< bytes; a multiple of 256, which any device can bind
  std::uint32_t pitch = 0;   ///< bytes; a multiple of 16: the shaders read whole words
  std::uint32_t row_bytes = 0;
  std::uint32_t rows = 0;
};

struct FrameLayout {
  std::array<PlanePlacement, 4> planes{};
  int plane_count = 0;
  std::uint64_t bytes = 0;
};

FrameLayout plan_layout(const video::FrameFormat& format);

/// Whether component `index` of a layout has the chroma grid.
bool is_chroma(const video::PixelLayout& layout, int index);

/// Frame planes -> region. `staging` holds layout.bytes; bytes between rows are left alone.
void pack_frame(const video::Frame& frame, const FrameLayout& layout, std::span<std::byte> staging);

/// Region -> frame planes, as allocate_frame gives them.
void unpack_frame(std::span<const std::byte> region, const FrameLayout& layout,
                  const video::WritableFrame& frame);

}  // namespace impasto::graph
