// Owns: which V4L2 devices there are, what they offer, and why one cannot be opened.
// Depends on: base, source.h; Linux's videodev2.h in the implementation. To add a pixel format of
// cameras: a row in cameras.cpp's table.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/video/live_source.h"
#include "engine/video/source.h"

namespace impasto::video {

struct CameraMode {
  std::string format;  ///< as FFmpeg names it: "yuyv422", "mjpeg"
  int width = 0;
  int height = 0;
  Rational rate;  ///< frames per second; numerator 0: the driver does not say
  bool operator==(const CameraMode&) const = default;
};

struct VideoDevice {
  std::string path;               ///< "/dev/video0"
  std::string name;               ///< "Integrated Camera"
  std::string bus;                ///< where it is plugged in; finds it again under another path
  std::vector<CameraMode> modes;  ///< cameras: by size (largest first), format, rate
  LiveProblem problem = LiveProblem::none;  ///< why it cannot be asked or opened
  std::string message;                      ///< says what to do about it
};

/// Devices that deliver pictures, in order of their numbers; those that refuse are in the list,
/// with their problem. A camera that another program uses is still asked. `own`: the path of the
/// one that the caller has open (LiveStatus::camera), which is not called busy for that.
std::vector<VideoDevice> list_cameras(const std::string& own = {});
/// Devices that take pictures (v4l2loopback and the like).
std::vector<VideoDevice> list_virtual_cameras();

/// The mode to begin with: at least 24 frames per second where there is one, the largest up to 720
/// lines, plain pixels before compressed ones. Empty: the camera lists none.
std::optional<CameraMode> preferred_mode(const VideoDevice& camera);

/// IN of `apply` and SourceOptions::input for a camera: "v4l2:/dev/video0" or
/// "v4l2:/dev/video0,video_size=1280x720,framerate=30,input_format=mjpeg".
std::string camera_input(const std::string& path, const std::optional<CameraMode>& mode);

/// IN of the first camera that can be opened, in its preferred mode; empty when there is none.
/// Virtual ones, which show what is sent to them, are not counted.
std::optional<std::string> default_camera();

/// Why /dev/videoN cannot be opened as a camera now; none when it can. `message` names it and says
/// what to do.
struct CameraProblem {
  LiveProblem problem = LiveProblem::none;
  std::string message;
};
CameraProblem diagnose_camera(const std::string& path);
/// What to say of LiveProblem::no_frames.
std::string no_frames_message(const std::string& path);

}  // namespace impasto::video
