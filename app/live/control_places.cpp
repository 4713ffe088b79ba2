#include "app/live/control_places.h"

#include <sstream>

#include "engine/base/files.h"

namespace impasto::live {

void ControlPlaces::write(const std::map<std::string, Box>& controls) {
  std::ostringstream text;
  for (const auto& [name, box] : controls) {
    text << static_cast<int>(box.least.x) << ' ' << static_cast<int>(box.least.y) << ' '
         << static_cast<int>(box.width()) << ' ' << static_cast<int>(box.height()) << ' ' << name
         << '\n';
  }
  if (text.str() == written_) return;
  written_ = text.str();
  files::write_file(files::cache_folder() / "controls.txt", written_, ExitCode::output);
}

}  // namespace impasto::live
