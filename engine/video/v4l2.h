// Owns: the few calls to V4L2 that cameras and virtual cameras share. Internal to engine/video.
// Depends on: Linux's videodev2.h.
#pragma once

#include <linux/videodev2.h>

#include <optional>
#include <string>
#include <vector>

namespace impasto::video::v4l2 {

/// An open device file.
class File {
 public:
  /// Does not wait for the device; error() tells whether it opened.
  explicit File(const std::string& path);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor() const { return descriptor_; }
  int error() const { return error_; }  ///< errno of opening; 0: it is open

 private:
  int descriptor_ = -1;
  int error_ = 0;
};

/// 0, or errno.
int control(const File& file, unsigned long request, void* argument);

struct Capabilities {
  std::string name;
  std::string bus;
  bool captures = false;
  bool outputs = false;
  bool writes = false;  ///< takes frames through write()
};
/// Empty: not a V4L2 device.
std::optional<Capabilities> capabilities(const File& file);

/// "/dev/video0", ... in order of their numbers.
std::vector<std::string> device_paths();

/// FFmpeg's name of a pixel format or codec; empty: it has none that could be asked for.
std::string format_name(std::uint32_t fourcc);

}  // namespace impasto::video::v4l2
