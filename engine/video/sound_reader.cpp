#include "engine/video/sound_reader.h"

extern "C" {
#include <libavutil/channel_layout.h>
#include <libswresample/swresample.h>
}

#include <algorithm>

#include "engine/base/error.h"

namespace impasto::video {
namespace {

constexpr std::int64_t microseconds = AV_TIME_BASE;

}  // namespace

void SoundReader::Deleter::operator()(SwrContext* context) const {
  swr_free(&context);
}

SoundReader::SoundReader(const SourceOptions& options) : options_(options) {
  open();
}

SoundReader::~SoundReader() = default;

void SoundReader::open() {
  input_ = open_input(options_);
  AVFormatContext& format = *input_.format;
  index_ = av_find_best_stream(&format, AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
  if (index_ < 0) throw Error(ExitCode::input, options_.input + " holds no sound");
  // Where clocks may restart, all streams tell when.
  const bool restarts = (format.iformat->flags & AVFMT_TS_DISCONT) != 0;
  for (unsigned i = 0; i < format.nb_streams; ++i) {
    if (static_cast<int>(i) != index_ && !restarts) format.streams[i]->discard = AVDISCARD_ALL;
  }
  start_ = format.start_time != AV_NOPTS_VALUE ? format.start_time : 0;
  const AVCodecParameters& parameters = *stream().codecpar;
  const AVCodec* codec = avcodec_find_decoder(parameters.codec_id);
  decoder_.reset(avcodec_alloc_context3(codec));
  if (!decoder_) throw std::bad_alloc();
  int result = codec != nullptr ? avcodec_parameters_to_context(decoder_.get(), &parameters)
                                : AVERROR_DECODER_NOT_FOUND;
  decoder_->pkt_timebase = stream().time_base;
  if (result >= 0) result = avcodec_open2(decoder_.get(), codec, nullptr);
  if (result < 0) {
    throw Error(ExitCode::input, options_.input + ": cannot decode its sound (" +
                                     avcodec_get_name(parameters.codec_id) +
                                     "): " + error_text(result));
  }
  draining_ = false;
  ended_ = false;
  next_time_ = 0;
}

void SoundReader::seek(std::int64_t time) {
  resampler_.reset();
  shape_.reset();
  mending_ = TimeMending();
  const QuietLibav quiet;
  if (av_seek_frame(input_.format.get(), -1, start_ + std::max<std::int64_t>(time, 0),
                    AVSEEK_FLAG_BACKWARD) < 0) {
    open();
    return;
  }
  avcodec_flush_buffers(decoder_.get());
  draining_ = false;
  ended_ = false;
  next_time_ = time;
}

/// Sends the next packet, or the end, to the decoder; false when cancelled.
bool SoundReader::feed() {
  const auto cancelled = [&] { return options_.cancel != nullptr && options_.cancel->load(); };
  while (!cancelled()) {
    const int result = av_read_frame(input_.format.get(), packet_.get());
    if (result == AVERROR(EAGAIN)) continue;
    if (result < 0) {
      draining_ = true;
      avcodec_send_packet(decoder_.get(), nullptr);
      return !cancelled();
    }
    mending_.mend(*packet_, *input_.format);
    const bool ours = packet_->stream_index == index_ && packet_->size > 0;
    if (ours) avcodec_send_packet(decoder_.get(), packet_.get());
    av_packet_unref(packet_.get());
    if (ours) return true;
  }
  return false;
}

std::optional<SoundReader::Piece> SoundReader::read() {
  while (!ended_) {
    const int result = avcodec_receive_frame(decoder_.get(), frame_.get());
    std::optional<Piece> piece;
    if (result == 0) {
      piece = convert(frame_.get());
    } else if (result == AVERROR_EOF || (draining_ && result != AVERROR(EAGAIN))) {
      ended_ = true;
      piece = convert(nullptr);
    } else if (!feed()) {
      return std::nullopt;
    }
    if (piece && !piece->samples.empty()) return piece;
  }
  return std::nullopt;
}

/// Null: what the resampler still holds.
std::optional<SoundReader::Piece> SoundReader::convert(const AVFrame* frame) {
  const bool same =
      frame == nullptr ||
      (shape_ && shape_->format == frame->format && shape_->sample_rate == frame->sample_rate &&
       av_channel_layout_compare(&shape_->ch_layout, &frame->ch_layout) == 0);
  if (!same) {
    AVChannelLayout layout{};
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
      av_channel_layout_default(&layout, frame->ch_layout.nb_channels);
    } else if (av_channel_layout_copy(&layout, &frame->ch_layout) < 0) {
      throw std::bad_alloc();
    }
    SwrContext* context = nullptr;
    AVChannelLayout stereo = AV_CHANNEL_LAYOUT_STEREO;
    int result = swr_alloc_set_opts2(&context, &stereo, AV_SAMPLE_FMT_FLT, sound_rate, &layout,
                                     static_cast<AVSampleFormat>(frame->format), frame->sample_rate,
                                     0, nullptr);
    av_channel_layout_uninit(&layout);
    resampler_.reset(context);
    if (result >= 0) result = swr_init(context);
    if (result < 0) {
      throw Error(ExitCode::input,
                  options_.input + ": cannot convert its sound: " + error_text(result));
    }
    shape_ = make_frame();
    shape_->format = frame->format;
    shape_->sample_rate = frame->sample_rate;
    if (av_channel_layout_copy(&shape_->ch_layout, &frame->ch_layout) < 0) throw std::bad_alloc();
  }
  if (!resampler_) return std::nullopt;
  Piece piece;
  const std::int64_t held = swr_get_delay(resampler_.get(), microseconds);
  piece.time = next_time_;
  if (frame != nullptr && frame->best_effort_timestamp != AV_NOPTS_VALUE) {
    piece.time = av_rescale_q(frame->best_effort_timestamp, stream().time_base, AV_TIME_BASE_Q) -
                 start_ - held;
  }
  const int count = frame != nullptr ? frame->nb_samples : 0;
  const int room = swr_get_out_samples(resampler_.get(), count);
  if (room < 0) return std::nullopt;
  piece.samples.resize(static_cast<std::size_t>(room) * sound_channels);
  auto* output = reinterpret_cast<std::uint8_t*>(piece.samples.data());
  const int written = swr_convert(
      resampler_.get(), &output, room,
      frame != nullptr ? const_cast<const std::uint8_t**>(frame->extended_data) : nullptr, count);
  piece.samples.resize(static_cast<std::size_t>(std::max(written, 0)) * sound_channels);
  next_time_ = piece.time + av_rescale(std::max(written, 0), microseconds, sound_rate);
  return piece;
}

}  // namespace impasto::video
