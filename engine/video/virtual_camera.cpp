#include "engine/video/virtual_camera.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine/base/error.h"
#include "engine/video/cameras.h"
#include "engine/video/fitter.h"
#include "engine/video/pixel_formats.h"
#include "engine/video/v4l2.h"

namespace impasto::video {
namespace {

// What most programs that read cameras take, best first.
constexpr std::uint32_t offered_formats[] = {V4L2_PIX_FMT_YUV420, V4L2_PIX_FMT_YUYV,
                                             V4L2_PIX_FMT_NV12,   V4L2_PIX_FMT_UYVY,
                                             V4L2_PIX_FMT_RGB24,  V4L2_PIX_FMT_BGR24};

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ExitCode::output, message);
}

[[noreturn]] void refuse_busy(const std::string& path) {
  refuse(path + " is used by another program; close it there, or choose another device");
}

std::string first_device() {
  const std::vector<VideoDevice> devices = list_virtual_cameras();
  if (devices.empty()) {
    refuse(
        "there is no virtual camera; make one with `sudo modprobe v4l2loopback` (Debian's "
        "package v4l2loopback-dkms)");
  }
  return devices.front().path;
}

void check_device(const std::string& path, const v4l2::File& file) {
  switch (file.error()) {
    case 0:
      break;
    case ENOENT:
    case ENODEV:
    case ENXIO:
      refuse("there is no device " + path + "; `sudo modprobe v4l2loopback` makes one");
    case EACCES:
    case EPERM:
      refuse("no permission to open " + path +
             "; join its group (sudo usermod -aG video $USER) and log in again");
    case EBUSY:
      refuse_busy(path);
    default:
      refuse("cannot open " + path + ": " + std::strerror(file.error()));
  }
  const auto found = v4l2::capabilities(file);
  if (!found) refuse(path + " is no video device");
  if (!found->outputs || !found->writes) {
    refuse(path + " (" + found->name +
           ") takes no pictures; choose an output device, such as v4l2loopback makes");
  }
}

}  // namespace

class VirtualCamera::Implementation {
 public:
  explicit Implementation(const std::string& path);
  ~Implementation();
  void write(const Frame& frame);
  VirtualCameraStatus status() const;

 private:
  void run();
  void open(const FrameFormat& source);
  bool ask_for(const FrameFormat& source, std::uint32_t fourcc, v4l2_format& answer);
  void send(const Frame& frame);

  const std::string path_;
  const v4l2::File file_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Frame> newest_;
  bool closing_ = false;
  VirtualCameraStatus status_;

  // The thread's.
  FrameFormat format_;
  std::size_t first_stride_ = 0;  ///< bytes of a row of the first plane, as the driver wants it
  std::vector<std::byte> image_;
  Fitter fitter_;
  std::thread thread_;
};

VirtualCamera::VirtualCamera(const std::string& path)
    : implementation_(std::make_unique<Implementation>(path.empty() ? first_device() : path)) {}
VirtualCamera::~VirtualCamera() = default;
void VirtualCamera::write(const Frame& frame) {
  implementation_->write(frame);
}
VirtualCameraStatus VirtualCamera::status() const {
  return implementation_->status();
}

VirtualCamera::Implementation::Implementation(const std::string& path) : path_(path), file_(path) {
  check_device(path_, file_);
  // Setting what is set tells whether another program is writing.
  v4l2_format format{};
  format.type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
  if (v4l2::control(file_, VIDIOC_G_FMT, &format) == 0 &&
      v4l2::control(file_, VIDIOC_S_FMT, &format) == EBUSY) {
    refuse_busy(path_);
  }
  thread_ = std::thread([this] { run(); });
}

VirtualCamera::Implementation::~Implementation() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void VirtualCamera::Implementation::write(const Frame& frame) {
  const std::lock_guard lock(mutex_);
  if (!status_.message.empty()) return;
  if (newest_) ++status_.dropped;
  newest_ = frame;
  changed_.notify_all();
}

VirtualCameraStatus VirtualCamera::Implementation::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void VirtualCamera::Implementation::run() {
  try {
    for (;;) {
      std::optional<Frame> frame;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return closing_ || newest_; });
        if (closing_) return;
        frame.swap(newest_);
      }
      if (image_.empty()) open(frame->format);
      send(*frame);
    }
  } catch (const std::exception& failure) {
    const std::lock_guard lock(mutex_);
    status_.message = failure.what();
    newest_.reset();
  }
}

bool VirtualCamera::Implementation::ask_for(const FrameFormat& source, std::uint32_t fourcc,
                                            v4l2_format& answer) {
  answer = {};
  answer.type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
  v4l2_pix_format& picture = answer.fmt.pix;
  picture.width = static_cast<__u32>(source.width) & ~1U;
  picture.height = static_cast<__u32>(source.height) & ~1U;
  picture.pixelformat = fourcc;
  picture.field = V4L2_FIELD_NONE;
  const int error = v4l2::control(file_, VIDIOC_S_FMT, &answer);
  if (error == EBUSY) {
    refuse_busy(path_);
  }
  if (error == ENODEV) refuse(path_ + " is gone");
  return error == 0 && picture.pixelformat == fourcc;
}

void VirtualCamera::Implementation::open(const FrameFormat& source) {
  v4l2_format answer{};
  const auto taken =
      std::find_if(std::begin(offered_formats), std::end(offered_formats),
                   [&](std::uint32_t fourcc) { return ask_for(source, fourcc, answer); });
  if (taken == std::end(offered_formats)) {
    refuse(path_ +
           " takes none of the pixel formats that can be sent (yuv420p, yuyv422, nv12, "
           "rgb24); choose another device");
  }
  const v4l2_pix_format& picture = answer.fmt.pix;
  format_.width = static_cast<int>(picture.width);
  format_.height = static_cast<int>(picture.height);
  format_.layout = *find_layout(v4l2::format_name(*taken));
  if (format_.layout.rgb) {
    format_.color.matrix = Matrix::identity;
    format_.color.range = Range::full;
  }
  first_stride_ = std::max<std::size_t>(picture.bytesperline,
                                        static_cast<std::size_t>(format_.plane_width_bytes(0)));
  image_.resize(std::max<std::size_t>(picture.sizeimage, 1));
  const std::lock_guard lock(mutex_);
  status_.description = path_ + " " + std::to_string(format_.width) + "x" +
                        std::to_string(format_.height) + " " + format_.layout.name;
}

void VirtualCamera::Implementation::send(const Frame& frame) {
  const Frame fitted = fitter_.fit(frame, format_);
  // One block: planes after each other, the strides of the others in proportion.
  std::size_t used = 0;
  for (int plane = 0; plane < format_.layout.plane_count; ++plane) {
    const auto bytes = static_cast<std::size_t>(format_.plane_width_bytes(plane));
    const std::size_t stride =
        first_stride_ * bytes / static_cast<std::size_t>(format_.plane_width_bytes(0));
    const auto rows = static_cast<std::size_t>(format_.plane_height(plane));
    if (image_.size() < used + stride * rows) image_.resize(used + stride * rows);
    for (std::size_t row = 0; row < rows; ++row) {
      std::memcpy(image_.data() + used + row * stride,
                  fitted.planes[plane] + static_cast<std::ptrdiff_t>(row) * fitted.strides[plane],
                  bytes);
    }
    used += stride * rows;
  }
  const ssize_t written = ::write(file_.descriptor(), image_.data(), image_.size());
  const int error = written < 0 ? errno : 0;
  if (error == ENODEV) refuse(path_ + " is gone");
  if (error == EBUSY) refuse_busy(path_);
  const bool late = error == EAGAIN || error == EINTR;  // its reader is slower than we are
  if (error != 0 && !late) refuse("writing to " + path_ + " failed: " + std::strerror(error));
  const std::lock_guard lock(mutex_);
  ++(late ? status_.dropped : status_.frames);
}

}  // namespace impasto::video
