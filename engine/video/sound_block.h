// Owns: sound on its way from a live source to a recorder. Depends on: the standard library only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace impasto::video {

/// All live sound has this form; sources of another are converted.
constexpr int sound_rate = 48000;
constexpr int sound_channels = 2;

/// `count` times `sound_channels` interleaved samples, the first at `time` microseconds of play
/// time (live_source.h); the memory is the sender's.
struct SoundBlock {
  std::int64_t time = 0;
  const float* samples = nullptr;
  std::size_t count = 0;
};

using SoundListener = std::function<void(const SoundBlock&)>;

}  // namespace impasto::video
