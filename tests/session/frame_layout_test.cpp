// Packing of frames into the region that the device reads.
#include <gtest/gtest.h>

#include "engine/graph/frame_layout.h"
#include "engine/video/pixel_formats.h"
#include "tests/support/frame_reference.h"

namespace impasto::test {
namespace {

// Frames come with any distance between rows, a negative one too.
TEST(FrameLayout, rows_of_any_stride) {
  for (const char* layout : {"yuv420p", "p010le", "rgb24"}) {
    const video::FrameFormat format{13, 7, *video::find_layout(layout), {}};
    const video::Frame frame = random_frame(format, 3).frame;
    video::Frame flipped = frame;
    const video::WritableFrame reversed = video::allocate_frame(format);
    for (std::size_t plane = 0; plane < static_cast<std::size_t>(format.layout.plane_count);
         ++plane) {
      const int index = static_cast<int>(plane);
      const int rows = format.plane_height(index);
      const std::ptrdiff_t stride = reversed.frame.strides[plane];
      for (int row = 0; row < rows; ++row) {
        std::memcpy(reversed.planes[plane] + stride * (rows - 1 - row),
                    frame.planes[plane] + frame.strides[plane] * row,
                    static_cast<std::size_t>(format.plane_width_bytes(index)));
      }
      flipped.planes[plane] = reversed.planes[plane] + stride * (rows - 1);
      flipped.strides[plane] = -stride;
    }
    const graph::FrameLayout packed = graph::plan_layout(format);
    std::vector<std::byte> from_frame(packed.bytes);
    std::vector<std::byte> from_flipped(packed.bytes);
    graph::pack_frame(frame, packed, from_frame);
    graph::pack_frame(flipped, packed, from_flipped);
    EXPECT_EQ(from_frame, from_flipped) << layout;
  }
}

}  // namespace
}  // namespace impasto::test
