// Owns: a sink for one image or a numbered sequence; every image is a file of its own size and
// format. Internal to engine/video. Depends on: encoder.h, output_file.h.
#pragma once

#include "engine/video/encoder.h"
#include "engine/video/output_file.h"
#include "engine/video/sink.h"
#include "engine/video/streams.h"

namespace impasto::video {

class ImageSink final : public Sink {
 public:
  ImageSink(const SinkOptions& options, const AVOutputFormat& container, const SourceInfo& info,
            InputStreams& input);
  ~ImageSink() override;
  FrameFormat frame_format(const FrameFormat& source) const override;
  void write(const Frame& frame) override;
  void finish(ExitCode outcome) override;

 private:
  std::string path_of(std::int64_t number) const;
  std::string encode(const Frame& frame) const;

  SinkOptions options_;
  InputStreams& input_;
  EncoderChoice choice_;
  FrameFormat source_format_;
  AVRational sample_aspect_ratio_{0, 1};
  bool sequence_ = false;
  std::int64_t number_ = 1;
  std::unique_ptr<OutputFile> file_;  ///< of a single image, until finish()
  bool written_ = false;
  bool finished_ = false;
};

}  // namespace impasto::video
