#include "engine/video/frame.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <new>

namespace impasto::video {
namespace {

bool is_chroma(const PixelLayout& layout, int component) {
  return !layout.rgb && layout.component_count >= 3 && (component == 1 || component == 2);
}

int round_up_shift(int value, int shift) {
  return (value + (1 << shift) - 1) >> shift;
}

}  // namespace

int FrameFormat::plane_width_bytes(int plane) const {
  int bytes = 0;
  for (int i = 0; i < layout.component_count; ++i) {
    const Component& component = layout.components[i];
    if (component.plane != plane) continue;
    const int shift = is_chroma(layout, i) ? layout.log2_chroma_width : 0;
    bytes = std::max(bytes, round_up_shift(width, shift) * component.step);
  }
  return bytes;
}

int FrameFormat::plane_height(int plane) const {
  int rows = 0;
  for (int i = 0; i < layout.component_count; ++i) {
    if (layout.components[i].plane != plane) continue;
    const int shift = is_chroma(layout, i) ? layout.log2_chroma_height : 0;
    rows = std::max(rows, round_up_shift(height, shift));
  }
  return rows;
}

WritableFrame allocate_frame(const FrameFormat& format) {
  constexpr std::size_t alignment = 64;
  assert(format.width > 0 && format.height > 0);
  WritableFrame result;
  result.frame.format = format;
  std::array<std::size_t, 4> offsets{};
  std::size_t total = 0;
  for (int plane = 0; plane < format.layout.plane_count; ++plane) {
    const std::size_t row = static_cast<std::size_t>(format.plane_width_bytes(plane));
    const std::size_t stride = (row + alignment - 1) / alignment * alignment;
    result.frame.strides[plane] = static_cast<std::ptrdiff_t>(stride);
    offsets[plane] = total;
    total += stride * static_cast<std::size_t>(format.plane_height(plane));
  }
  // One spare block: vector code of encoders may read past the end of the last row.
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(alignment, total + alignment));
  if (memory == nullptr) throw std::bad_alloc();
  result.frame.owner = std::shared_ptr<const void>(memory, [](void* start) { std::free(start); });
  for (int plane = 0; plane < format.layout.plane_count; ++plane) {
    result.planes[plane] = memory + offsets[plane];
    result.frame.planes[plane] = result.planes[plane];
  }
  return result;
}

}  // namespace impasto::video
