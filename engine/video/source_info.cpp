#include "engine/video/source_info.h"

extern "C" {
#include <libavutil/display.h>
}

#include <cmath>
#include <cstring>

namespace impasto::video {

const AVCodec* choose_decoder(const AVStream& stream) {
  // FFmpeg's own VP8 and VP9 decoders leave the alpha plane out; libvpx's show it.
  const AVDictionaryEntry* alpha = av_dict_get(stream.metadata, "alpha_mode", nullptr, 0);
  const AVCodecID id = stream.codecpar->codec_id;
  if (alpha != nullptr && std::strcmp(alpha->value, "1") == 0) {
    const char* name = id == AV_CODEC_ID_VP9   ? "libvpx-vp9"
                       : id == AV_CODEC_ID_VP8 ? "libvpx"
                                               : nullptr;
    if (name != nullptr) {
      if (const AVCodec* decoder = avcodec_find_decoder_by_name(name)) return decoder;
    }
  }
  return avcodec_find_decoder(id);
}

namespace {

Rational to_rational(AVRational value) {
  return {value.num, value.den == 0 ? 1 : value.den};
}

/// Degrees clockwise of a display matrix; 0 for none.
int rotation_of(const std::uint8_t* matrix) {
  if (matrix == nullptr) return 0;
  const double counter_clockwise =
      av_display_rotation_get(reinterpret_cast<const std::int32_t*>(matrix));
  if (std::isnan(counter_clockwise)) return 0;
  const long quarter = std::lround(-counter_clockwise / 90.0);
  return static_cast<int>((quarter % 4 + 4) % 4) * 90;
}

}  // namespace

SourceInfo describe_source(const SourceOptions& options, const Input& input, AVStream& video,
                           AVFrame& first) {
  AVFormatContext& format = *input.format;
  SourceInfo info;
  info.name = options.input;
  info.container = format.iformat->name;
  info.codec = avcodec_get_name(video.codecpar->codec_id);
  info.time_base = to_rational(video.time_base);
  const AVRational rate = video.avg_frame_rate.num > 0 ? video.avg_frame_rate : video.r_frame_rate;
  info.frame_rate = to_rational(rate);
  for (unsigned i = 0; i < format.nb_streams; ++i) {
    if (format.streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO) info.has_audio = true;
  }
  info.is_image = input.is_image;
  info.is_live = input.is_live;
  info.is_camera = input.is_camera;
  info.first_number = input.first_number;
  const AVRational aspect = av_guess_sample_aspect_ratio(&format, &video, &first);
  if (aspect.num > 0 && aspect.den > 0) info.sample_aspect_ratio = to_rational(aspect);

  const std::uint8_t* matrix = av_stream_get_side_data(&video, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
  const AVFrameSideData* frame_matrix = av_frame_get_side_data(&first, AV_FRAME_DATA_DISPLAYMATRIX);
  if (matrix == nullptr && frame_matrix != nullptr) matrix = frame_matrix->data;
  info.rotation = rotation_of(matrix);

  if (format.duration > 0 && !info.is_image) {
    info.duration_seconds = static_cast<double>(format.duration) / AV_TIME_BASE;
  }
  if (format.start_time != AV_NOPTS_VALUE && !info.is_live) {
    info.start_seconds = static_cast<double>(format.start_time) / AV_TIME_BASE;
  }
  const bool in_pieces = (format.iformat->flags & AVFMT_NOFILE) != 0;  // an image sequence
  info.seekable =
      !info.is_live && !info.is_image && info.duration_seconds > 0 &&
      (in_pieces || (format.pb != nullptr && (format.pb->seekable & AVIO_SEEKABLE_NORMAL) != 0));
  info.frame_count = info.is_image ? 1 : video.nb_frames;
  if (info.frame_count == 0 && info.duration_seconds > 0 && info.frame_rate.numerator > 0) {
    info.frame_count = std::llround(info.duration_seconds * info.frame_rate.value());
  }
  const std::int64_t limit = options.frame_limit;
  if (limit > 0 && (info.frame_count == 0 || info.frame_count > limit)) {
    info.frame_count = limit;
  }
  return info;
}

}  // namespace impasto::video
