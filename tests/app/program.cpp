#include "tests/app/program.h"

#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace impasto::app::test {
namespace {

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

Result run(const std::string& arguments, const std::string& environment) {
  const video::test::TemporaryFolder folder;
  const std::string command = environment + " " IMPASTO_PROGRAM " " + arguments + " </dev/null >" +
                              folder / "out" + " 2>" + folder / "error";
  const int status = std::system(command.c_str());
  Result result;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  result.out = content(folder / "out");
  result.error = content(folder / "error");
  return result;
}

bool is_one_line(const std::string& text) {
  return text.size() > 1 && std::count(text.begin(), text.end(), '\n') == 1 && text.back() == '\n';
}

std::string make_clip(const video::test::TemporaryFolder& folder, const std::string& name,
                      double seconds) {
  const std::string path = folder / name;
  video::test::shell("ffmpeg -v error -f lavfi -i testsrc2=size=320x240:rate=25 -f lavfi -i sine" +
                     std::string(" -t ") + std::to_string(seconds) +
                     " -pix_fmt yuv420p -c:v libx264 -preset ultrafast -c:a aac " + path);
  return path;
}

}  // namespace impasto::app::test
