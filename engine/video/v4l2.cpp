#include "engine/video/v4l2.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>

namespace impasto::video::v4l2 {
namespace {

struct FormatRow {
  std::uint32_t fourcc;
  const char* name;
};
constexpr FormatRow format_rows[] = {
    {V4L2_PIX_FMT_YUYV, "yuyv422"},   {V4L2_PIX_FMT_UYVY, "uyvy422"},
    {V4L2_PIX_FMT_YUV420, "yuv420p"}, {V4L2_PIX_FMT_YUV422P, "yuv422p"},
    {V4L2_PIX_FMT_NV12, "nv12"},      {V4L2_PIX_FMT_GREY, "gray"},
    {V4L2_PIX_FMT_RGB24, "rgb24"},    {V4L2_PIX_FMT_BGR24, "bgr24"},
    {V4L2_PIX_FMT_XBGR32, "bgr0"},    {V4L2_PIX_FMT_XRGB32, "0rgb"},
    {V4L2_PIX_FMT_MJPEG, "mjpeg"},    {V4L2_PIX_FMT_JPEG, "mjpeg"},
    {V4L2_PIX_FMT_H264, "h264"},
};

std::string text(const __u8* bytes, std::size_t size) {
  const auto* begin = reinterpret_cast<const char*>(bytes);
  return {begin, std::find(begin, begin + size, '\0')};
}

}  // namespace

File::File(const std::string& path) {
  descriptor_ = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (descriptor_ < 0) error_ = errno;
}

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

int control(const File& file, unsigned long request, void* argument) {
  int result = 0;
  do {
    result = ::ioctl(file.descriptor(), request, argument);
  } while (result < 0 && errno == EINTR);
  return result < 0 ? errno : 0;
}

std::optional<Capabilities> capabilities(const File& file) {
  v4l2_capability answer{};
  if (file.error() != 0 || control(file, VIDIOC_QUERYCAP, &answer) != 0) return std::nullopt;
  // Of this file, where the driver tells them apart from the whole device's.
  const std::uint32_t flags =
      (answer.capabilities & V4L2_CAP_DEVICE_CAPS) != 0 ? answer.device_caps : answer.capabilities;
  Capabilities result;
  result.name = text(answer.card, sizeof answer.card);
  result.bus = text(answer.bus_info, sizeof answer.bus_info);
  result.captures = (flags & V4L2_CAP_VIDEO_CAPTURE) != 0;
  result.outputs = (flags & V4L2_CAP_VIDEO_OUTPUT) != 0;
  result.writes = (flags & V4L2_CAP_READWRITE) != 0;
  return result;
}

std::vector<std::string> device_paths() {
  constexpr std::string_view prefix = "video";
  std::vector<int> numbers;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator("/dev", failure)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(prefix) || name.size() == prefix.size()) continue;
    const std::string digits = name.substr(prefix.size());
    if (digits.size() < 6 && std::all_of(digits.begin(), digits.end(),
                                         [](unsigned char c) { return std::isdigit(c) != 0; })) {
      numbers.push_back(std::stoi(digits));
    }
  }
  std::sort(numbers.begin(), numbers.end());
  std::vector<std::string> paths;
  for (const int number : numbers) paths.push_back("/dev/video" + std::to_string(number));
  return paths;
}

std::string format_name(std::uint32_t fourcc) {
  for (const FormatRow& row : format_rows) {
    if (row.fourcc == fourcc) return row.name;
  }
  return "";
}

}  // namespace impasto::video::v4l2
