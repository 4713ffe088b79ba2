#include "engine/base/cores.h"

#include <pthread.h>

#include <algorithm>
#include <thread>

namespace impasto {

unsigned core_count() {
  return std::max(1U, std::thread::hardware_concurrency());  // of the affinity, in the GNU library
}

OnCore::OnCore(unsigned index) {
  CPU_ZERO(&before_);
  if (pthread_getaffinity_np(pthread_self(), sizeof before_, &before_) != 0) return;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &before_) || index-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    pthread_setaffinity_np(pthread_self(), sizeof one, &one);
    return;
  }
}

OnCore::~OnCore() {
  if (CPU_COUNT(&before_) > 0) pthread_setaffinity_np(pthread_self(), sizeof before_, &before_);
}

}  // namespace impasto
