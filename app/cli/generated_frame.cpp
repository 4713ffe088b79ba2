#include "app/cli/generated_frame.h"

#include <random>

#include "engine/video/pixel_formats.h"

namespace impasto::app {

video::FrameFormat generated_format(int width, int height) {
  video::FrameFormat format;
  format.width = width;
  format.height = height;
  format.layout = *video::find_layout("yuv420p");
  format.color.matrix = video::Matrix::bt709;
  return format;
}

video::Frame generate_frame(const video::FrameFormat& format, int number) {
  const video::WritableFrame result = video::allocate_frame(format);
  std::minstd_rand random(static_cast<unsigned>(number + 1));
  for (int plane = 0; plane < format.layout.plane_count; ++plane) {
    const auto p = static_cast<std::size_t>(plane);
    const int columns = format.plane_width_bytes(plane);
    for (int y = 0; y < format.plane_height(plane); ++y) {
      std::byte* row = result.planes[p] + result.frame.strides[p] * y;
      for (int x = 0; x < columns; ++x) {
        const unsigned edge = ((x + 3 * number) / 24 + y / 16) % 2 == 0 ? 96 : 32;
        row[x] = static_cast<std::byte>(edge + static_cast<unsigned>(x * 64 / columns) +
                                        random() % 8 + (plane > 0 ? 32 : 0));
      }
    }
  }
  return result.frame;
}

}  // namespace impasto::app
