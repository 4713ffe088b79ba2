#include "engine/session/pass_time.h"

#include <map>
#include <utility>

namespace impasto::session {

std::vector<PassTime> sum_by_name(const std::vector<PassTime>& passes) {
  std::vector<PassTime> sums;
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  for (const PassTime& pass : passes) {
    const auto [place, is_new] = places.try_emplace({pass.name, pass.kernel}, sums.size());
    if (is_new) {
      sums.push_back(pass);
      continue;
    }
    PassTime& sum = sums[place->second];
    sum.ms += pass.ms;
    sum.flops += pass.flops;
    sum.bytes += pass.bytes;
  }
  return sums;
}

}  // namespace impasto::session
