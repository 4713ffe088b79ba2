// Owns: bringing frames of any size and format into one: for sinks whose format is fixed while
// their frames come from changing sources. Internal to engine/video. Depends on: libswscale,
// frame.h.
#pragma once

#include <memory>

#include "engine/video/frame.h"

struct SwsContext;

namespace impasto::video {

class Fitter {
 public:
  Fitter();
  ~Fitter();
  /// The frame itself where nothing is to be done; else a copy, scaled to the largest size of the
  /// same proportions that fits, black beside it. Times and properties stay. Throws Error{output}
  /// where swscale knows no way.
  Frame fit(const Frame& frame, const FrameFormat& target);

 private:
  struct Deleter {
    void operator()(SwsContext* context) const;
  };
  std::unique_ptr<SwsContext, Deleter> context_;
};

}  // namespace impasto::video
