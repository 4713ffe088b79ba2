#include "tests/video/report.h"

#include <gtest/gtest.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace impasto::video::test {
namespace {

void check(int result, const std::string& what) {
  if (result < 0) throw std::runtime_error("cannot examine " + what);
}

std::map<std::string, std::string> to_map(const AVDictionary* dictionary) {
  std::map<std::string, std::string> map;
  const AVDictionaryEntry* entry = nullptr;
  while ((entry = av_dict_get(dictionary, "", entry, AV_DICT_IGNORE_SUFFIX)) != nullptr) {
    map[entry->key] = entry->value;
  }
  return map;
}

void add_hash(std::uint64_t& hash, const std::uint8_t* bytes, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) hash = (hash ^ bytes[i]) * 1099511628211ULL;
}

std::string text(const char* value) {
  return value != nullptr ? value : "none";
}

FrameReport describe(const AVFrame& frame, AVRational time_base, bool hash) {
  FrameReport report;
  report.time = static_cast<double>(frame.best_effort_timestamp) * av_q2d(time_base);
  report.duration = static_cast<double>(frame.pkt_duration) * av_q2d(time_base);
  report.width = frame.width;
  report.height = frame.height;
  const auto format = static_cast<AVPixelFormat>(frame.format);
  report.pixel_format = av_get_pix_fmt_name(format);
  report.range = text(av_color_range_name(frame.color_range));
  report.matrix = text(av_color_space_name(frame.colorspace));
  report.transfer = text(av_color_transfer_name(frame.color_trc));
  report.primaries = text(av_color_primaries_name(frame.color_primaries));
  report.chroma = text(av_chroma_location_name(frame.chroma_location));
  report.aspect = std::to_string(frame.sample_aspect_ratio.num) + ":" +
                  std::to_string(frame.sample_aspect_ratio.den);
  if (!hash) return report;
  std::vector<std::uint8_t> bytes(
      static_cast<std::size_t>(av_image_get_buffer_size(format, frame.width, frame.height, 1)));
  av_image_copy_to_buffer(bytes.data(), static_cast<int>(bytes.size()), frame.data, frame.linesize,
                          format, frame.width, frame.height, 1);
  add_hash(report.hash, bytes.data(), bytes.size());
  return report;
}

}  // namespace

std::vector<double> Report::times() const {
  std::vector<double> result;
  for (const FrameReport& frame : frames) result.push_back(frame.time);
  return result;
}

std::vector<std::string> Report::kinds() const {
  std::vector<std::string> result;
  for (const StreamReport& stream : streams) result.push_back(stream.kind);
  return result;
}

const StreamReport& Report::first(const std::string& kind) const {
  for (const StreamReport& stream : streams) {
    if (stream.kind == kind) return stream;
  }
  throw std::runtime_error("no stream of kind " + kind);
}

void expect_same_description(const FrameReport& is, const FrameReport& was) {
  EXPECT_EQ(is.width, was.width);
  EXPECT_EQ(is.height, was.height);
  EXPECT_EQ(is.pixel_format, was.pixel_format);
  EXPECT_EQ(is.range, was.range);
  EXPECT_EQ(is.matrix, was.matrix);
  EXPECT_EQ(is.transfer, was.transfer);
  EXPECT_EQ(is.primaries, was.primaries);
  EXPECT_EQ(is.aspect, was.aspect);
}

Report examine(const std::string& file, const ExamineOptions& options) {
  Report report;
  AVFormatContext* format = nullptr;
  check(avformat_open_input(&format, ("file:" + file).c_str(), nullptr, nullptr), file);
  check(avformat_find_stream_info(format, nullptr), file);
  report.container = format->iformat->name;
  report.metadata = to_map(format->metadata);
  report.duration = static_cast<double>(format->duration) / AV_TIME_BASE;
  for (unsigned i = 0; i < format->nb_chapters; ++i) {
    const AVChapter& chapter = *format->chapters[i];
    const double unit = av_q2d(chapter.time_base);
    report.chapters.push_back(std::to_string(static_cast<double>(chapter.start) * unit) + "-" +
                              std::to_string(static_cast<double>(chapter.end) * unit) + " " +
                              to_map(chapter.metadata)["title"]);
  }
  int video = -1;
  for (unsigned i = 0; i < format->nb_streams; ++i) {
    const AVStream& stream = *format->streams[i];
    StreamReport description;
    description.kind = text(av_get_media_type_string(stream.codecpar->codec_type));
    description.codec = avcodec_get_name(stream.codecpar->codec_id);
    char letters[AV_FOURCC_MAX_STRING_SIZE];
    description.tag = av_fourcc_make_string(letters, stream.codecpar->codec_tag);
    description.metadata = to_map(stream.metadata);
    description.disposition = stream.disposition;
    report.streams.push_back(description);
    const bool cover = (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
    if (description.kind == "video" && !cover && video < 0) video = static_cast<int>(i);
  }
  if (video < 0) throw std::runtime_error("no video in " + file);
  const AVStream& stream = *format->streams[video];
  for (int i = 0; i < stream.nb_side_data; ++i) {
    report.side_data.push_back(av_packet_side_data_name(stream.side_data[i].type));
  }
  if (const auto* matrix = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr)) {
    report.rotation = static_cast<int>(
        std::lround(av_display_rotation_get(reinterpret_cast<const std::int32_t*>(matrix))));
  }
  const AVCodec* codec = options.decoder.empty()
                             ? avcodec_find_decoder(stream.codecpar->codec_id)
                             : avcodec_find_decoder_by_name(options.decoder.c_str());
  AVCodecContext* decoder = avcodec_alloc_context3(codec);
  avcodec_parameters_to_context(decoder, stream.codecpar);
  decoder->thread_count = 0;
  decoder->pkt_timebase = stream.time_base;
  check(avcodec_open2(decoder, codec, nullptr), file);
  AVPacket* packet = av_packet_alloc();
  AVFrame* frame = av_frame_alloc();
  const auto receive = [&] {
    while (avcodec_receive_frame(decoder, frame) == 0) {
      if (report.frames.empty()) {
        for (int i = 0; i < frame->nb_side_data; ++i) {
          report.side_data.push_back(av_frame_side_data_name(frame->side_data[i]->type));
        }
      }
      frame->sample_aspect_ratio =
          av_guess_sample_aspect_ratio(format, format->streams[video], frame);
      report.frames.push_back(describe(*frame, stream.time_base, options.hash_frames));
    }
  };
  while (av_read_frame(format, packet) == 0) {
    StreamReport& from = report.streams[static_cast<std::size_t>(packet->stream_index)];
    const double unit = av_q2d(format->streams[packet->stream_index]->time_base);
    from.packet_times.push_back(static_cast<double>(packet->pts) * unit);
    from.packet_durations.push_back(static_cast<double>(packet->duration) * unit);
    add_hash(from.packet_hash, packet->data, static_cast<std::size_t>(packet->size));
    if (packet->stream_index == video) {
      avcodec_send_packet(decoder, packet);
      receive();
    }
    av_packet_unref(packet);
  }
  avcodec_send_packet(decoder, nullptr);
  receive();
  std::sort(report.side_data.begin(), report.side_data.end());
  report.side_data.erase(std::unique(report.side_data.begin(), report.side_data.end()),
                         report.side_data.end());
  av_frame_free(&frame);
  av_packet_free(&packet);
  avcodec_free_context(&decoder);
  avformat_close_input(&format);
  return report;
}

}  // namespace impasto::video::test
