// Owns: what is in a media file, read with FFmpeg's libraries directly (no code under test).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace impasto::video::test {

struct StreamReport {
  std::string kind;  ///< "video", "audio", "subtitle", ...
  std::string codec;
  std::string tag;  ///< the container's four letters
  std::map<std::string, std::string> metadata;
  int disposition = 0;
  std::vector<double> packet_times;      ///< seconds, presentation
  std::vector<double> packet_durations;  ///< seconds
  std::uint64_t packet_hash = 0;         ///< of all packets' content
};

struct FrameReport {
  double time = 0;      ///< seconds
  double duration = 0;  ///< seconds
  int width = 0;
  int height = 0;
  std::string pixel_format;
  std::string range;
  std::string matrix;
  std::string transfer;
  std::string primaries;
  std::string chroma;
  std::string aspect;      ///< sample aspect ratio
  std::uint64_t hash = 0;  ///< of the samples, when asked for
};

struct Report {
  std::string container;
  std::vector<StreamReport> streams;
  std::vector<FrameReport> frames;     ///< of the first video stream
  int rotation = 0;                    ///< degrees counter-clockwise, as FFmpeg counts
  std::vector<std::string> side_data;  ///< kinds on the first frame and its stream, sorted
  std::vector<std::string> chapters;   ///< "start-end title", seconds
  std::map<std::string, std::string> metadata;
  double duration = 0;

  std::vector<double> times() const;
  std::vector<std::string> kinds() const;
  const StreamReport& first(const std::string& kind) const;
};

struct ExamineOptions {
  std::string decoder;  ///< by name, where the default one does not show all (alpha)
  bool hash_frames = false;
};
/// Fails the test where size, pixel format, colour tags or aspect differ.
void expect_same_description(const FrameReport& is, const FrameReport& was);

Report examine(const std::string& file, const ExamineOptions& options = {});

}  // namespace impasto::video::test
