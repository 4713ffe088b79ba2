// Owns: the cores that this process may use, and keeping threads on one of them.
// Depends on: Linux.
#pragma once

#include <sched.h>

namespace impasto {

/// At least 1.
unsigned core_count();

/// While it lives, the calling thread runs on one core, and so do threads that it starts, also
/// afterwards. Where the system does not allow it, nothing changes.
class OnCore {
 public:
  /// `index` < core_count().
  explicit OnCore(unsigned index);
  ~OnCore();
  OnCore(const OnCore&) = delete;
  OnCore& operator=(const OnCore&) = delete;

 private:
  cpu_set_t before_;
};

}  // namespace impasto
