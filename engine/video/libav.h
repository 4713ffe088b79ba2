// Owns: FFmpeg's objects as C++ owners, and its errors and log as ours. Internal to engine/video.
// Depends on: FFmpeg. To add an object: a deleter line.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/dict.h>
#include <libavutil/frame.h>
}

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace impasto::video {

struct FrameDeleter {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
struct PacketDeleter {
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
struct CodecDeleter {
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
};
struct InputDeleter {
  void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
};
/// Closes the file too when the context opened one.
struct OutputDeleter {
  void operator()(AVFormatContext* context) const;
};

using FramePtr = std::unique_ptr<AVFrame, FrameDeleter>;
using PacketPtr = std::unique_ptr<AVPacket, PacketDeleter>;
using CodecPtr = std::unique_ptr<AVCodecContext, CodecDeleter>;
using InputPtr = std::unique_ptr<AVFormatContext, InputDeleter>;
using OutputPtr = std::unique_ptr<AVFormatContext, OutputDeleter>;

FramePtr make_frame();
PacketPtr make_packet();

/// FFmpeg's option dictionary.
class Dictionary {
 public:
  Dictionary() = default;
  explicit Dictionary(const std::vector<std::pair<std::string, std::string>>& entries) {
    for (const auto& [key, value] : entries) set(key, value);
  }
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;
  ~Dictionary() { av_dict_free(&entries_); }
  void set(const std::string& key, const std::string& value) {
    av_dict_set(&entries_, key.c_str(), value.c_str(), 0);
  }
  AVDictionary** address() { return &entries_; }
  /// The first entry left over after an open call; empty when all were understood.
  std::string first_key() const;

 private:
  AVDictionary* entries_ = nullptr;
};

/// FFmpeg's words for an error code.
std::string error_text(int code);

/// Sends FFmpeg's errors to our log as warnings, at most a few and none twice. Called by every
/// open.
void route_libav_log();

/// FFmpeg's log is not shown on this thread while this lives (trials that are allowed to fail).
class QuietLibav {
 public:
  QuietLibav();
  ~QuietLibav();
  QuietLibav(const QuietLibav&) = delete;
  QuietLibav& operator=(const QuietLibav&) = delete;
};

}  // namespace impasto::video
