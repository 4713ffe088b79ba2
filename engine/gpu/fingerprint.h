// Owns: the hash that names what lies in the cache folder and guards it. Depends on nothing.
#pragma once

#include <cstdint>
#include <string_view>

namespace impasto::gpu {

/// Fowler, Noll, Vo: FNV-1a, 64 bits.
inline std::uint64_t fingerprint(std::string_view data) {
  std::uint64_t value = 0xcbf29ce484222325U;
  for (char each : data) {
    value = (value ^ static_cast<unsigned char>(each)) * 0x100000001b3U;
  }
  return value;
}

}  // namespace impasto::gpu
