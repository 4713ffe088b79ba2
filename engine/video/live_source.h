// Owns: a source played live: a thread that decodes, a clock that paces files, sound in time with
// the picture, and a camera that is found again after it was unplugged. The consumer polls for the
// newest frame and is never waited for.
// Depends on: base, source.h, sound_block.h; the implementation also on play_clock.h and
// sound_track.h. To add a control: a method here and a branch in the reading thread.
//
// Two kinds of input. A file (also an image, a pattern, lavfi:) plays at its own times and can be
// paused, stepped, sought and looped; its sound is played, and the picture follows the sound. A
// live one (camera, x11grab:, a broadcast) shows its newest frame; older ones are dropped and
// counted. A pipe is a file that cannot seek.
//
// Play time: microseconds since the source began to play, without pauses; it never goes back,
// neither at a seek nor where a loop begins anew. Frame::pts of every frame polled here is its play
// time, and so is the time of its sound: what a Recorder is given needs nothing else to stay in
// sync.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/video/frame.h"
#include "engine/video/sound_block.h"
#include "engine/video/source.h"

namespace impasto::video {

using Instant = std::chrono::steady_clock::time_point;

enum class LiveState {
  opening,  ///< no frame yet
  playing,
  paused,
  waiting,  ///< for a camera that is not there, is busy, refuses or sends nothing; tried again
  ended,    ///< the last frame stays; resume() or seek() plays again
  failed,   ///< for good; `message` says why
};

/// Why a camera (or another input) is not playing, for front ends that act on it.
enum class LiveProblem {
  none,
  no_device,      ///< there is no such camera, or it was unplugged
  busy,           ///< another program has it
  no_permission,  ///< the user may not open it
  no_frames,      ///< it is open, but nothing comes
  other,          ///< `message` says what
};

enum class SoundState {
  none,     ///< the input has no sound, or it is switched off
  playing,  ///< through the device (silent while paused)
  silent,   ///< there is no device to play it; it is still there for a recorder
};

struct LiveStatus {
  LiveState state = LiveState::opening;
  LiveProblem problem = LiveProblem::none;
  std::string message;      ///< one line that says what is wrong and what to do; empty: nothing is
  std::string description;  ///< "camera 1280x720 30", "clip.mp4 640x360 25"; empty before a frame
  bool is_camera = false;
  std::string camera;     ///< its path now, which changes when it is plugged in elsewhere
  bool is_live = false;   ///< pausing freezes the picture only; no position
  bool is_image = false;  ///< one frame, which is polled once
  bool seekable = false;
  bool looping = false;
  SoundState sound = SoundState::none;
  std::string sound_message;  ///< why there is none to hear; said once in the log too
  double fps = 0.0;           ///< measured over the last second: frames that came from the source
  std::uint64_t frames = 0;   ///< polled
  std::uint64_t dropped = 0;  ///< newer ones came before they were polled
  double position = 0.0;      ///< seconds of the file at the frame polled last
  double duration = 0.0;      ///< seconds; 0: unknown
  Rational sample_aspect_ratio{1, 1};
  int rotation = 0;  ///< degrees clockwise that a player turns the picture by
  Rational frame_rate;
  bool damaged = false;  ///< parts could not be decoded
};

struct LiveFrame {
  Frame frame;            ///< pts and duration in microseconds of play time
  Instant captured;       ///< by the camera's own clock where it has one; files: when it was due
  double position = 0.0;  ///< seconds of the file
};

struct LiveOptions {
  SourceOptions source;  ///< frame_limit, copy_streams and cancel are not used
  bool loop = true;      ///< files
  bool play = true;      ///< false: paused at the first frame, which is polled
  bool sound = true;
  /// Play time of its beginning: play_time() of the source before, so that a recording goes on.
  std::int64_t begin = 0;
  /// For tests: what time it is. Empty: the steady clock.
  std::function<Instant()> now;
};

/// Everything may be called from any thread, never throws for what the input does (status() tells)
/// and never waits for it; the constructor returns at once.
class LiveSource {
 public:
  explicit LiveSource(const LiveOptions& options);
  /// Ends within the time of a frame.
  ~LiveSource();
  LiveSource(const LiveSource&) = delete;
  LiveSource& operator=(const LiveSource&) = delete;

  /// The newest frame that is due and was not polled yet.
  std::optional<LiveFrame> poll();
  LiveStatus status() const;
  /// Microseconds; no frame polled so far is later.
  std::int64_t play_time() const;

  void pause();
  void resume();
  /// Pauses, and makes the next frame due. Nothing at the end and for live inputs.
  void step();
  /// Pauses at the frame before the one polled last. Nothing where status().seekable is false.
  void step_back();
  /// The frame that is shown at so many seconds of the file, paused or not. Clamped to the file;
  /// nothing where status().seekable is false.
  void seek(double seconds);
  void set_loop(bool loop);
  /// 0 (muted) to 1; a recorder's sound is not changed.
  void set_volume(double volume);
  /// Called with all sound as it is played, in order, on the sound's thread: it must be quick, and
  /// not call the source.
  /// Replaces the one before; an empty function ends it (it is not running when this returns).
  void set_sound_listener(SoundListener listener);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace impasto::video
