#include "engine/video/source.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>

#include "engine/base/error.h"
#include "engine/video/converter.h"
#include "engine/video/packet_reader.h"
#include "engine/video/pixel_formats.h"
#include "engine/video/source_info.h"

namespace impasto::video {
namespace {

/// A camera's packets, and plain pictures made of them, lie in memory that is gone when it is
/// closed.
void give_own_memory(AVPacket& packet) {
  const auto size = static_cast<std::size_t>(packet.size);
  AVBufferRef* own = av_buffer_allocz(size + AV_INPUT_BUFFER_PADDING_SIZE);
  if (own == nullptr) throw std::bad_alloc();
  std::memcpy(own->data, packet.data, size);
  av_buffer_unref(&packet.buf);
  packet.buf = own;
  packet.data = own->data;
}

class LibavSource final : public Source {
 public:
  explicit LibavSource(const SourceOptions& options);
  const SourceInfo& info() const override { return info_; }
  std::optional<Frame> read() override;
  void seek(double seconds) override;
  bool damaged() const override { return reader_.damaged(); }
  InputStreams& streams() override { return reader_.streams(); }

 private:
  void open_decoder();
  void describe();
  FramePtr decode();
  FramePtr decode_sought();
  void rewind_to(std::int64_t time);
  bool begins_after(const AVFrame& picture, std::int64_t pts) const;
  void feed();
  void take(AVPacket& packet);
  Frame wrap(FramePtr picture);
  AVStream& stream() const { return reader_.picture(); }

  SourceOptions options_;
  PacketReader reader_;
  CodecPtr decoder_;
  Converter converter_;
  FramePtr first_picture_;            ///< decoded to describe the source, not read yet
  FramePtr next_picture_;             ///< decoded to know that the one before was sought
  std::optional<std::int64_t> seek_;  ///< pts that the next read is to show
  SourceInfo info_;
  bool draining_ = false;
  int drain_failures_ = 0;
  std::int64_t frames_read_ = 0;
  std::int64_t picture_end_ = 0;  ///< of the last frame read, in microseconds
  std::int64_t next_pts_ = 0;     ///< where a frame without a time stamp goes
  std::int64_t pts_offset_ = 0;
};

LibavSource::LibavSource(const SourceOptions& options) : options_(options), reader_(options) {
  open_decoder();
  first_picture_ = decode();
  if (!first_picture_) {
    throw Error(ExitCode::input, "no frame of " + options.input + " can be decoded (" +
                                     avcodec_get_name(stream().codecpar->codec_id) + ")");
  }
  describe();
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
  if (reader_.input().is_live) decoder_->thread_type = FF_THREAD_SLICE;
  decoder_->pkt_timebase = video.time_base;
  if (result >= 0) result = avcodec_open2(decoder_.get(), codec, nullptr);
  if (result < 0) {
    throw Error(ExitCode::input,
                options_.input + ": cannot decode " + codec_name + ": " + error_text(result));
  }
}

void LibavSource::describe() {
  AVFrame& first = *first_picture_;
  info_ = describe_source(options_, reader_.input(), stream(), first);
  InputStreams& streams = reader_.streams();
  streams.yuvj = std::string_view(av_get_pix_fmt_name(static_cast<AVPixelFormat>(first.format)))
                     .starts_with("yuvj");
  streams.first_frame = make_frame();
  if (av_frame_copy_props(streams.first_frame.get(), &first) < 0) throw std::bad_alloc();
  if (streams.yuvj) streams.first_frame->color_range = AVCOL_RANGE_JPEG;
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

std::optional<Frame> LibavSource::read() {
  if (options_.frame_limit > 0 && frames_read_ == options_.frame_limit) {
    reader_.finish_sound(picture_end_);
    reader_.streams().relay.end(false);
    return std::nullopt;
  }
  FramePtr picture = first_picture_  ? std::move(first_picture_)
                     : seek_         ? decode_sought()
                     : next_picture_ ? std::move(next_picture_)
                                     : decode();
  if (!picture) {
    reader_.streams().relay.end(!reader_.cancelled());
    return std::nullopt;
  }
  ++frames_read_;
  Frame frame = wrap(std::move(picture));
  picture_end_ =
      av_rescale_q(frame.pts + pts_offset_ + frame.duration, stream().time_base, AV_TIME_BASE_Q);
  reader_.streams().relay.advance(picture_end_);
  return frame;
}

void LibavSource::seek(double seconds) {
  assert(info_.seekable && !reader_.streams().copy);
  first_picture_.reset();
  const double time = info_.start_seconds + std::max(seconds, 0.0);
  seek_ = std::llround(time / info_.time_base.value());
}

/// Decoding goes on at a key frame at or before `time`, in microseconds.
void LibavSource::rewind_to(std::int64_t time) {
  reader_.rewind_to(time);
  avcodec_flush_buffers(decoder_.get());
  next_picture_.reset();
  draining_ = false;
  drain_failures_ = 0;
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
  while (!reader_.cancelled()) {
    const int result = avcodec_receive_frame(decoder_.get(), picture.get());
    if (result == 0) {
      if (picture->decode_error_flags != 0 || (picture->flags & AV_FRAME_FLAG_CORRUPT) != 0) {
        reader_.damage("some frames are decoded with errors");
      }
      return picture;
    }
    if (result == AVERROR_EOF) return nullptr;
    if (result == AVERROR(EAGAIN)) {
      feed();
    } else {
      reader_.damage("some frames cannot be decoded");
      // A decoder that fails while it drains has no further input to recover with.
      if (draining_ && ++drain_failures_ >= PacketReader::most_failures) return nullptr;
    }
  }
  return nullptr;
}

/// The next packet to the decoder, or word that there is none.
void LibavSource::feed() {
  if (AVPacket* packet = reader_.next()) return take(*packet);
  if (reader_.cancelled()) return;
  draining_ = true;
  avcodec_send_packet(decoder_.get(), nullptr);
}

void LibavSource::take(AVPacket& packet) {
  // A buffer that the camera's driver reports as broken comes empty; to a decoder that is the end.
  if (packet.size == 0 && packet.side_data_elems == 0) return av_packet_unref(&packet);
  if (reader_.input().is_camera) give_own_memory(packet);
  const int result = avcodec_send_packet(decoder_.get(), &packet);
  av_packet_unref(&packet);
  if (result == AVERROR(ENOMEM)) throw std::bad_alloc();
  if (result < 0) reader_.damage("some frames cannot be decoded");
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
