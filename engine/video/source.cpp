#include "engine/video/source.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cmath>
#include <cstring>
#include <set>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/video/converter.h"
#include "engine/video/input.h"
#include "engine/video/pixel_formats.h"
#include "engine/video/source_info.h"
#include "engine/video/streams.h"
#include "engine/video/time_mending.h"
#include "engine/video/whole_file.h"

namespace impasto::video {
namespace {

// A demuxer that fails this often in a row has nothing more to give.
constexpr int most_read_failures = 64;

class LibavSource final : public Source {
 public:
  explicit LibavSource(const SourceOptions& options);
  ~LibavSource() override;
  const SourceInfo& info() const override { return info_; }
  std::optional<Frame> read() override;
  void seek(double seconds) override;
  bool damaged() const override { return damaged_; }
  InputStreams& streams() override { return streams_; }

 private:
  void open_decoder();
  void describe();
  FramePtr decode();
  FramePtr decode_sought();
  void rewind_to(std::int64_t time);
  bool begins_after(const AVFrame& picture, std::int64_t pts) const;
  void feed();
  std::int64_t packet_start() const;
  void pass_on();
  void finish_sound();
  void look_for_gap(bool restarted);
  void copy_packet();
  void take_packet();
  void damage(const std::string& what);
  bool cancelled() const { return options_.cancel != nullptr && options_.cancel->load(); }
  Frame wrap(FramePtr picture);
  AVStream& stream() const { return *input_.format->streams[streams_.video_index]; }

  SourceOptions options_;
  Input input_;
  CodecPtr decoder_;
  Converter converter_;
  PacketPtr packet_ = make_packet();
  FramePtr first_picture_;            ///< decoded to describe the source, not read yet
  FramePtr next_picture_;             ///< decoded to know that the one before was sought
  std::optional<std::int64_t> seek_;  ///< pts that the next read is to show
  InputStreams streams_;
  TimeMending time_;
  SourceInfo info_;
  bool draining_ = false;
  bool damaged_ = false;
  int read_failures_ = 0;
  int packets_since_gap_ = 0;  ///< 0: there is none, or it is accounted for
  std::int64_t frames_read_ = 0;
  std::int64_t picture_end_ = 0;  ///< of the last frame read, in microseconds
  std::int64_t next_pts_ = 0;     ///< where a frame without a time stamp goes
  std::int64_t pts_offset_ = 0;
};

LibavSource::LibavSource(const SourceOptions& options)
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
  open_decoder();
  first_picture_ = decode();
  if (!first_picture_) {
    throw Error(ExitCode::input, "no frame of " + options.input + " can be decoded (" +
                                     avcodec_get_name(stream().codecpar->codec_id) + ")");
  }
  describe();
}

LibavSource::~LibavSource() {
  streams_.relay.connect({});
}

void LibavSource::open_decoder() {
  const AVStream& video = stream();
  const char* codec_name = avcodec_get_name(video.codecpar->codec_id);
  const AVCodec* codec = choose_decoder(video);
  if (codec == nullptr) {
    throw Error(ExitCode::input, options_.input + ": this FFmpeg has no decoder for " + codec_name);
  }
  decoder_.reset(avcodec_alloc_context3(codec));
  if (!decoder_) throw std::bad_alloc();
  int result = avcodec_parameters_to_context(decoder_.get(), video.codecpar);
  decoder_->thread_count = 0;
  // Threads by frames would hold back as many of them.
  if (input_.is_live) decoder_->thread_type = FF_THREAD_SLICE;
  decoder_->pkt_timebase = video.time_base;
  if (result >= 0) result = avcodec_open2(decoder_.get(), codec, nullptr);
  if (result < 0) {
    throw Error(ExitCode::input,
                options_.input + ": cannot decode " + codec_name + ": " + error_text(result));
  }
}

void LibavSource::describe() {
  AVFrame& first = *first_picture_;
  info_ = describe_source(options_, input_, stream(), first);
  streams_.yuvj = std::string_view(av_get_pix_fmt_name(static_cast<AVPixelFormat>(first.format)))
                      .starts_with("yuvj");
  streams_.first_frame = make_frame();
  if (av_frame_copy_props(streams_.first_frame.get(), &first) < 0) throw std::bad_alloc();
  if (streams_.yuvj) streams_.first_frame->color_range = AVCOL_RANGE_JPEG;
  // A camera counts from when the machine started.
  if (info_.is_live && first.best_effort_timestamp != AV_NOPTS_VALUE) {
    pts_offset_ = first.best_effort_timestamp;
  }
  FramePtr same(av_frame_clone(&first));
  if (!same) throw std::bad_alloc();
  const std::int64_t next_pts = next_pts_;
  info_.format = wrap(std::move(same)).format;
  next_pts_ = next_pts;
}

void LibavSource::damage(const std::string& what) {
  if (!damaged_) {
    log::warning(options_.input + (info_.is_live ? ": " : " is damaged: ") + what);
  }
  damaged_ = true;
}

std::optional<Frame> LibavSource::read() {
  if (options_.frame_limit > 0 && frames_read_ == options_.frame_limit) {
    finish_sound();
    streams_.relay.end(false);
    return std::nullopt;
  }
  FramePtr picture = first_picture_  ? std::move(first_picture_)
                     : seek_         ? decode_sought()
                     : next_picture_ ? std::move(next_picture_)
                                     : decode();
  if (!picture) {
    streams_.relay.end(!cancelled());
    return std::nullopt;
  }
  ++frames_read_;
  Frame frame = wrap(std::move(picture));
  picture_end_ =
      av_rescale_q(frame.pts + pts_offset_ + frame.duration, stream().time_base, AV_TIME_BASE_Q);
  streams_.relay.advance(picture_end_);
  return frame;
}

void LibavSource::seek(double seconds) {
  assert(info_.seekable && !streams_.copy);
  first_picture_.reset();
  const double time = info_.start_seconds + std::max(seconds, 0.0);
  seek_ = std::llround(time / info_.time_base.value());
}

/// Reading goes on at a key frame at or before `time`, in microseconds.
void LibavSource::rewind_to(std::int64_t time) {
  AVFormatContext* format = input_.format.get();
  if (av_seek_frame(format, -1, time, AVSEEK_FLAG_BACKWARD) < 0 &&
      avformat_seek_file(format, -1, INT64_MIN, time, INT64_MAX, 0) < 0) {
    throw Error(ExitCode::input, options_.input + " cannot be sought in");
  }
  avcodec_flush_buffers(decoder_.get());
  next_picture_.reset();
  time_ = TimeMending();
  draining_ = false;
  read_failures_ = 0;
  packets_since_gap_ = 0;
}

bool LibavSource::begins_after(const AVFrame& picture, std::int64_t pts) const {
  return picture.best_effort_timestamp != AV_NOPTS_VALUE && picture.best_effort_timestamp > pts;
}

FramePtr LibavSource::decode_sought() {
  const std::int64_t pts = *seek_;
  seek_.reset();
  next_pts_ = pts;
  const std::int64_t target = av_rescale_q(pts, stream().time_base, AV_TIME_BASE_Q);
  // Some demuxers go to a frame after the one sought, or to one that cannot be decoded alone;
  // decoding times of the first frames lie before the beginning.
  const std::int64_t beginning = std::llround((info_.start_seconds - 10) * AV_TIME_BASE);
  for (const int seconds : {0, 2, 20, -1}) {
    const std::int64_t from =
        seconds < 0 ? beginning
                    : std::max(beginning, target - seconds * std::int64_t{AV_TIME_BASE});
    rewind_to(from);
    FramePtr shown = decode();
    if (shown && begins_after(*shown, pts) && from > beginning) continue;
    while (shown) {
      next_picture_ = decode();
      if (!next_picture_ || begins_after(*next_picture_, pts)) break;
      shown = std::move(next_picture_);
    }
    if (shown || from == beginning) return shown;
  }
  return nullptr;
}

/// The next picture, or null at the end.
FramePtr LibavSource::decode() {
  if (info_.is_image && frames_read_ > 0) return nullptr;
  FramePtr picture = make_frame();
  while (!cancelled()) {
    const int result = avcodec_receive_frame(decoder_.get(), picture.get());
    if (result == 0) {
      if (picture->decode_error_flags != 0 || (picture->flags & AV_FRAME_FLAG_CORRUPT) != 0) {
        damage("some frames are decoded with errors");
      }
      return picture;
    }
    if (result == AVERROR_EOF) return nullptr;
    if (result == AVERROR(EAGAIN)) {
      feed();
    } else {
      damage("some frames cannot be decoded");
      // A decoder that fails while it drains has no further input to recover with.
      if (draining_ && ++read_failures_ >= most_read_failures) return nullptr;
    }
  }
  return nullptr;
}

/// Reads packets until the decoder got one, or the end.
void LibavSource::feed() {
  while (!cancelled()) {
    const int result = av_read_frame(input_.format.get(), packet_.get());
    if (result == AVERROR(EAGAIN)) {  // a camera has nothing yet
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      continue;
    }
    if (result < 0) {
      if (result != AVERROR_EOF && result != AVERROR_EXIT) {
        damage(std::string("reading failed: ") + error_text(result));
        if (++read_failures_ < most_read_failures && result == AVERROR_INVALIDDATA) continue;
      }
      if (!cancelled() && !info_.is_live && is_cut_off(*input_.format, stream())) {
        damage("it ends before its last frame");
      }
      if (packets_since_gap_ > 0) damage("its last part is incomplete");
      draining_ = true;
      avcodec_send_packet(decoder_.get(), nullptr);
      return;
    }
    read_failures_ = 0;
    const bool restarted = time_.mend(*packet_, *input_.format);
    if (packet_->stream_index == streams_.video_index) {
      look_for_gap(restarted);
      take_packet();
      return;
    }
    pass_on();
  }
}

/// In microseconds, or AV_NOPTS_VALUE.
std::int64_t LibavSource::packet_start() const {
  const AVStream& of = *input_.format->streams[packet_->stream_index];
  const std::int64_t start = packet_->pts != AV_NOPTS_VALUE ? packet_->pts : packet_->dts;
  return start == AV_NOPTS_VALUE ? AV_NOPTS_VALUE
                                 : av_rescale_q(start, of.time_base, AV_TIME_BASE_Q);
}

/// The packet belongs to a stream beside the picture: to the relay, where that is copied.
void LibavSource::pass_on() {
  if (!streams_.copy || static_cast<unsigned>(packet_->stream_index) >= streams_.stream_count) {
    return av_packet_unref(packet_.get());
  }
  const std::int64_t start = packet_start();
  PacketPtr copy = make_packet();
  av_packet_move_ref(copy.get(), packet_.get());
  streams_.relay.add(std::move(copy), start);
}

/// After the last frame that is wanted: the sound up to its end may lie behind it in the file. How
/// far a decoder has read ahead depends on its threads.
void LibavSource::finish_sound() {
  // Muxers let streams be so far apart.
  constexpr std::int64_t most_apart = 10LL * AV_TIME_BASE;
  if (!streams_.copy || info_.is_live) return;
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
    const bool past = start > picture_end_;
    if (past) behind.erase(packet_->stream_index);
    if (of_picture && start > picture_end_ + most_apart) behind.clear();
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
void LibavSource::look_for_gap(bool restarted) {
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

/// A camera's packets, and plain pictures made of them, lie in memory that is gone when it is
/// closed.
void LibavSource::copy_packet() {
  const auto size = static_cast<std::size_t>(packet_->size);
  AVBufferRef* own = av_buffer_allocz(size + AV_INPUT_BUFFER_PADDING_SIZE);
  if (own == nullptr) throw std::bad_alloc();
  std::memcpy(own->data, packet_->data, size);
  av_buffer_unref(&packet_->buf);
  packet_->buf = own;
  packet_->data = own->data;
}

void LibavSource::take_packet() {
  // A buffer that the camera's driver reports as broken comes empty; to a decoder that is the end.
  if (packet_->size == 0 && packet_->side_data_elems == 0) return av_packet_unref(packet_.get());
  if (input_.is_camera) copy_packet();
  const int result = avcodec_send_packet(decoder_.get(), packet_.get());
  av_packet_unref(packet_.get());
  if (result == AVERROR(ENOMEM)) throw std::bad_alloc();
  if (result < 0) damage("some frames cannot be decoded");
}

Frame LibavSource::wrap(FramePtr picture) {
  if (picture->width <= 0 || picture->height <= 0) {
    throw Error(ExitCode::input, options_.input + ": a frame has no size");
  }
  const char* name = av_get_pix_fmt_name(static_cast<AVPixelFormat>(picture->format));
  std::optional<PixelLayout> layout = find_layout(name);
  if (!layout) {
    layout = nearest_layout(name);
    picture = converter_.convert(*picture, av_get_pix_fmt(layout->name.c_str()));
  }
  Frame frame;
  frame.format.width = picture->width;
  frame.format.height = picture->height;
  frame.format.color =
      describe_color(tags_of(*picture), *layout, std::string_view(name).starts_with("yuvj"),
                     picture->width, picture->height);
  frame.format.layout = *std::move(layout);
  for (int plane = 0; plane < frame.format.layout.plane_count; ++plane) {
    frame.planes[plane] = reinterpret_cast<const std::byte*>(picture->data[plane]);
    frame.strides[plane] = picture->linesize[plane];
  }
  frame.duration = std::max<std::int64_t>(picture->pkt_duration, 0);
  frame.pts = picture->best_effort_timestamp == AV_NOPTS_VALUE
                  ? next_pts_
                  : picture->best_effort_timestamp - pts_offset_;
  next_pts_ = frame.pts + std::max<std::int64_t>(frame.duration, 1);

  FramePtr properties = make_frame();
  if (av_frame_copy_props(properties.get(), picture.get()) < 0) throw std::bad_alloc();
  frame.properties = std::shared_ptr<const AVFrame>(properties.release(), FrameDeleter());
  frame.owner = std::shared_ptr<const AVFrame>(picture.release(), FrameDeleter());
  return frame;
}

}  // namespace

std::unique_ptr<Source> open_source(const SourceOptions& options) {
  return std::make_unique<LibavSource>(options);
}

}  // namespace impasto::video
