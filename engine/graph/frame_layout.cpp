#include "engine/graph/frame_layout.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace impasto::graph {
namespace {

std::uint64_t round_up(std::uint64_t value, std::uint64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

int shift_up(int value, int shift) {
  return (value + (1 << shift) - 1) >> shift;
}

}  // namespace

bool is_chroma(const video::PixelLayout& layout, int index) {
  return !layout.rgb && layout.component_count >= 3 && (index == 1 || index == 2);
}

FrameLayout plan_layout(const video::FrameFormat& format) {
  FrameLayout result;
  result.plane_count = format.layout.plane_count;
  for (int plane = 0; plane < result.plane_count; ++plane) {
    PlanePlacement& placement = result.planes[static_cast<std::size_t>(plane)];
    for (int i = 0; i < format.layout.component_count; ++i) {
      const video::Component& component = format.layout.components[static_cast<std::size_t>(i)];
      if (component.plane != plane) continue;
      const bool chroma = is_chroma(format.layout, i);
      const int columns = shift_up(format.width, chroma ? format.layout.log2_chroma_width : 0);
      const int rows = shift_up(format.height, chroma ? format.layout.log2_chroma_height : 0);
      placement.row_bytes =
          std::max(placement.row_bytes, static_cast<std::uint32_t>(columns * component.step));
      placement.rows = std::max(placement.rows, static_cast<std::uint32_t>(rows));
    }
    placement.offset = result.bytes;
    placement.pitch = static_cast<std::uint32_t>(round_up(placement.row_bytes, 16));
    result.bytes = round_up(result.bytes + std::uint64_t{placement.pitch} * placement.rows, 256);
  }
  return result;
}

void pack_frame(const video::Frame& frame, const FrameLayout& layout,
                std::span<std::byte> staging) {
  assert(staging.size() >= layout.bytes);
  for (std::size_t plane = 0; plane < static_cast<std::size_t>(layout.plane_count); ++plane) {
    const PlanePlacement& placement = layout.planes[plane];
    for (std::uint32_t row = 0; row < placement.rows; ++row) {
      std::memcpy(staging.data() + placement.offset + std::uint64_t{placement.pitch} * row,
                  frame.planes[plane] + frame.strides[plane] * static_cast<std::ptrdiff_t>(row),
                  placement.row_bytes);
    }
  }
}

void unpack_frame(std::span<const std::byte> region, const FrameLayout& layout,
                  const video::WritableFrame& frame) {
  assert(region.size() >= layout.bytes);
  for (std::size_t plane = 0; plane < static_cast<std::size_t>(layout.plane_count); ++plane) {
    const PlanePlacement& placement = layout.planes[plane];
    for (std::uint32_t row = 0; row < placement.rows; ++row) {
      std::memcpy(
          frame.planes[plane] + frame.frame.strides[plane] * static_cast<std::ptrdiff_t>(row),
          region.data() + placement.offset + std::uint64_t{placement.pitch} * row,
          placement.row_bytes);
    }
  }
}

}  // namespace impasto::graph
