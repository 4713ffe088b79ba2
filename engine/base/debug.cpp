#include "engine/base/debug.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "engine/base/log.h"

namespace impasto {
namespace {

struct Switch {
  std::string_view word;
  bool DebugSwitches::*member;
};
constexpr Switch switches[] = {
    {"validate", &DebugSwitches::validate}, {"gpuav", &DebugSwitches::gpuav},
    {"sync", &DebugSwitches::sync},         {"profile", &DebugSwitches::profile},
    {"dump", &DebugSwitches::dump},         {"share", &DebugSwitches::share},
    {"controls", &DebugSwitches::controls},
};

DebugSwitches read_environment() {
  const char* list = std::getenv("IMPASTO_DEBUG");
  std::vector<std::string> unknown;
  const DebugSwitches result = parse_debug_switches(list ? list : "", unknown);
  for (const std::string& word : unknown) {
    log::warning("IMPASTO_DEBUG does not know '" + word +
                 "'; it takes validate, gpuav, sync, profile, dump, share, controls");
  }
  return result;
}

}  // namespace

DebugSwitches parse_debug_switches(std::string_view list, std::vector<std::string>& unknown) {
  DebugSwitches result;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view word = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    const auto* found = std::ranges::find(switches, word, &Switch::word);
    if (found != std::end(switches)) {
      result.*(found->member) = true;
    } else if (!word.empty()) {
      unknown.emplace_back(word);
    }
  }
  return result;
}

const DebugSwitches& debug_switches() {
  static const DebugSwitches switches_of_process = read_environment();
  return switches_of_process;
}

}  // namespace impasto
