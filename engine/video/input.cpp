#include "engine/video/input.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/files.h"
#include "engine/video/late_libav.h"

namespace impasto::video {
namespace {

namespace fs = std::filesystem;

/// A file's name around its one number, "frame%04d.png".
struct Pattern {
  std::string before;
  std::string after;
};

std::optional<Pattern> split_pattern(const std::string& name) {
  const std::size_t percent = name.find('%');
  if (percent == std::string::npos) return std::nullopt;
  const std::size_t letter = name.find_first_not_of("0123456789", percent + 1);
  if (letter == std::string::npos || name[letter] != 'd') return std::nullopt;
  if (name.find('%', letter) != std::string::npos) return std::nullopt;
  return Pattern{name.substr(0, percent), name.substr(letter + 1)};
}

int interrupted(void* cancel) {
  const auto* flag = static_cast<const std::atomic<bool>*>(cancel);
  return flag != nullptr && flag->load() ? 1 : 0;
}

/// The lowest number for which a file of a sequence's pattern exists.
std::int64_t find_first_number(const std::string& pattern) {
  const fs::path path(pattern);
  const auto [before, after] = *split_pattern(path.filename().string());
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::optional<std::int64_t> first;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(folder, failure)) {
    const std::string file = entry.path().filename().string();
    if (file.size() <= before.size() + after.size()) continue;
    if (!file.starts_with(before) || !file.ends_with(after)) continue;
    const char* begin = file.data() + before.size();
    const char* end = file.data() + file.size() - after.size();
    std::int64_t number = 0;
    const auto [stop, error] = std::from_chars(begin, end, number);
    if (error == std::errc() && stop == end && number >= 0 && (!first || number < *first)) {
      first = number;
    }
  }
  if (!first) throw Error(ExitCode::input, "no file matches " + pattern);
  return *first;
}

using Options = std::vector<std::pair<std::string, std::string>>;

struct Address {
  std::string url;
  const AVInputFormat* demuxer = nullptr;
  bool sequence = false;
  bool capture = false;  ///< a device that delivers pictures in real time
  Options options;       ///< given with the name
};

/// Devices whose pictures come in real time.
struct CaptureRow {
  std::string_view prefix;
  const char* demuxer;
};
constexpr std::string_view camera_prefix = "v4l2:";
constexpr CaptureRow capture_rows[] = {{camera_prefix, "video4linux2"}, {"x11grab:", "x11grab"}};

/// Takes ",key=value" parts off the end of a device's name.
Options take_options(std::string& name) {
  Options options;
  for (;;) {
    const std::size_t comma = name.rfind(',');
    const std::size_t equals = name.find('=', comma == std::string::npos ? name.size() : comma);
    if (equals == std::string::npos) return options;
    options.emplace_back(name.substr(comma + 1, equals - comma - 1), name.substr(equals + 1));
    name.erase(comma);
  }
}

const AVInputFormat* device(const char* name) {
  register_devices();
  const AVInputFormat* found = av_find_input_format(name);
  if (found == nullptr) {
    throw Error(ExitCode::input, std::string("this FFmpeg was built without ") + name);
  }
  return found;
}

Address resolve_input(const std::string& name) {
  if (name.empty()) throw Error(ExitCode::usage, "the input has no name");
  if (name == "-") return {"pipe:0"};
  if (name.starts_with("lavfi:")) return {name.substr(6), device("lavfi")};
  for (const CaptureRow& row : capture_rows) {
    if (!name.starts_with(row.prefix)) continue;
    Address address{name.substr(row.prefix.size()), device(row.demuxer), false, true};
    address.options = take_options(address.url);
    return address;
  }
  if (is_sequence_pattern(name)) return {name, av_find_input_format("image2"), true};
  // "file:" keeps a colon in a file's name from being read as a protocol.
  if (fs::exists(name)) {
    if (fs::is_directory(name)) throw Error(ExitCode::input, name + " is a folder, not a video");
    return {"file:" + name};
  }
  return {name};
}

bool ends_with_pipe(const char* name) {
  const std::size_t length = std::strlen(name);
  return length > 5 && std::strcmp(name + length - 5, "_pipe") == 0;
}

}  // namespace

std::string camera_path(const std::string& input) {
  if (!input.starts_with(camera_prefix)) return "";
  std::string path = input.substr(camera_prefix.size());
  take_options(path);
  return path;
}

bool is_sequence_pattern(const std::string& name) {
  if (name.find("://") != std::string::npos || name.find('%') == std::string::npos) return false;
  return !files::file_exists(name) && split_pattern(fs::path(name).filename().string()).has_value();
}

Input open_input(const SourceOptions& options) {
  route_libav_log();
  avformat_network_init();
  const Address address = resolve_input(options.input);
  Input input;
  Dictionary dictionary(options.input_options);
  for (const auto& [key, value] : address.options) dictionary.set(key, value);
  if (address.sequence) {
    input.first_number = find_first_number(options.input);
    dictionary.set("start_number", std::to_string(input.first_number));
  }

  const auto refuse = [&](int code) {
    throw Error(ExitCode::input, "cannot open " + options.input + ": " + error_text(code));
  };
  AVFormatContext* context = avformat_alloc_context();
  if (context == nullptr) throw std::bad_alloc();
  if (options.cancel != nullptr) {
    context->interrupt_callback = {interrupted, const_cast<std::atomic<bool>*>(options.cancel)};
  }
  // A read from a camera that sends nothing would never return.
  input.is_camera = options.input.starts_with(camera_prefix);
  if (input.is_camera) context->flags |= AVFMT_FLAG_NONBLOCK;
  const auto open = [&] {
    const QuietLibav quiet;  // what went wrong is in the error
    return avformat_open_input(&context, address.url.c_str(), address.demuxer,
                               dictionary.address());
  };
  int result = open();  // frees the context when it fails
  if (result < 0) refuse(result);
  input.format.reset(context);
  if (const std::string key = dictionary.first_key(); !key.empty()) {
    throw Error(ExitCode::usage, "the input " + options.input + " has no option " + key);
  }
  // "tty" takes any text file for a picture drawn in letters.
  if (std::strcmp(context->iformat->name, "tty") == 0) refuse(AVERROR_INVALIDDATA);
  // Devices describe themselves; looking at their pictures would only cost the first of them.
  if (!address.capture) {
    result = avformat_find_stream_info(context, nullptr);
    if (result < 0) refuse(result);
  }

  const std::string container = context->iformat->name;
  input.is_image =
      !address.sequence && (ends_with_pipe(container.c_str()) || container == "image2");
  const bool endless =
      context->duration == AV_NOPTS_VALUE && options.input != "-" &&
      options.input.find("://") != std::string::npos &&
      (context->pb == nullptr || (context->pb->seekable & AVIO_SEEKABLE_NORMAL) == 0);
  input.is_live = address.capture || endless;
  return input;
}

}  // namespace impasto::video
