#include "engine/video/file_sink.h"

extern "C" {
#include <libavutil/mastering_display_metadata.h>
}

#include <algorithm>
#include <csignal>
#include <cstring>

#include "engine/base/log.h"

namespace impasto::video {
namespace {

/// Light levels that came with the first frame rather than with the stream.
void copy_light_levels(const AVFrame& frame, AVStream& stream) {
  const std::pair<AVFrameSideDataType, AVPacketSideDataType> kinds[] = {
      {AV_FRAME_DATA_MASTERING_DISPLAY_METADATA, AV_PKT_DATA_MASTERING_DISPLAY_METADATA},
      {AV_FRAME_DATA_CONTENT_LIGHT_LEVEL, AV_PKT_DATA_CONTENT_LIGHT_LEVEL},
      {AV_FRAME_DATA_DISPLAYMATRIX, AV_PKT_DATA_DISPLAYMATRIX},
  };
  for (const auto& [from, to] : kinds) {
    const AVFrameSideData* data = av_frame_get_side_data(&frame, from);
    if (data == nullptr || av_stream_get_side_data(&stream, to, nullptr) != nullptr) continue;
    std::uint8_t* copy = av_stream_new_side_data(&stream, to, data->size);
    if (copy != nullptr) std::memcpy(copy, data->data, data->size);
  }
}

bool is_mov(const AVOutputFormat& container) {
  const std::string_view name = container.name;
  return name == "mp4" || name == "mov" || name == "ipod" || name == "3gp";
}

}  // namespace

FileSink::FileSink(const SinkOptions& options, const AVOutputFormat& container,
                   const SourceInfo& info, InputStreams& input)
    : options_(options), file_(options.output, options.overwrite), input_(input) {
  source_time_base_ = {info.time_base.numerator, info.time_base.denominator};
  open_encoder(container, info);
  open_container(container);
  streams_ = std::make_unique<StreamCopy>(input_, *format_);
  describe_video(info);
  if (!picture_.note.empty()) log::info(picture_.note);
  write_header();
  if (streams_->copies_any()) {
    input_.relay.connect([this](PacketPtr packet) { write_copied(std::move(packet)); });
  }
}

FileSink::~FileSink() {
  if (finished_) return;
  try {
    finish(ExitCode::output);
  } catch (const std::exception& failure) {
    log::warning(failure.what());
  }
}

void FileSink::open_encoder(const AVOutputFormat& container, const SourceInfo& info) {
  EncoderSettings settings;
  settings.choice = choose_encoder(options_, container, info.format.color);
  const int width = options_.width > 0 ? options_.width : info.format.width;
  const int height = options_.height > 0 ? options_.height : info.format.height;
  save_memory(settings.choice, width, height);
  picture_ = choose_picture(options_, settings.choice, info.format, width, height);
  settings.picture = picture_;
  settings.tags = tags_for(picture_.format, input_.tags());
  settings.properties = input_.first_frame.get();
  settings.sample_aspect_ratio = {info.sample_aspect_ratio.numerator,
                                  info.sample_aspect_ratio.denominator};
  // Unknown stays unknown: 1:1 written where nothing was would be a claim.
  if (input_.first_frame->sample_aspect_ratio.num == 0 &&
      input_.video().sample_aspect_ratio.num == 0) {
    settings.sample_aspect_ratio = {0, 1};
  }
  AVRational rate{info.frame_rate.numerator, info.frame_rate.denominator};
  settings.time_base = source_time_base_;
  if (settings.choice.constant_rate) {
    // The lowest rate of which all times are multiples.
    if (input_.video().r_frame_rate.num > 0) rate = input_.video().r_frame_rate;
    if (rate.num == 0) rate = {25, 1};
    settings.time_base = av_inv_q(rate);
  }
  settings.frame_rate = rate;
  settings.global_header = (container.flags & AVFMT_GLOBALHEADER) != 0;
  settings.reordering = !settings.choice.constant_rate;
  encoder_ = std::make_unique<Encoder>(options_, std::move(settings));
}

void FileSink::open_container(const AVOutputFormat& container) {
  AVFormatContext* raw = nullptr;
  const std::string url =
      file_.working_path() == "-" ? std::string("pipe:1") : file_.working_path();
  if (avformat_alloc_output_context2(&raw, &container, nullptr, url.c_str()) < 0) {
    throw std::bad_alloc();
  }
  format_.reset(raw);
  format_->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
}

void FileSink::describe_video(const SourceInfo& info) {
  AVStream& video = streams_->video();
  const AVCodecContext& encoder = encoder_->context();
  if (avcodec_parameters_from_context(video.codecpar, &encoder) < 0) throw std::bad_alloc();
  if (encoder.codec_id == AV_CODEC_ID_HEVC && is_mov(*format_->oformat)) {
    video.codecpar->codec_tag = MKTAG('h', 'v', 'c', '1');  // Apple's players take no other
  }
  video.time_base = encoder.time_base;
  video.avg_frame_rate = encoder.framerate;
  video.sample_aspect_ratio = encoder.sample_aspect_ratio;
  copy_light_levels(*input_.first_frame, video);
  if (info.rotation != 0 && !is_mov(*format_->oformat)) {
    log::warning(std::string(format_->oformat->name) + " has no rotation: players will show " +
                 options_.output + " turned by " + std::to_string(info.rotation) +
                 " degrees; .mp4 keeps it");
  }
}

void FileSink::write_header() {
  Dictionary dictionary;
  if (is_mov(*format_->oformat) && encoder_->context().time_base.num == 1) {
    dictionary.set("video_track_timescale", std::to_string(encoder_->context().time_base.den));
  }
  // A reader of our pipe that goes away is a failed write, not the end of the process.
  if (file_.working_path() == "-") std::signal(SIGPIPE, SIG_IGN);
  int result = 0;
  if ((format_->oformat->flags & AVFMT_NOFILE) == 0) {
    const std::string url = format_->url;
    result = avio_open(&format_->pb, url.c_str(), AVIO_FLAG_WRITE);
  }
  if (result >= 0) {
    const std::lock_guard lock(mutex_);
    result = avformat_write_header(format_.get(), dictionary.address());
  }
  if (result < 0) {
    finished_ = true;
    close();
    file_.finish(ExitCode::usage, false);
    throw Error(ExitCode::output, "cannot write " + options_.output + ": " + error_text(result));
  }
  header_written_ = true;
}

void FileSink::write(const Frame& frame) {
  const AVRational time_base = encoder_->context().time_base;
  std::int64_t pts = av_rescale_q(frame.pts, source_time_base_, time_base);
  if (held_) {
    // Broken clocks: containers want increasing times.
    pts = std::max(pts, held_pts_ + 1);
    encode_held(pts - held_pts_);
  }
  held_ = frame;
  held_pts_ = pts;
}

void FileSink::encode_held(std::int64_t duration) {
  last_duration_ = duration;
  durations_[held_pts_] = duration;
  encoder_->send(*held_, held_pts_);
  held_.reset();
  drain_encoder();
}

void FileSink::drain_encoder() {
  while (PacketPtr packet = encoder_->receive()) {
    const auto duration = durations_.find(packet->pts);
    if (duration != durations_.end()) {
      packet->duration = duration->second;
      durations_.erase(duration);
    }
    packet->stream_index = streams_->video().index;
    const std::lock_guard lock(mutex_);
    av_packet_rescale_ts(packet.get(), encoder_->context().time_base, streams_->video().time_base);
    mux(*packet);
    ++frames_written_;
  }
  const std::lock_guard lock(mutex_);
  if (!copy_failure_.empty()) throw Error(ExitCode::output, copy_failure_);
  if (failure_ < 0) {
    throw Error(ExitCode::output,
                "writing " + options_.output + " failed: " + error_text(failure_));
  }
}

void FileSink::write_copied(PacketPtr packet) {
  const std::lock_guard lock(mutex_);
  try {
    streams_->convert(*packet, [this](AVPacket& ready) { mux(ready); });
  } catch (const Error& error) {
    if (copy_failure_.empty()) copy_failure_ = error.what();
  }
}

/// Takes the packet's content. A failure shows at the next frame: this may be the reading thread.
void FileSink::mux(AVPacket& packet) {
  if (failure_ < 0) return;
  const int result = av_interleaved_write_frame(format_.get(), &packet);
  if (result < 0) failure_ = result;
  if (format_->pb != nullptr && format_->pb->error < 0) failure_ = format_->pb->error;
}

void FileSink::complete() {
  if (held_) {
    const AVRational time_base = encoder_->context().time_base;
    const std::int64_t own = av_rescale_q(held_->duration, source_time_base_, time_base);
    encode_held(own > 0 ? own : last_duration_);
  }
  encoder_->drain();
  drain_encoder();
  const std::lock_guard lock(mutex_);
  streams_->drain([this](AVPacket& ready) { mux(ready); });
  int result = av_write_trailer(format_.get());
  header_written_ = false;
  if (failure_ < 0) result = failure_;
  if (result >= 0 && format_->pb != nullptr && format_->pb->error < 0) {
    result = format_->pb->error;
  }
  if (result < 0) {
    throw Error(ExitCode::output,
                "completing " + options_.output + " failed: " + error_text(result));
  }
}

void FileSink::close() {
  if (header_written_) {
    const QuietLibav quiet;
    av_write_trailer(format_.get());
    header_written_ = false;
  }
  format_.reset();
}

void FileSink::finish(ExitCode outcome) {
  if (finished_) return;
  finished_ = true;
  input_.relay.connect({});
  if (!completes(outcome)) {
    held_.reset();
    close();
    file_.finish(outcome, frames_written_ > 0);
    return;
  }
  try {
    complete();
  } catch (...) {
    close();
    file_.finish(ExitCode::output, frames_written_ > 0);
    throw;
  }
  close();
  file_.finish(outcome, frames_written_ > 0);
}

}  // namespace impasto::video
