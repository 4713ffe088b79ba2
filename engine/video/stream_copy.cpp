#include "engine/video/stream_copy.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "engine/base/log.h"

namespace impasto::video {
namespace {

/// Says how the stream was made, not what it is: untrue of the copy, or written anew by the muxer.
bool is_stale(std::string_view key, bool reencoded) {
  for (const char* container_only :
       {"major_brand", "minor_version", "compatible_brands", "creation_time"}) {
    if (key == container_only) return std::string_view(container_only) != "creation_time";
  }
  if (!reencoded) return false;
  return key == "encoder" || key == "ENCODER" || key == "DURATION" || key.starts_with("BPS") ||
         key.starts_with("NUMBER_OF_") || key.starts_with("_STATISTICS_");
}

void copy_metadata(AVDictionary** target, const AVDictionary* source, bool reencoded) {
  const AVDictionaryEntry* entry = nullptr;
  while ((entry = av_dict_get(source, "", entry, AV_DICT_IGNORE_SUFFIX)) != nullptr) {
    if (!is_stale(entry->key, reencoded)) av_dict_set(target, entry->key, entry->value, 0);
  }
}

void copy_side_data(AVStream& target, const AVStream& source) {
  for (int i = 0; i < source.nb_side_data; ++i) {
    const AVPacketSideData& data = source.side_data[i];
    // Limits of the old encoding.
    if (data.type == AV_PKT_DATA_CPB_PROPERTIES) continue;
    std::uint8_t* copy = av_stream_new_side_data(&target, data.type, data.size);
    if (copy != nullptr) std::memcpy(copy, data.data, data.size);
  }
}

void copy_chapters(AVFormatContext& target, const AVFormatContext& source) {
  if (source.nb_chapters == 0) return;
  target.chapters = static_cast<AVChapter**>(av_calloc(source.nb_chapters, sizeof(AVChapter*)));
  if (target.chapters == nullptr) throw std::bad_alloc();
  for (unsigned i = 0; i < source.nb_chapters; ++i) {
    const AVChapter& chapter = *source.chapters[i];
    auto* copy = static_cast<AVChapter*>(av_mallocz(sizeof(AVChapter)));
    if (copy == nullptr) throw std::bad_alloc();
    copy->id = chapter.id;
    copy->time_base = chapter.time_base;
    copy->start = chapter.start;
    copy->end = chapter.end;
    av_dict_copy(&copy->metadata, chapter.metadata, 0);
    target.chapters[target.nb_chapters++] = copy;
  }
}

void copy_parameters(AVStream& target, const AVStream& source, const AVOutputFormat& container) {
  if (avcodec_parameters_copy(target.codecpar, source.codecpar) < 0) throw std::bad_alloc();
  AVCodecParameters& parameters = *target.codecpar;
  unsigned tag = 0;
  const bool fits =
      container.codec_tag == nullptr ||
      av_codec_get_id(container.codec_tag, parameters.codec_tag) == parameters.codec_id ||
      av_codec_get_tag2(container.codec_tag, parameters.codec_id, &tag) == 0;
  if (!fits) parameters.codec_tag = 0;
  target.time_base = source.time_base;
  target.avg_frame_rate = source.avg_frame_rate;
  target.r_frame_rate = source.r_frame_rate;
  target.sample_aspect_ratio = source.sample_aspect_ratio;
  target.disposition = source.disposition;
  copy_metadata(&target.metadata, source.metadata, false);
  copy_side_data(target, source);
}

/// Writes a header for this stream alone into memory: muxers have no better way to be asked.
bool container_holds(const AVStream& source, const AVOutputFormat& container) {
  if (avformat_query_codec(&container, source.codecpar->codec_id, FF_COMPLIANCE_EXPERIMENTAL) ==
      0) {
    return false;
  }
  const QuietLibav quiet;
  AVFormatContext* raw = nullptr;
  if (avformat_alloc_output_context2(&raw, &container, nullptr, nullptr) < 0) return false;
  const std::unique_ptr<AVFormatContext, void (*)(AVFormatContext*)> trial(raw,
                                                                           avformat_free_context);
  trial->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
  AVStream* target = avformat_new_stream(trial.get(), nullptr);
  if (target == nullptr || avio_open_dyn_buf(&trial->pb) < 0) throw std::bad_alloc();
  copy_parameters(*target, source, container);
  bool holds = false;
  if (avformat_write_header(trial.get(), nullptr) >= 0) {
    holds = true;
    av_write_trailer(trial.get());
  }
  std::uint8_t* bytes = nullptr;
  avio_close_dyn_buf(trial->pb, &bytes);
  av_free(bytes);
  return holds;
}

std::string describe(const AVStream& stream) {
  std::string text = "stream " + std::to_string(stream.index) + " (";
  const char* kind = av_get_media_type_string(stream.codecpar->codec_type);
  text += std::string(kind != nullptr ? kind : "data") + ", " +
          avcodec_get_name(stream.codecpar->codec_id);
  const AVDictionaryEntry* language = av_dict_get(stream.metadata, "language", nullptr, 0);
  if (language != nullptr) text += std::string(", ") + language->value;
  return text + ")";
}

}  // namespace

StreamCopy::StreamCopy(const InputStreams& input, AVFormatContext& output) {
  const AVFormatContext& source = *input.format;
  const std::string_view container = output.oformat->name;
  matroska_ = container == "matroska" || container == "webm";
  copy_metadata(&output.metadata, source.metadata, true);
  for (unsigned i = 0; i < input.stream_count; ++i) {
    const AVStream& stream = *source.streams[i];
    routes_.push_back({nullptr, stream.time_base, nullptr});
    if (static_cast<int>(i) == input.video_index) {
      add_video(input, output);
    } else if (input.copy) {
      add_other(stream, output, input.encode_sound);
    }
  }
  if (input.copy) copy_chapters(output, source);
}

void StreamCopy::add_video(const InputStreams& input, AVFormatContext& output) {
  video_ = avformat_new_stream(&output, nullptr);
  if (video_ == nullptr) throw std::bad_alloc();
  const AVStream& source = input.video();
  video_->disposition = source.disposition;
  copy_metadata(&video_->metadata, source.metadata, true);
  copy_side_data(*video_, source);
}

void StreamCopy::add_other(const AVStream& source, AVFormatContext& output, bool encode) {
  const AVOutputFormat& container = *output.oformat;
  const bool holds = !encode && container_holds(source, container);
  // A container without sound (y4m, say) is a choice; one that lacks this codec is an accident.
  const bool sound = source.codecpar->codec_type == AVMEDIA_TYPE_AUDIO &&
                     container.audio_codec != AV_CODEC_ID_NONE;
  if (!holds && !sound) {
    log::warning(std::string(container.name) + " cannot hold " + describe(source) +
                 " of the input; it is left out");
    return;
  }
  AVStream* target = avformat_new_stream(&output, nullptr);
  if (target == nullptr) throw std::bad_alloc();
  Route& route = routes_.back();
  route.target = target;
  copies_any_ = true;
  copy_parameters(*target, source, container);
  if (holds) return;
  route.transcoder = std::make_unique<AudioTranscoder>(source, container, *target);
  if (encode) return;
  log::info(std::string(container.name) + " cannot hold " + describe(source) +
            "; it is encoded anew with " + route.transcoder->codec_name());
}

std::int64_t StreamCopy::unwritten_delay(const AVStream& target) const {
  const AVCodecParameters& parameters = *target.codecpar;
  if (!matroska_ || avformat_version() >= AV_VERSION_INT(60, 0, 0)) return 0;
  if (parameters.codec_id != AV_CODEC_ID_OPUS || parameters.sample_rate == 0) return 0;
  return av_rescale_q(parameters.initial_padding, {1, parameters.sample_rate}, target.time_base);
}

void StreamCopy::add_delay(AVPacket& packet, const AVStream& target) const {
  const std::int64_t delay = unwritten_delay(target);
  if (packet.pts != AV_NOPTS_VALUE) packet.pts += delay;
  if (packet.dts != AV_NOPTS_VALUE) packet.dts += delay;
}

void StreamCopy::convert(AVPacket& packet, const AudioTranscoder::Writer& write) {
  const auto index = static_cast<std::size_t>(packet.stream_index);
  if (index >= routes_.size() || routes_[index].target == nullptr) return;
  Route& route = routes_[index];
  if (route.transcoder) {
    route.transcoder->convert(&packet, [&](AVPacket& encoded) {
      add_delay(encoded, *route.target);
      write(encoded);
    });
    return;
  }
  packet.stream_index = route.target->index;
  packet.pos = -1;
  av_packet_rescale_ts(&packet, route.time_base, route.target->time_base);
  add_delay(packet, *route.target);
  write(packet);
}

void StreamCopy::drain(const AudioTranscoder::Writer& write) {
  for (Route& route : routes_) {
    if (!route.transcoder) continue;
    route.transcoder->convert(nullptr, [&](AVPacket& encoded) {
      add_delay(encoded, *route.target);
      write(encoded);
    });
  }
}

}  // namespace impasto::video
