#include "app/live/first_source.h"

#include "engine/base/files.h"
#include "engine/video/cameras.h"

namespace impasto::live {
namespace {

// Of the Debian package forensics-samples-files.
constexpr const char* sample_file =
    "/usr/share/forensics-samples/original-files/movie1/VID_20191220_170832.mp4";
constexpr const char* generated = "lavfi:testsrc2=size=1280x720:rate=30";

}  // namespace

FirstSource first_source(const std::string& asked, const std::string& last) {
  if (!asked.empty()) return {asked, {}};
  // Cameras, graphs and addresses have a colon; they tell themselves when they are not there.
  if (!last.empty() && (last.find(':') != std::string::npos || files::file_exists(last))) {
    return {last, {}};
  }
  if (const std::optional<std::string> camera = video::default_camera()) return {*camera, {}};
  return {files::file_exists(sample_file) ? sample_file : generated,
          "no camera found, a sample plays: choose one in Output, or drop a video here"};
}

video::LiveOptions source_options(const Settings& settings, const std::string& input,
                                  const std::vector<std::pair<std::string, std::string>>& options,
                                  bool play) {
  video::LiveOptions live;
  live.source.input = input;
  live.source.input_options = options;
  live.loop = settings.loop;
  live.play = play;
  return live;
}

}  // namespace impasto::live
