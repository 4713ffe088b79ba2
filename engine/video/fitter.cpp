#include "engine/video/fitter.h"

extern "C" {
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"

namespace impasto::video {
namespace {

struct Rectangle {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

/// Begins and ends on whole chroma samples.
Rectangle largest_inside(const FrameFormat& source, const FrameFormat& target) {
  const double scale = std::min(static_cast<double>(target.width) / source.width,
                                static_cast<double>(target.height) / source.height);
  const int step_x = 1 << target.layout.log2_chroma_width;
  const int step_y = 1 << target.layout.log2_chroma_height;
  const auto size = [&](int from, int most, int step) {
    const int wanted = static_cast<int>(std::lround(from * scale));
    return wanted + step > most ? most : std::max(wanted / step * step, step);
  };
  Rectangle inside;
  inside.width = size(source.width, target.width, step_x);
  inside.height = size(source.height, target.height, step_y);
  inside.x = (target.width - inside.width) / 2 / step_x * step_x;
  inside.y = (target.height - inside.height) / 2 / step_y * step_y;
  return inside;
}

const int* coefficients(Matrix matrix) {
  switch (matrix) {
    case Matrix::bt709:
      return sws_getCoefficients(SWS_CS_ITU709);
    case Matrix::bt2020:
      return sws_getCoefficients(SWS_CS_BT2020);
    default:
      return sws_getCoefficients(SWS_CS_ITU601);
  }
}

AVPixelFormat pixel_format(const FrameFormat& format) {
  return av_get_pix_fmt(format.layout.name.c_str());
}

}  // namespace

void Fitter::Deleter::operator()(SwsContext* context) const {
  sws_freeContext(context);
}

Fitter::Fitter() = default;
Fitter::~Fitter() = default;

Frame Fitter::fit(const Frame& frame, const FrameFormat& target) {
  const FrameFormat& source = frame.format;
  if (source.width == target.width && source.height == target.height &&
      source.layout == target.layout && source.color.matrix == target.color.matrix &&
      source.color.range == target.color.range) {
    return frame;
  }
  const AVPixelFormat from = pixel_format(source);
  const AVPixelFormat to = pixel_format(target);
  const Rectangle inside = largest_inside(source, target);
  const int flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP;
  context_.reset(sws_getCachedContext(context_.release(), source.width, source.height, from,
                                      inside.width, inside.height, to, flags, nullptr, nullptr,
                                      nullptr));
  if (!context_) {
    throw Error(ExitCode::output, "no conversion from pixel format " + source.layout.name + " to " +
                                      target.layout.name);
  }
  constexpr int unchanged = 1 << 16;
  sws_setColorspaceDetails(context_.get(), coefficients(source.color.matrix),
                           source.color.range == Range::full ? 1 : 0,
                           coefficients(target.color.matrix),
                           target.color.range == Range::full ? 1 : 0, 0, unchanged, unchanged);

  WritableFrame result = allocate_frame(target);
  std::uint8_t* planes[4] = {};
  std::uint8_t* begins[4] = {};
  const std::uint8_t* source_planes[4] = {};
  int strides[4] = {};
  int source_strides[4] = {};
  for (int i = 0; i < target.layout.plane_count; ++i) {
    planes[i] = reinterpret_cast<std::uint8_t*>(result.planes[i]);
    strides[i] = static_cast<int>(result.frame.strides[i]);
    const bool chroma = !target.layout.rgb && (i == 1 || i == 2);
    const int y = chroma ? inside.y >> target.layout.log2_chroma_height : inside.y;
    begins[i] = planes[i] + y * strides[i] + av_image_get_linesize(to, inside.x, i);
  }
  for (int i = 0; i < source.layout.plane_count; ++i) {
    source_planes[i] = reinterpret_cast<const std::uint8_t*>(frame.planes[i]);
    source_strides[i] = static_cast<int>(frame.strides[i]);
  }
  if (inside.width != target.width || inside.height != target.height) {
    const std::ptrdiff_t rows[4] = {strides[0], strides[1], strides[2], strides[3]};
    av_image_fill_black(planes, rows, to,
                        target.color.range == Range::full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG,
                        target.width, target.height);
  }
  sws_scale(context_.get(), source_planes, source_strides, 0, source.height, begins, strides);
  result.frame.pts = frame.pts;
  result.frame.duration = frame.duration;
  result.frame.properties = frame.properties;
  return result.frame;
}

}  // namespace impasto::video
