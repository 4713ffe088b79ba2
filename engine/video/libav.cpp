#include "engine/video/libav.h"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <new>
#include <set>

#include "engine/base/log.h"

namespace impasto::video {
namespace {

thread_local int quiet_depth = 0;

// Decoders complain once per macroblock row of a damaged file; a few different lines say enough.
constexpr std::size_t most_messages = 8;

void forward(void* object, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_ERROR || quiet_depth > 0) return;
  std::array<char, 512> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  std::string message = text.data();
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.pop_back();
  if (message.empty()) return;
  const AVClass* type = object != nullptr ? *static_cast<AVClass**>(object) : nullptr;
  const char* name = type != nullptr ? type->item_name(object) : "ffmpeg";

  static std::mutex mutex;
  static std::set<std::string> seen;
  // Numbers differ from one broken place to the next: lines that differ only there are the same.
  std::string key = message;
  std::erase_if(key, [](char c) { return (c >= '0' && c <= '9'); });
  bool last = false;
  {
    std::lock_guard lock(mutex);
    if (seen.size() >= most_messages || !seen.insert(name + key).second) return;
    last = seen.size() == most_messages;
  }
  log::warning(std::string(name) + ": " + message);
  if (last) log::warning("further messages of FFmpeg are not shown");
}

}  // namespace

void OutputDeleter::operator()(AVFormatContext* context) const {
  if (context == nullptr) return;
  if (context->pb != nullptr && (context->oformat->flags & AVFMT_NOFILE) == 0) {
    avio_closep(&context->pb);
  }
  avformat_free_context(context);
}

FramePtr make_frame() {
  FramePtr frame(av_frame_alloc());
  if (!frame) throw std::bad_alloc();
  return frame;
}

PacketPtr make_packet() {
  PacketPtr packet(av_packet_alloc());
  if (!packet) throw std::bad_alloc();
  return packet;
}

std::string Dictionary::first_key() const {
  const AVDictionaryEntry* entry = av_dict_get(entries_, "", nullptr, AV_DICT_IGNORE_SUFFIX);
  return entry != nullptr ? entry->key : "";
}

std::string error_text(int code) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(code, text.data(), text.size());
  return text.data();
}

void route_libav_log() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_callback(forward); });
}

QuietLibav::QuietLibav() {
  ++quiet_depth;
}
QuietLibav::~QuietLibav() {
  --quiet_depth;
}

}  // namespace impasto::video
