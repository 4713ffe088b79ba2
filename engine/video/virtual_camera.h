// Owns: output of live frames to a V4L2 output device (v4l2loopback), which other programs see as a
// camera. Depends on: base, frame.h; Linux's videodev2.h in the implementation.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/video/frame.h"

namespace impasto::video {

struct VirtualCameraStatus {
  std::string description;  ///< "/dev/video10 1280x720 yuv420p"; empty before the first frame
  std::string message;      ///< why it stopped and what to do; empty: it runs
  std::uint64_t frames = 0;
  std::uint64_t dropped = 0;  ///< frames replaced by a newer one before they were written
};

/// A thread converts and writes; nothing waits for it, the newest frame wins.
class VirtualCamera {
 public:
  /// `path`: "/dev/video10"; empty: the first device that takes pictures. Throws Error{output} that
  /// says what to do: there is none, it is no output device, it is busy, no permission.
  explicit VirtualCamera(const std::string& path);
  ~VirtualCamera();
  VirtualCamera(const VirtualCamera&) = delete;
  VirtualCamera& operator=(const VirtualCamera&) = delete;

  /// A frame of any size and format. The first one's size is asked of the device; later ones, and
  /// those of a device that insists on its own size, are scaled into it with black beside them.
  void write(const Frame& frame);
  /// A device that refuses or goes away ends it; `message` says so.
  VirtualCameraStatus status() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace impasto::video
