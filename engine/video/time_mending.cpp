#include "engine/video/time_mending.h"

namespace impasto::video {
namespace {

constexpr std::int64_t most_backward = AV_TIME_BASE / 10;
constexpr std::int64_t most_forward = std::int64_t{10} * AV_TIME_BASE;

bool continues(std::int64_t time, std::int64_t expected) {
  return time - expected >= -most_backward && time - expected <= most_forward;
}

}  // namespace

bool TimeMending::mend(AVPacket& packet, const AVFormatContext& format) {
  if ((format.iformat->flags & AVFMT_TS_DISCONT) == 0 || packet.dts == AV_NOPTS_VALUE) {
    return false;
  }
  const AVStream& stream = *format.streams[packet.stream_index];
  if (tracks_.size() < format.nb_streams) tracks_.resize(format.nb_streams);
  Track& track = tracks_[static_cast<std::size_t>(packet.stream_index)];
  const std::int64_t time = av_rescale_q(packet.dts, stream.time_base, AV_TIME_BASE_Q);
  const AVMediaType kind = stream.codecpar->codec_type;
  const bool steady = kind == AVMEDIA_TYPE_VIDEO || kind == AVMEDIA_TYPE_AUDIO;
  bool restarted = false;
  if (!steady || !track.started) {
    track.shift = latest_shift_;
  } else if (!continues(time + track.shift, track.expected)) {
    if (!continues(time + latest_shift_, track.expected)) latest_shift_ = track.expected - time;
    track.shift = latest_shift_;
    restarted = true;
  }
  const std::int64_t shift = av_rescale_q(track.shift, AV_TIME_BASE_Q, stream.time_base);
  packet.dts += shift;
  if (packet.pts != AV_NOPTS_VALUE) packet.pts += shift;
  track.started = true;
  track.expected =
      time + track.shift + av_rescale_q(packet.duration, stream.time_base, AV_TIME_BASE_Q);
  return restarted;
}

}  // namespace impasto::video
