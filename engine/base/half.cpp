#include "engine/base/half.h"

#include <bit>

namespace impasto {
namespace {

constexpr std::uint32_t float_infinity = 0x7f800000;
constexpr std::uint32_t overflow = 0x477ff000;         // 65520, halfway between 65504 and 2^16
constexpr std::uint32_t smallest_normal = 0x38800000;  // 2^-14
constexpr std::uint32_t bias_difference = (127 - 15) << 23;
constexpr int mantissa_difference = 23 - 10;

}  // namespace

std::uint16_t half_from_float(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000;
  const std::uint32_t magnitude = bits & 0x7fffffff;
  std::uint32_t half = 0;
  if (magnitude > float_infinity) {
    half = 0x7e00 | ((magnitude >> mantissa_difference) & 0x3ff);
  } else if (magnitude >= overflow) {
    half = 0x7c00;
  } else if (magnitude < smallest_normal) {
    // One unit in the last place of 0.5 is 2^-24, the step of subnormal halfs: the addition rounds.
    half = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5F) -
           std::bit_cast<std::uint32_t>(0.5F);
  } else {
    const std::uint32_t odd = (magnitude >> mantissa_difference) & 1;
    half = (magnitude - bias_difference + 0xfff + odd) >> mantissa_difference;
  }
  return static_cast<std::uint16_t>(sign | half);
}

float float_from_half(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000) << 16;
  const std::uint32_t magnitude = half & 0x7fff;
  std::uint32_t bits = 0;
  if (magnitude >= 0x7c00) {
    bits = float_infinity | (magnitude << mantissa_difference);
  } else if (magnitude >= 0x0400) {
    bits = (magnitude << mantissa_difference) + bias_difference;
  } else {
    bits = std::bit_cast<std::uint32_t>(static_cast<float>(magnitude) * 0x1p-24F);
  }
  return std::bit_cast<float>(sign | bits);
}

}  // namespace impasto
