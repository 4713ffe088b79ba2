// Owns: a picture as a frame and as the reference's input, and frames as pictures, in full-range
// RGB, where no conversion stands between the two. Depends on: engine/video, support/pictures.h.
#pragma once

#include <cmath>

#include "engine/net/model.h"
#include "engine/net/tensor.h"
#include "engine/video/pixel_formats.h"
#include "tests/support/pictures.h"

namespace impasto::test {

inline constexpr int frame_height = 48;
inline constexpr int frame_width = 72;

inline video::FrameFormat rgb_format() {
  video::FrameFormat format;
  format.width = frame_width;
  format.height = frame_height;
  format.layout = *video::find_layout("rgb24");
  format.color.matrix = video::Matrix::identity;
  format.color.range = video::Range::full;
  return format;
}

/// Gradients, an edge and moire.
inline int code_at(int c, int y, int x) {
  return 20 + (x * (3 + c) + y * (5 - c) + x * y / 7 + 40 * (x > 30 ? 1 : 0)) % 215;
}

inline video::Frame rgb_frame(std::int64_t pts = 0) {
  const video::WritableFrame result = video::allocate_frame(rgb_format());
  for (int y = 0; y < frame_height; ++y) {
    for (int x = 0; x < frame_width; ++x) {
      for (int c = 0; c < 3; ++c) {
        result.planes[0][result.frame.strides[0] * y + 3 * x + c] =
            static_cast<std::byte>(code_at(c, y, x));
      }
    }
  }
  video::Frame frame = result.frame;
  frame.pts = pts;
  return frame;
}

inline net::Tensor rgb_input(const net::ValueRange& range) {
  net::Tensor input(3, frame_height, frame_width);
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < frame_height; ++y) {
      for (int x = 0; x < frame_width; ++x) {
        input.at(c, y, x) =
            std::lerp(double{range.low}, double{range.high}, code_at(c, y, x) / 255.0);
      }
    }
  }
  return input;
}

inline Picture picture_of(const video::Frame& frame) {
  Picture picture{3, frame_height, frame_width, {}};
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < frame_height; ++y) {
      for (int x = 0; x < frame_width; ++x) {
        picture.codes.push_back(
            std::to_integer<std::uint8_t>(frame.planes[0][frame.strides[0] * y + 3 * x + c]));
      }
    }
  }
  return picture;
}

}  // namespace impasto::test
