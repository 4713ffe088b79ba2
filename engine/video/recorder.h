// Owns: recording of live frames and sound to a file, and pictures of single frames, while both go
// on. Depends on: base, sink.h, sound_block.h; the implementation is the sink's own code.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/video/frame.h"
#include "engine/video/sink.h"
#include "engine/video/sound_block.h"
#include "engine/video/source.h"

namespace impasto::video {

struct RecorderOptions {
  /// As of `apply`; width and height: of the file, 0: the first frame's. Without a codec and preset
  /// a fast preset is used.
  SinkOptions sink;
  bool sound = false;          ///< write_sound() will be called: the file gets a sound stream
  Rational frame_rate{25, 1};  ///< a hint; every frame keeps its own time
  Rational sample_aspect_ratio{1, 1};
  int rotation = 0;  ///< as LiveStatus says, where the frames are not turned yet
};

enum class RecorderState { recording, finishing, complete, failed };

struct RecorderStatus {
  RecorderState state = RecorderState::recording;
  std::string message;  ///< why it failed and what is left; complete: nothing to say, empty
  std::uint64_t frames = 0;
  std::uint64_t dropped = 0;  ///< the encoder was too slow
  double seconds = 0.0;       ///< of the recording
};

/// A thread encodes; nothing waits for it. The file is OUT.partial.EXT until it is complete, and is
/// named OUT then (DESIGN.md, decision 11).
class Recorder {
 public:
  /// Throws Error{usage} or Error{output} as open_sink() does, for what can be told before there is
  /// a frame.
  explicit Recorder(const RecorderOptions& options);
  /// Stops, and waits until the file is complete.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// A frame of any size and format, its pts in microseconds of play time, increasing; times that
  /// do not increase are dropped. Frames of another format than the file's are converted, and
  /// scaled into it with black beside them. The recording begins at its first frame.
  void write(const Frame& frame);
  /// Any thread, in order. Sound before the first frame is left out, gaps become silence.
  void write_sound(const SoundBlock& block);
  /// No more frames; the file is completed meanwhile. status() tells when it is.
  void stop();
  RecorderStatus status() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// One frame as a picture (.png, .jpg, ...) in its own size. Throws Error{usage} when the file
/// exists and options.overwrite is off, Error{output} when it cannot be written. Encodes on the
/// calling thread.
void save_picture(const Frame& frame, const SinkOptions& options);

}  // namespace impasto::video
