// Owns: where frames go: a video file with the source's other streams, an image, an image sequence,
// a y4m pipe; and the rule that an output has its name only when it is complete. Depends on: base,
// video/frame.h, video/source.h; the implementation is FFmpeg's. To add a default encoder: a row in
// encoder_choice.cpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/video/frame.h"
#include "engine/video/source.h"

namespace impasto::video {

struct SinkOptions {
  /// A video file, an image, a pattern ("%04d.png"), or "-" (y4m on stdout).
  std::string output;
  bool overwrite = false;
  int width = 0;  ///< of the frames that will be written; 0: the source's
  int height = 0;
  std::string codec;          ///< encoder or codec as FFmpeg names it; empty: by container
  std::optional<double> crf;  ///< constant quality; empty: the default of the encoder chosen
  std::string preset;         ///< speed preset; empty: as the encoder chosen has it
  std::string pixel_format;   ///< as FFmpeg names it; empty: the source's or the nearest
  /// Further options of the encoder as FFmpeg names them.
  std::vector<std::pair<std::string, std::string>> encoder_options;
};

/// Not thread-safe: one thread writes and finishes (another may be reading the source).
class Sink {
 public:
  virtual ~Sink() = default;
  /// Size, layout and colour that frames must have when the source's frames are `source`. A video
  /// has one size and layout throughout; images follow their source.
  virtual FrameFormat frame_format(const FrameFormat& source) const = 0;
  /// Takes a frame of frame_format(...); pts and duration are in the source's time base. Its memory
  /// is used without a copy and held until it is encoded. Throws Error{output}.
  virtual void write(const Frame& frame) = 0;
  /// Ends the output: ok, partial, interrupted, terminated complete it and give it its name; gpu
  /// and output leave what could be written under partial_path(); usage, input, model leave no
  /// file. Throws Error{output} when completing fails. A sink destroyed unfinished ends as with
  /// output.
  virtual void finish(ExitCode outcome) = 0;
};

/// Opens the output and connects it to the source's other streams (when opened with copy_streams).
/// `source` must outlive the sink. Throws Error{usage} when the output exists and overwrite is off,
/// or the output's name, codec or options cannot work; Error{output} when it cannot be created.
/// Nothing is created before all of that is checked.
std::unique_ptr<Sink> open_sink(const SinkOptions& options, Source& source);

}  // namespace impasto::video
