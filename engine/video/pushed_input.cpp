#include "engine/video/pushed_input.h"

extern "C" {
#include <libavutil/channel_layout.h>
#include <libavutil/display.h>
}

#include <new>

#include "engine/video/sound_block.h"

namespace impasto::video {
namespace {

AVStream& add_stream(AVFormatContext& format) {
  AVStream* stream = avformat_new_stream(&format, nullptr);
  if (stream == nullptr) throw std::bad_alloc();
  return *stream;
}

void set_rotation(AVStream& stream, int rotation) {
  if (rotation == 0) return;
  std::uint8_t* matrix =
      av_stream_new_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof(std::int32_t));
  if (matrix == nullptr) throw std::bad_alloc();
  av_display_rotation_set(reinterpret_cast<std::int32_t*>(matrix), -rotation);
}

}  // namespace

PushedInput::PushedInput(SourceInfo described, const Frame& first)
    : info(std::move(described)), format_(avformat_alloc_context()) {
  if (!format_) throw std::bad_alloc();
  info.format = first.format;
  info.time_base = {1, AV_TIME_BASE};
  info.codec = "rawvideo";

  AVStream& video = add_stream(*format_);
  video.codecpar->codec_type = AVMEDIA_TYPE_VIDEO;
  video.codecpar->codec_id = AV_CODEC_ID_RAWVIDEO;
  video.time_base = AV_TIME_BASE_Q;
  video.avg_frame_rate = {info.frame_rate.numerator, info.frame_rate.denominator};
  video.r_frame_rate = video.avg_frame_rate;
  video.sample_aspect_ratio = {info.sample_aspect_ratio.numerator,
                               info.sample_aspect_ratio.denominator};
  set_rotation(video, info.rotation);
  if (info.has_audio) {
    AVStream& sound = add_stream(*format_);
    AVCodecParameters& parameters = *sound.codecpar;
    parameters.codec_type = AVMEDIA_TYPE_AUDIO;
    parameters.codec_id = AV_CODEC_ID_PCM_F32LE;
    parameters.format = AV_SAMPLE_FMT_FLT;
    parameters.sample_rate = sound_rate;
    av_channel_layout_default(&parameters.ch_layout, sound_channels);
    parameters.bits_per_coded_sample = 32;
    parameters.block_align = sizeof(float) * sound_channels;
    sound.time_base = {1, sound_rate};
  }

  streams.format = format_.get();
  streams.video_index = 0;
  streams.copy = info.has_audio;
  streams.encode_sound = true;
  streams.stream_count = format_->nb_streams;
  streams.first_frame = make_frame();
  if (first.properties != nullptr &&
      av_frame_copy_props(streams.first_frame.get(),
                          static_cast<const AVFrame*>(first.properties.get())) < 0) {
    throw std::bad_alloc();
  }
}

}  // namespace impasto::video
