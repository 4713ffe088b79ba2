#include "engine/video/packet_reader.h"

#include <chrono>
#include <set>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/video/whole_file.h"

namespace impasto::video {

PacketReader::PacketReader(const SourceOptions& options)
    : options_(options), input_(open_input(options)) {
  AVFormatContext& format = *input_.format;
  streams_.format = &format;
  streams_.copy = options.copy_streams;
  streams_.stream_count = format.nb_streams;
  streams_.video_index = av_find_best_stream(&format, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (streams_.video_index < 0) {
    throw Error(ExitCode::input, options.input + " holds no picture");
  }
  for (unsigned i = 0; i < format.nb_streams; ++i) {
    AVStream& other = *format.streams[i];
    if (static_cast<int>(i) == streams_.video_index) continue;
    if (!options.copy_streams) other.discard = AVDISCARD_ALL;
  }
}

PacketReader::~PacketReader() {
  streams_.relay.connect({});
}

void PacketReader::damage(const std::string& what) {
  if (!damaged_) {
    log::warning(options_.input + (input_.is_live ? ": " : " is damaged: ") + what);
  }
  damaged_ = true;
}

void PacketReader::rewind_to(std::int64_t time) {
  AVFormatContext* format = input_.format.get();
  if (av_seek_frame(format, -1, time, AVSEEK_FLAG_BACKWARD) < 0 &&
      avformat_seek_file(format, -1, INT64_MIN, time, INT64_MAX, 0) < 0) {
    throw Error(ExitCode::input, options_.input + " cannot be sought in");
  }
  time_ = TimeMending();
  failures_ = 0;
  packets_since_gap_ = 0;
}

AVPacket* PacketReader::next() {
  while (read()) {
    const bool restarted = time_.mend(*packet_, *input_.format);
    if (packet_->stream_index == streams_.video_index) {
      look_for_gap(restarted);
      return packet_.get();
    }
    pass_on();
  }
  return nullptr;
}

/// A packet of any stream; false at the end or when cancelled.
bool PacketReader::read() {
  while (!cancelled()) {
    const int result = av_read_frame(input_.format.get(), packet_.get());
    if (result == AVERROR(EAGAIN)) {  // a camera has nothing yet
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      continue;
    }
    if (result >= 0) {
      failures_ = 0;
      return true;
    }
    if (result != AVERROR_EOF && result != AVERROR_EXIT) {
      damage(std::string("reading failed: ") + error_text(result));
      if (++failures_ < most_failures && result == AVERROR_INVALIDDATA) continue;
    }
    if (!cancelled() && !input_.is_live && is_cut_off(*input_.format, picture())) {
      damage("it ends before its last frame");
    }
    if (packets_since_gap_ > 0) damage("its last part is incomplete");
    return false;
  }
  return false;
}

/// In microseconds, or AV_NOPTS_VALUE.
std::int64_t PacketReader::packet_start() const {
  const AVStream& of = *input_.format->streams[packet_->stream_index];
  const std::int64_t start = packet_->pts != AV_NOPTS_VALUE ? packet_->pts : packet_->dts;
  return start == AV_NOPTS_VALUE ? AV_NOPTS_VALUE
                                 : av_rescale_q(start, of.time_base, AV_TIME_BASE_Q);
}

/// The packet belongs to a stream beside the picture: to the relay, where that is copied.
void PacketReader::pass_on() {
  if (!streams_.copy || static_cast<unsigned>(packet_->stream_index) >= streams_.stream_count) {
    return av_packet_unref(packet_.get());
  }
  const std::int64_t start = packet_start();
  PacketPtr copy = make_packet();
  av_packet_move_ref(copy.get(), packet_.get());
  streams_.relay.add(std::move(copy), start);
}

void PacketReader::finish_sound(std::int64_t picture_end) {
  // Muxers let streams be so far apart.
  constexpr std::int64_t most_apart = 10LL * AV_TIME_BASE;
  if (!streams_.copy || input_.is_live) return;
  std::set<int> behind;
  for (unsigned i = 0; i < streams_.stream_count; ++i) {
    const AVStream& other = *input_.format->streams[i];
    if (other.codecpar->codec_type == AVMEDIA_TYPE_AUDIO) behind.insert(other.index);
  }
  while (!behind.empty() && !cancelled() &&
         av_read_frame(input_.format.get(), packet_.get()) >= 0) {
    time_.mend(*packet_, *input_.format);
    const std::int64_t start = packet_start();  // AV_NOPTS_VALUE is less than any
    const bool of_picture = packet_->stream_index == streams_.video_index;
    const bool past = start > picture_end;
    if (past) behind.erase(packet_->stream_index);
    if (of_picture && start > picture_end + most_apart) behind.clear();
    // The relay would drop what is past the end, but not once it holds too much.
    if (of_picture || past) {
      av_packet_unref(packet_.get());
    } else {
      pass_on();
    }
  }
}

/// Where transport streams were joined, their packet counters break as they do in a gap: only the
/// clock tells them apart, and parsers mark a neighbour of the packet that was hit.
void PacketReader::look_for_gap(bool restarted) {
  constexpr int most_apart = 4;
  const bool marked = (packet_->flags & AV_PKT_FLAG_CORRUPT) != 0;
  if (restarted) {
    packets_since_gap_ = 0;
  } else if (marked || packets_since_gap_ > 0) {
    if (++packets_since_gap_ < most_apart) return;
    damage("a part of the file is missing or unreadable");
    packets_since_gap_ = 0;
  }
}

}  // namespace impasto::video
