#include "engine/video/audio_transcoder.h"

extern "C" {
#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>
#include <libavutil/samplefmt.h>
}

#include <algorithm>
#include <array>
#include <cstdlib>

#include "engine/base/error.h"
#include "engine/video/late_libav.h"

namespace impasto::video {
namespace {

const AVCodec* encoder_for(const AVOutputFormat& container) {
  const std::string_view name = container.name;
  if (name == "webm") return avcodec_find_encoder_by_name("libopus");
  const AVCodecID id = name == "mpegts" || name == "flv" ? AV_CODEC_ID_AAC : container.audio_codec;
  return avcodec_find_encoder(id);
}

int nearest_rate(const AVCodec& codec, int rate) {
  if (codec.supported_samplerates == nullptr) return rate;
  int best = 0;
  for (const int* offered = codec.supported_samplerates; *offered != 0; ++offered) {
    if (best == 0 || std::abs(*offered - rate) < std::abs(best - rate)) best = *offered;
  }
  // Never below the source where a higher one is offered: 44.1 kHz goes to Opus's 48, not 24.
  for (const int* offered = codec.supported_samplerates; *offered != 0; ++offered) {
    if (best<rate&& * offered> best) best = *offered;
  }
  return best;
}

std::string layout_name(const AVChannelLayout& layout) {
  std::array<char, 128> text{};
  av_channel_layout_describe(&layout, text.data(), text.size());
  return text.data();
}

std::string stream_name(const AVStream& stream) {
  return "sound stream " + std::to_string(stream.index) + " (" +
         avcodec_get_name(stream.codecpar->codec_id) + ")";
}

void require(int result, const std::string& what) {
  if (result < 0) throw Error(ExitCode::output, what + ": " + error_text(result));
}

}  // namespace

void AudioTranscoder::GraphDeleter::operator()(AVFilterGraph* graph) const {
  filter_functions().graph_free(&graph);
}

AudioTranscoder::AudioTranscoder(const AVStream& source, const AVOutputFormat& container,
                                 AVStream& target)
    : target_(target) {
  open_decoder(source);
  open_encoder(source, container);
  if (avcodec_parameters_from_context(target.codecpar, encoder_.get()) < 0) throw std::bad_alloc();
  target.time_base = encoder_->time_base;
}

AudioTranscoder::~AudioTranscoder() = default;

void AudioTranscoder::open_decoder(const AVStream& source) {
  const AVCodec* codec = avcodec_find_decoder(source.codecpar->codec_id);
  if (codec != nullptr) decoder_.reset(avcodec_alloc_context3(codec));
  if (!decoder_ || avcodec_parameters_to_context(decoder_.get(), source.codecpar) < 0 ||
      avcodec_open2(decoder_.get(), codec, nullptr) < 0) {
    throw Error(ExitCode::usage, "the output's container cannot hold " + stream_name(source) +
                                     ", and it cannot be decoded here; .mkv holds it");
  }
  decoder_->pkt_timebase = source.time_base;
}

void AudioTranscoder::open_encoder(const AVStream& source, const AVOutputFormat& container) {
  const AVCodec* codec = encoder_for(container);
  if (codec == nullptr) {
    throw Error(ExitCode::usage, std::string(container.name) + " cannot hold " +
                                     stream_name(source) + "; .mkv holds it");
  }
  encoder_.reset(avcodec_alloc_context3(codec));
  if (!encoder_) throw std::bad_alloc();
  AVCodecContext& encoder = *encoder_;
  encoder.sample_rate = nearest_rate(*codec, decoder_->sample_rate);
  encoder.time_base = {1, encoder.sample_rate};
  encoder.sample_fmt = codec->sample_fmts != nullptr ? codec->sample_fmts[0] : AV_SAMPLE_FMT_FLTP;
  const int channels = decoder_->ch_layout.nb_channels;
  if (decoder_->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
    av_channel_layout_default(&encoder.ch_layout, channels);
  } else {
    av_channel_layout_copy(&encoder.ch_layout, &decoder_->ch_layout);
  }
  encoder.bit_rate = std::int64_t{96000} * std::max(channels, 1);
  if ((container.flags & AVFMT_GLOBALHEADER) != 0) encoder.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  int result = avcodec_open2(&encoder, codec, nullptr);
  if (result < 0) {  // a layout that the encoder does not know
    av_channel_layout_uninit(&encoder.ch_layout);
    av_channel_layout_default(&encoder.ch_layout, 2);
    encoder.bit_rate = 192000;
    result = avcodec_open2(&encoder, codec, nullptr);
  }
  if (result < 0) {
    throw Error(ExitCode::usage, std::string(container.name) + " cannot hold " +
                                     stream_name(source) + ", and " + codec->name +
                                     " cannot encode it: " + error_text(result));
  }
}

void AudioTranscoder::build_graph(const AVFrame& frame) {
  const FilterFunctions& filters = filter_functions();
  graph_.reset(filters.graph_alloc());
  if (!graph_) throw std::bad_alloc();
  AVChannelLayout layout{};
  if (frame.ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
    av_channel_layout_default(&layout, frame.ch_layout.nb_channels);
  } else {
    av_channel_layout_copy(&layout, &frame.ch_layout);
  }
  const AVRational unit = decoder_->pkt_timebase;
  const std::string input =
      "time_base=" + std::to_string(unit.num) + "/" + std::to_string(unit.den) +
      ":sample_rate=" + std::to_string(frame.sample_rate) +
      ":sample_fmt=" + av_get_sample_fmt_name(static_cast<AVSampleFormat>(frame.format)) +
      ":channel_layout=" + layout_name(layout);
  av_channel_layout_uninit(&layout);
  const std::string wanted = std::string("sample_fmts=") +
                             av_get_sample_fmt_name(encoder_->sample_fmt) +
                             ":sample_rates=" + std::to_string(encoder_->sample_rate) +
                             ":channel_layouts=" + layout_name(encoder_->ch_layout);
  const auto add = [&](AVFilterContext** filter, const char* kind, const std::string& arguments) {
    require(filters.graph_create_filter(filter, filters.get_by_name(kind), kind, arguments.c_str(),
                                        nullptr, graph_.get()),
            std::string("converting sound with ") + kind);
  };
  AVFilterContext* resample = nullptr;
  AVFilterContext* format = nullptr;
  add(&graph_input_, "abuffer", input);
  add(&resample, "aresample", "async=1");  // gaps become silence, so that sound stays in time
  add(&format, "aformat", wanted);
  add(&graph_output_, "abuffersink", "");
  require(filters.link(graph_input_, 0, resample, 0), "converting sound");
  require(filters.link(resample, 0, format, 0), "converting sound");
  require(filters.link(format, 0, graph_output_, 0), "converting sound");
  require(filters.graph_config(graph_.get(), nullptr), "converting sound");
  if (encoder_->frame_size > 0) {
    filters.buffersink_set_frame_size(graph_output_, static_cast<unsigned>(encoder_->frame_size));
  }
  shape_ = make_frame();
  shape_->format = frame.format;
  shape_->sample_rate = frame.sample_rate;
  av_channel_layout_copy(&shape_->ch_layout, &frame.ch_layout);
}

void AudioTranscoder::convert(const AVPacket* packet, const Writer& write) {
  if (avcodec_send_packet(decoder_.get(), packet) < 0 && packet != nullptr) return;
  FramePtr frame = make_frame();
  while (avcodec_receive_frame(decoder_.get(), frame.get()) >= 0) {
    frame->pts = frame->best_effort_timestamp;
    const bool same = shape_ && shape_->format == frame->format &&
                      shape_->sample_rate == frame->sample_rate &&
                      av_channel_layout_compare(&shape_->ch_layout, &frame->ch_layout) == 0;
    if (!same) {
      if (graph_) filter(nullptr, write);
      build_graph(*frame);
    }
    filter(frame.get(), write);
  }
  if (packet != nullptr) return;
  if (graph_) filter(nullptr, write);
  encode(nullptr, write);
}

/// Null: the end of this graph.
void AudioTranscoder::filter(AVFrame* frame, const Writer& write) {
  const FilterFunctions& filters = filter_functions();
  require(filters.buffersrc_add_frame(graph_input_, frame), "converting sound");
  FramePtr ready = make_frame();
  while (filters.buffersink_get_frame(graph_output_, ready.get()) >= 0) {
    ready->pts = av_rescale_q(ready->pts, filters.buffersink_get_time_base(graph_output_),
                              encoder_->time_base);
    encode(ready.get(), write);
    av_frame_unref(ready.get());
  }
}

void AudioTranscoder::encode(AVFrame* frame, const Writer& write) {
  require(avcodec_send_frame(encoder_.get(), frame), "encoding sound");
  PacketPtr packet = make_packet();
  while (avcodec_receive_packet(encoder_.get(), packet.get()) >= 0) {
    packet->stream_index = target_.index;
    av_packet_rescale_ts(packet.get(), encoder_->time_base, target_.time_base);
    write(*packet);
    av_packet_unref(packet.get());
  }
}

}  // namespace impasto::video
