// Owns: a sink that encodes into a container: video files, addresses, the y4m pipe. Internal to
// engine/video.
// Depends on: encoder.h, stream_copy.h, output_file.h.
#pragma once

#include <map>
#include <mutex>

#include "engine/video/encoder.h"
#include "engine/video/output_file.h"
#include "engine/video/sink.h"
#include "engine/video/stream_copy.h"

namespace impasto::video {

class FileSink final : public Sink {
 public:
  FileSink(const SinkOptions& options, const AVOutputFormat& container, const SourceInfo& info,
           InputStreams& input);
  ~FileSink() override;
  FrameFormat frame_format(const FrameFormat&) const override { return picture_.format; }
  void write(const Frame& frame) override;
  void finish(ExitCode outcome) override;

 private:
  void open_container(const AVOutputFormat& container);
  void open_encoder(const AVOutputFormat& container, const SourceInfo& info);
  void describe_video(const SourceInfo& info);
  void write_header();
  void encode_held(std::int64_t duration);
  void drain_encoder();
  void write_copied(PacketPtr packet);
  void mux(AVPacket& packet);
  void complete();
  void close();

  SinkOptions options_;
  OutputFile file_;
  InputStreams& input_;
  PictureChoice picture_;
  std::unique_ptr<Encoder> encoder_;
  OutputPtr format_;
  std::unique_ptr<StreamCopy> streams_;

  std::mutex mutex_;          ///< the container: copied packets come on the reading thread
  int failure_ = 0;           ///< FFmpeg's code of the first failed write
  std::string copy_failure_;  ///< what went wrong with a copied stream, or empty

  std::optional<Frame> held_;  ///< waits until the next one's time says how long it lasts
  std::int64_t held_pts_ = 0;
  std::int64_t last_duration_ = 1;
  std::map<std::int64_t, std::int64_t> durations_;  ///< by pts, of frames inside the encoder
  AVRational source_time_base_{1, 1};
  bool finished_ = false;
  bool header_written_ = false;
  std::int64_t frames_written_ = 0;
};

}  // namespace impasto::video
