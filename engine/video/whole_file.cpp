#include "engine/video/whole_file.h"

#include <optional>
#include <string_view>

namespace impasto::video {
namespace {

/// EBML's variable-length number; empty at the end or where it means "unknown".
std::optional<std::int64_t> read_length(AVIOContext& file) {
  const int first = avio_r8(&file);
  int bytes = 1;
  while (bytes <= 8 && (first & (0x100 >> bytes)) == 0) ++bytes;
  if (bytes > 8 || avio_feof(&file) != 0) return std::nullopt;
  std::int64_t value = first & ((0x100 >> bytes) - 1);
  bool unknown = value == (0x100 >> bytes) - 1;
  for (int i = 1; i < bytes; ++i) {
    const int next = avio_r8(&file);
    unknown = unknown && next == 0xff;
    value = value << 8 | next;
  }
  if (unknown) return std::nullopt;
  return value;
}

/// Where the segment, which is all of a Matroska file but its header, ends.
std::optional<std::int64_t> matroska_end(AVIOContext& file) {
  if (avio_rb32(&file) != 0x1a45dfa3) return std::nullopt;
  const auto header = read_length(file);
  if (!header || avio_skip(&file, *header) < 0) return std::nullopt;
  if (avio_rb32(&file) != 0x18538067) return std::nullopt;
  const auto segment = read_length(file);
  if (!segment) return std::nullopt;
  return avio_tell(&file) + *segment;
}

std::optional<std::int64_t> riff_end(AVIOContext& file) {
  if (avio_rb32(&file) != 0x52494646) return std::nullopt;
  const std::int64_t length = avio_rl32(&file);
  if (length == 0) return std::nullopt;  // written to a pipe
  return length + 8;
}

}  // namespace

bool is_cut_off(AVFormatContext& format, AVStream& video) {
  if (format.pb == nullptr || (format.pb->seekable & AVIO_SEEKABLE_NORMAL) == 0) return false;
  const std::int64_t size = avio_size(format.pb);
  if (size <= 0) return false;
  const int entries = avformat_index_get_entries_count(&video);
  if (entries > 0) {
    const AVIndexEntry* last = avformat_index_get_entry(&video, entries - 1);
    if (last->pos + last->size > size) return true;
  }
  const std::string_view container = format.iformat->name;
  const bool matroska = container.starts_with("matroska");
  if ((!matroska && container != "avi") || avio_seek(format.pb, 0, SEEK_SET) < 0) return false;
  const auto end = matroska ? matroska_end(*format.pb) : riff_end(*format.pb);
  return end && *end > size;
}

}  // namespace impasto::video
