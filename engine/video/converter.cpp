#include "engine/video/converter.h"

extern "C" {
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <new>

#include "engine/base/error.h"

namespace impasto::video {

void Converter::Deleter::operator()(SwsContext* context) const {
  sws_freeContext(context);
}

Converter::Converter() = default;
Converter::~Converter() = default;

FramePtr Converter::convert(const AVFrame& source, AVPixelFormat format) {
  const auto source_format = static_cast<AVPixelFormat>(source.format);
  const int flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP;
  context_.reset(sws_getCachedContext(context_.release(), source.width, source.height,
                                      source_format, source.width, source.height, format, flags,
                                      nullptr, nullptr, nullptr));
  if (!context_) {
    throw Error(ExitCode::input, std::string("no conversion from pixel format ") +
                                     av_get_pix_fmt_name(source_format) + " to " +
                                     av_get_pix_fmt_name(format));
  }
  FramePtr target = make_frame();
  target->format = format;
  target->width = source.width;
  target->height = source.height;
  if (av_frame_get_buffer(target.get(), 0) < 0) throw std::bad_alloc();
  sws_scale(context_.get(), source.data, source.linesize, 0, source.height, target->data,
            target->linesize);
  if (av_frame_copy_props(target.get(), &source) < 0) throw std::bad_alloc();
  return target;
}

}  // namespace impasto::video
