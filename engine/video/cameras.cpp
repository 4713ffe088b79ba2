#include "engine/video/cameras.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <tuple>

#include "engine/video/v4l2.h"

namespace impasto::video {
namespace {

using v4l2::control;

void add_rates(const v4l2::File& file, std::uint32_t fourcc, CameraMode mode,
               std::vector<CameraMode>& modes) {
  v4l2_frmivalenum interval{};
  interval.pixel_format = fourcc;
  interval.width = static_cast<__u32>(mode.width);
  interval.height = static_cast<__u32>(mode.height);
  const std::size_t before = modes.size();
  for (; control(file, VIDIOC_ENUM_FRAMEINTERVALS, &interval) == 0; ++interval.index) {
    const bool discrete = interval.type == V4L2_FRMIVAL_TYPE_DISCRETE;
    const v4l2_fract time = discrete ? interval.discrete : interval.stepwise.min;
    if (time.numerator == 0) continue;
    mode.rate = {static_cast<int>(time.denominator), static_cast<int>(time.numerator)};
    if (!discrete) {
      // Any rate between two: the usual ones that fit.
      const v4l2_fract slowest = interval.stepwise.max;
      const double least = slowest.numerator == 0
                               ? 0.0
                               : static_cast<double>(slowest.denominator) / slowest.numerator;
      const double most = mode.rate.value();
      for (const int usual : {60, 30, 25, 15}) {
        mode.rate = {usual, 1};
        if (usual >= least && usual <= most) modes.push_back(mode);
      }
      break;
    }
    modes.push_back(mode);
  }
  mode.rate = {0, 1};
  if (modes.size() == before) modes.push_back(mode);
}

void add_sizes(const v4l2::File& file, std::uint32_t fourcc, std::vector<CameraMode>& modes) {
  CameraMode mode;
  mode.format = v4l2::format_name(fourcc);
  if (mode.format.empty()) return;
  const auto add = [&](unsigned width, unsigned height) {
    mode.width = static_cast<int>(width);
    mode.height = static_cast<int>(height);
    add_rates(file, fourcc, mode, modes);
  };
  v4l2_frmsizeenum size{};
  size.pixel_format = fourcc;
  for (; control(file, VIDIOC_ENUM_FRAMESIZES, &size) == 0; ++size.index) {
    if (size.type == V4L2_FRMSIZE_TYPE_DISCRETE) {
      add(size.discrete.width, size.discrete.height);
      continue;
    }
    const v4l2_frmsize_stepwise& range = size.stepwise;
    const auto fits = [](unsigned value, unsigned least, unsigned most, unsigned step) {
      return value >= least && value <= most && (step == 0 || (value - least) % step == 0);
    };
    for (const auto& [width, height] :
         {std::pair{1920U, 1080U}, std::pair{1280U, 720U}, std::pair{640U, 480U},
          std::pair{640U, 360U}, std::pair{320U, 240U}, std::pair{320U, 180U}}) {
      if (fits(width, range.min_width, range.max_width, range.step_width) &&
          fits(height, range.min_height, range.max_height, range.step_height)) {
        add(width, height);
      }
    }
    break;
  }
}

std::vector<CameraMode> list_modes(const v4l2::File& file) {
  std::vector<CameraMode> modes;
  v4l2_fmtdesc format{};
  format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  for (; control(file, VIDIOC_ENUM_FMT, &format) == 0; ++format.index) {
    add_sizes(file, format.pixelformat, modes);
  }
  const auto order = [](const CameraMode& mode) {
    return std::tuple(-mode.width * mode.height, mode.format, -mode.rate.value());
  };
  std::stable_sort(modes.begin(), modes.end(),
                   [&](const CameraMode& a, const CameraMode& b) { return order(a) < order(b); });
  modes.erase(std::unique(modes.begin(), modes.end()), modes.end());
  return modes;
}

CameraProblem explain(const std::string& path, int error) {
  switch (error) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
      return {LiveProblem::no_device,
              "there is no camera " + path + "; plug it in, or choose another source"};
    case EACCES:
    case EPERM:
      return {LiveProblem::no_permission,
              "no permission to open " + path +
                  "; join its group (sudo usermod -aG video $USER) and log in again"};
    case EBUSY:
      return {LiveProblem::busy, path +
                                     " is used by another program; close it there, or choose "
                                     "another camera"};
    default:
      return {LiveProblem::other, "cannot open " + path + ": " + std::strerror(error)};
  }
}

std::vector<VideoDevice> list_devices(bool outputs, const std::string& own) {
  std::vector<VideoDevice> devices;
  for (const std::string& path : v4l2::device_paths()) {
    const v4l2::File file(path);
    VideoDevice device;
    device.path = path;
    if (file.error() != 0) {
      // What it is cannot be asked; cameras are what people look for.
      if (outputs) continue;
      const CameraProblem problem = explain(path, file.error());
      if (problem.problem == LiveProblem::no_device) continue;
      device.problem = problem.problem;
      device.message = problem.message;
      devices.push_back(std::move(device));
      continue;
    }
    const auto found = v4l2::capabilities(file);
    if (!found || !(outputs ? found->outputs : found->captures)) continue;
    device.name = found->name;
    device.bus = found->bus;
    if (!outputs) {
      const CameraProblem problem = path == own ? CameraProblem{} : diagnose_camera(path);
      device.problem = problem.problem;
      device.message = problem.message;
      device.modes = list_modes(file);
    }
    devices.push_back(std::move(device));
  }
  return devices;
}

}  // namespace

std::vector<VideoDevice> list_cameras(const std::string& own) {
  return list_devices(false, own);
}

std::vector<VideoDevice> list_virtual_cameras() {
  return list_devices(true, {});
}

CameraProblem diagnose_camera(const std::string& path) {
  const v4l2::File file(path);
  if (file.error() != 0) return explain(path, file.error());
  const auto found = v4l2::capabilities(file);
  if (!found || !found->captures) {
    return {LiveProblem::other, path + " is no camera; `impasto devices` lists them"};
  }
  // The driver tells who streams only to whoever wants to: setting what is set changes nothing.
  v4l2_format format{};
  format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  if (control(file, VIDIOC_G_FMT, &format) == 0 && control(file, VIDIOC_S_FMT, &format) == EBUSY) {
    return explain(path, EBUSY);
  }
  return {};
}

std::string no_frames_message(const std::string& path) {
  return path +
         " sends no pictures; it is tried again. Check its cover and cable, or choose another "
         "camera";
}

std::optional<CameraMode> preferred_mode(const VideoDevice& camera) {
  constexpr double smooth = 24.0;
  constexpr int most_lines = 720;
  const auto rank = [](const CameraMode& mode) {
    const bool compressed = mode.format == "mjpeg" || mode.format == "h264";
    const int lines = mode.height <= most_lines ? mode.height : -mode.height;
    const double rate = mode.rate.value();
    // Beyond the display's usual rate there is nothing to see.
    return std::tuple(rate >= smooth || mode.rate.numerator == 0, lines, mode.width,
                      -std::abs(rate - 30.0), !compressed);
  };
  const auto best =
      std::max_element(camera.modes.begin(), camera.modes.end(),
                       [&](const CameraMode& a, const CameraMode& b) { return rank(a) < rank(b); });
  return best == camera.modes.end() ? std::nullopt : std::optional(*best);
}

std::string camera_input(const std::string& path, const std::optional<CameraMode>& mode) {
  std::string input = "v4l2:" + path;
  if (!mode) return input;
  input += ",video_size=" + std::to_string(mode->width) + "x" + std::to_string(mode->height);
  if (mode->rate.numerator > 0) {
    input += ",framerate=" + std::to_string(mode->rate.numerator);
    if (mode->rate.denominator != 1) input += "/" + std::to_string(mode->rate.denominator);
  }
  return input + ",input_format=" + mode->format;
}

std::optional<std::string> default_camera() {
  const std::vector<VideoDevice> outputs = list_virtual_cameras();
  for (const VideoDevice& camera : list_cameras()) {
    const bool loops_back =
        std::any_of(outputs.begin(), outputs.end(),
                    [&](const VideoDevice& output) { return output.path == camera.path; });
    if (camera.problem == LiveProblem::none && !loops_back) {
      return camera_input(camera.path, preferred_mode(camera));
    }
  }
  return std::nullopt;
}

}  // namespace impasto::video
