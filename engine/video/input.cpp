#include "engine/video/input.h"

extern "C" {
#include <libavdevice/avdevice.h>
}

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/files.h"

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

struct Address {
  std::string url;
  const AVInputFormat* demuxer = nullptr;
  bool sequence = false;
};

const AVInputFormat* device(const char* name) {
  avdevice_register_all();
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
  if (name.starts_with("v4l2:")) return {name.substr(5), device("video4linux2")};
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
  result = avformat_find_stream_info(context, nullptr);
  if (result < 0) refuse(result);

  const std::string container = context->iformat->name;
  input.is_image =
      !address.sequence && (ends_with_pipe(container.c_str()) || container == "image2");
  const bool endless =
      context->duration == AV_NOPTS_VALUE && options.input != "-" &&
      options.input.find("://") != std::string::npos &&
      (context->pb == nullptr || (context->pb->seekable & AVIO_SEEKABLE_NORMAL) == 0);
  input.is_live = options.input.starts_with("v4l2:") || endless;
  return input;
}

}  // namespace impasto::video
