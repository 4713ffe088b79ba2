// Owns: one open file read for its sound: demuxed, decoded, converted to the form of SoundBlock.
// Internal to engine/video. Depends on: input.h, time_mending.h, libswresample.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/video/input.h"
#include "engine/video/libav.h"
#include "engine/video/sound_block.h"
#include "engine/video/time_mending.h"

struct SwrContext;

namespace impasto::video {

class SoundReader {
 public:
  /// Opens the best sound stream. Throws Error{input}.
  explicit SoundReader(const SourceOptions& options);
  ~SoundReader();

  struct Piece {
    std::int64_t time = 0;       ///< microseconds of the file, from its beginning
    std::vector<float> samples;  ///< interleaved, sound_channels at sound_rate
  };
  /// The next piece; empty at the end, and when cancelled. Damaged parts are skipped.
  std::optional<Piece> read();
  /// The next piece is at or before `time` (microseconds from the beginning), or the first after
  /// it. A file that cannot seek is opened anew and goes to its beginning.
  void seek(std::int64_t time);

 private:
  void open();
  bool feed();
  std::optional<Piece> convert(const AVFrame* frame);
  AVStream& stream() const { return *input_.format->streams[index_]; }

  struct Deleter {
    void operator()(SwrContext* context) const;
  };
  SourceOptions options_;
  Input input_;
  int index_ = -1;
  CodecPtr decoder_;
  std::unique_ptr<SwrContext, Deleter> resampler_;
  FramePtr shape_;  ///< what the resampler was built for
  PacketPtr packet_ = make_packet();
  FramePtr frame_ = make_frame();
  TimeMending mending_;
  std::int64_t start_ = 0;      ///< microseconds: the file's beginning by its own clock
  std::int64_t next_time_ = 0;  ///< where sound without a time stamp goes
  bool draining_ = false;
  bool ended_ = false;
};

}  // namespace impasto::video
