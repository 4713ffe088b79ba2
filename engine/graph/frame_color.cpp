#include "engine/graph/frame_color.h"

#include "engine/graph/frame_layout.h"

namespace impasto::graph {
namespace {

using video::ChromaLocation;

/// Code of 0 and difference between the codes of 0 and 1, for luma (or R, G, B) and for chroma,
/// where 0 stands for -0.5 .. 0.5's middle.
struct Quantization {
  double luma_zero, luma_span, chroma_zero, chroma_span;
};

Quantization quantization(const video::FrameFormat& format) {
  const int depth = format.layout.components[0].depth;
  if (format.color.range == video::Range::full) {
    const double maximum = (1 << depth) - 1;
    return {0, maximum, static_cast<double>(1 << (depth - 1)), maximum};
  }
  const double unit = 1 << (depth - 8);
  return {16 * unit, 219 * unit, 128 * unit, 224 * unit};
}

/// Chroma position within a cell of 2^log2 luma samples, in half samples.
int horizontal_site(ChromaLocation location, int log2) {
  const bool left = location == ChromaLocation::left || location == ChromaLocation::top_left ||
                    location == ChromaLocation::bottom_left;
  return left ? 0 : (1 << log2) - 1;
}

int vertical_site(ChromaLocation location, int log2) {
  switch (location) {
    case ChromaLocation::top_left:
    case ChromaLocation::top:
      return 0;
    case ChromaLocation::bottom_left:
    case ChromaLocation::bottom:
      return log2 == 0 ? 0 : 1 << log2;
    default:
      return (1 << log2) - 1;
  }
}

/// Rows of R, G, B over Y', Cb, Cr with Cb and Cr in -0.5..0.5.
std::array<double, 9> ycc_to_rgb(video::Matrix matrix) {
  if (matrix == video::Matrix::identity) return {0, 0, 1, 1, 0, 0, 0, 1, 0};  // Y is G, Cb B, Cr R
  const auto [r, g, b] = luma_weights(matrix);
  return {1, 0, 2 * (1 - r), 1, -2 * (1 - b) * b / g, -2 * (1 - r) * r / g, 1, 2 * (1 - b), 0};
}

std::array<double, 9> rgb_to_ycc(video::Matrix matrix) {
  if (matrix == video::Matrix::identity) return {0, 1, 0, 0, 0, 1, 1, 0, 0};
  const auto [r, g, b] = luma_weights(matrix);
  const double blue = 0.5 / (1 - b);
  const double red = 0.5 / (1 - r);
  return {r, g, b, -r * blue, -g * blue, 0.5, 0.5, -g * red, -b * red};
}

}  // namespace

std::array<double, 3> luma_weights(video::Matrix matrix) {
  switch (matrix) {
    case video::Matrix::bt601:
      return {0.299, 0.587, 0.114};
    case video::Matrix::bt2020:
      return {0.2627, 0.678, 0.0593};
    default:
      return {0.2126, 0.7152, 0.0722};
  }
}

ColorMatrix codes_to_rgb(const video::FrameFormat& format) {
  const Quantization q = quantization(format);
  ColorMatrix result{};
  const bool gray = format.layout.component_count < 3;
  // With an identity matrix all three components are colours and quantized as luma is.
  const bool colors = format.layout.rgb || format.color.matrix == video::Matrix::identity;
  const std::array<double, 9> matrix = gray ? std::array<double, 9>{1, 0, 0, 1, 0, 0, 1, 0, 0}
                                       : format.layout.rgb
                                           ? std::array<double, 9>{1, 0, 0, 0, 1, 0, 0, 0, 1}
                                           : ycc_to_rgb(format.color.matrix);
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t c = 0; c < 3; ++c) {
      const bool luma = c == 0 || colors;
      const double factor = matrix[3 * row + c] / (luma ? q.luma_span : q.chroma_span);
      result[4 * row + c] = factor;
      result[4 * row + 3] -= factor * (luma ? q.luma_zero : q.chroma_zero);
    }
  }
  return result;
}

ColorMatrix rgb_to_codes(const video::FrameFormat& format) {
  const Quantization q = quantization(format);
  ColorMatrix result{};
  const bool gray = format.layout.component_count < 3;
  const bool colors = format.layout.rgb || format.color.matrix == video::Matrix::identity;
  const std::array<double, 9> matrix =
      format.layout.rgb ? std::array<double, 9>{1, 0, 0, 0, 1, 0, 0, 0, 1}
                        : rgb_to_ycc(gray && colors ? video::Matrix::bt709 : format.color.matrix);
  for (std::size_t c = 0; c < 3; ++c) {
    const bool luma = c == 0 || colors;
    for (std::size_t i = 0; i < 3; ++i) {
      result[4 * c + i] = matrix[3 * c + i] * (luma ? q.luma_span : q.chroma_span);
    }
    result[4 * c + 3] = luma ? q.luma_zero : q.chroma_zero;
  }
  return result;
}

template <class Constants>
void describe_samples(const video::FrameFormat& format, Constants& constants) {
  const video::PixelLayout& layout = format.layout;
  const video::Component& first = layout.components[0];
  const int slot_bytes = first.depth > 8 ? 2 : 1;
  constants.wide = slot_bytes - 1;
  constants.shift = first.shift;
  constants.maximum = (1 << first.depth) - 1;
  if (is_chroma(layout, 1)) {
    constants.log2_x = layout.log2_chroma_width;
    constants.log2_y = layout.log2_chroma_height;
    constants.site_x = horizontal_site(format.color.chroma, layout.log2_chroma_width);
    constants.site_y = vertical_site(format.color.chroma, layout.log2_chroma_height);
  }
  const auto place = [&](int index, int& plane, int& offset, int& step) {
    const video::Component& component = layout.components[static_cast<std::size_t>(index)];
    plane = component.plane;
    offset = component.offset / slot_bytes;
    step = component.step / slot_bytes;
  };
  place(0, constants.plane0, constants.offset0, constants.step0);
  if (layout.component_count >= 3) {
    place(1, constants.plane1, constants.offset1, constants.step1);
    place(2, constants.plane2, constants.offset2, constants.step2);
  }
  if (layout.has_alpha()) {
    place(layout.component_count - 1, constants.plane3, constants.offset3, constants.step3);
  }
  constants.curve = format.color.transfer == video::Transfer::pq ? abi::CURVE_PQ : abi::CURVE_NONE;
}

template void describe_samples(const video::FrameFormat&, abi::IngestConstants&);
template void describe_samples(const video::FrameFormat&, abi::EmitConstants&);

}  // namespace impasto::graph
