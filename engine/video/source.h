// Owns: where frames come from: file, URL, camera, image, image sequence, pipe, generated picture.
// Depends on: base, video/frame.h; the implementation is FFmpeg's. To add a kind of input: a row or
// a branch in resolve_input() of input.cpp.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/video/frame.h"

namespace impasto::video {

struct Rational {
  int numerator = 0;
  int denominator = 1;
  double value() const { return static_cast<double>(numerator) / denominator; }
  bool operator==(const Rational&) const = default;
};

struct SourceOptions {
  /// A file or URL, an image, a pattern ("%04d.png"), "-" (stdin), "lavfi:GRAPH",
  /// "v4l2:/dev/video0", "x11grab::0.0". The last two may be followed by options:
  /// "v4l2:/dev/video0,video_size=1280x720,framerate=30".
  std::string input;
  /// Stop after so many frames; 0: all. The other streams then end with the last frame.
  std::int64_t frame_limit = 0;
  /// Keep packets of the other streams for a sink. Without it they are skipped while reading.
  bool copy_streams = false;
  /// Options of the demuxer or device as FFmpeg names them (framerate, video_size, ...).
  std::vector<std::pair<std::string, std::string>> input_options;
  /// When it becomes true, a blocking open or read ends soon: read() returns empty.
  const std::atomic<bool>* cancel = nullptr;
};

struct SourceInfo {
  std::string name;       ///< as given in SourceOptions::input
  std::string container;  ///< FFmpeg's name of the demuxer
  std::string codec;      ///< FFmpeg's name of the codec
  FrameFormat format;     ///< of the first frame; later frames may differ
  Rational time_base{1, 1};
  Rational frame_rate;            ///< average; numerator 0: unknown
  std::int64_t frame_count = 0;   ///< estimate, honours frame_limit; 0: unknown
  double start_seconds = 0.0;     ///< where the file begins, by its own clock (Frame::pts)
  double duration_seconds = 0.0;  ///< from there; 0: unknown
  Rational sample_aspect_ratio{1, 1};
  int rotation = 0;  ///< degrees clockwise (0, 90, 180, 270) that a player turns the picture by
  bool is_image = false;  ///< one still picture
  bool is_live = false;   ///< a camera or stream that does not wait: drop frames rather than lag
  bool is_camera = false;
  bool seekable = false;
  bool has_audio = false;
  std::int64_t first_number = 1;  ///< of an image sequence, else 1
};

/// What a sink needs to copy streams; defined and used inside engine/video only.
struct InputStreams;

/// Not thread-safe: one thread reads. A sink on another thread may take copied packets meanwhile.
class Source {
 public:
  virtual ~Source() = default;
  virtual const SourceInfo& info() const = 0;
  /// The next frame in presentation order, without a copy of its samples; empty at the end, after
  /// frame_limit frames, or when cancelled. Damaged parts are skipped and remembered.
  /// Frame::properties carries its side data, interlacing and exact colour tags on to a sink.
  virtual std::optional<Frame> read() = 0;
  /// The next read() gives the frame that is shown at so many seconds after start_seconds: the last
  /// one that has begun by then (the first one of all, before any has). Only where seekable, and
  /// without copy_streams. Throws Error{input}.
  virtual void seek(double seconds) = 0;
  /// Something could not be read or decoded: finish with ExitCode::partial.
  virtual bool damaged() const = 0;
  virtual InputStreams& streams() = 0;
};

/// Opens the input and decodes its first frame. Throws Error{input} when there is nothing to show.
std::unique_ptr<Source> open_source(const SourceOptions& options);

}  // namespace impasto::video
