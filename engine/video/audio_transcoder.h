// Owns: re-encoding of one sound stream whose codec the output's container cannot hold. Internal to
// engine/video.
// Depends on: libav.h, late_libav.h (resampling). To change a container's codec: encoder_for() in
// audio_transcoder.cpp.
#pragma once

#include <functional>

#include "engine/video/libav.h"

struct AVFilterContext;
struct AVFilterGraph;

namespace impasto::video {

class AudioTranscoder {
 public:
  using Writer = std::function<void(AVPacket&)>;

  /// Describes the new stream in `target`. Throws Error{usage} naming the stream when this FFmpeg
  /// cannot decode it, or the container holds no sound that can be encoded here.
  AudioTranscoder(const AVStream& source, const AVOutputFormat& container, AVStream& target);
  ~AudioTranscoder();

  const char* codec_name() const { return encoder_->codec->name; }
  /// Takes a packet of the source (null: the end) and writes finished ones, with time stamps in
  /// target's time base and its index. Damaged packets are skipped.
  void convert(const AVPacket* packet, const Writer& write);

 private:
  void open_decoder(const AVStream& source);
  void open_encoder(const AVStream& source, const AVOutputFormat& container);
  void build_graph(const AVFrame& frame);
  void filter(AVFrame* frame, const Writer& write);
  void encode(AVFrame* frame, const Writer& write);

  struct GraphDeleter {
    void operator()(AVFilterGraph* graph) const;
  };
  AVStream& target_;
  CodecPtr decoder_;
  CodecPtr encoder_;
  std::unique_ptr<AVFilterGraph, GraphDeleter> graph_;
  AVFilterContext* graph_input_ = nullptr;
  AVFilterContext* graph_output_ = nullptr;
  FramePtr shape_;  ///< what the graph was built for
};

}  // namespace impasto::video
