// Owns: the names under which draw lists show the frame. Depends on: nothing.
#pragma once

#include <cstdint>

namespace impasto::live {

inline constexpr std::uint64_t result_texture = 1;  ///< the stylised frame
inline constexpr std::uint64_t source_texture = 2;  ///< the source beside it

}  // namespace impasto::live
