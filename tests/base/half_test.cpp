#include "engine/base/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace impasto {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// The value by the definition of the format, no bit of it shared with the conversion.
double value_by_definition(int half) {
  const int exponent = (half >> 10) & 31;
  const int mantissa = half & 1023;
  const double sign = half & 0x8000 ? -1 : 1;
  if (exponent == 31) return mantissa ? NAN : sign * infinity;
  if (exponent == 0) return sign * std::ldexp(mantissa, -24);
  return sign * std::ldexp(1024 + mantissa, exponent - 25);
}

TEST(Half, EveryHalfToFloat) {
  for (int half = 0; half < 65536; ++half) {
    const double expected = value_by_definition(half);
    const double value = float_from_half(static_cast<std::uint16_t>(half));
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(value)) << half;
    } else {
      ASSERT_EQ(value, expected) << half;
      ASSERT_EQ(std::signbit(value), std::signbit(expected)) << half;
    }
  }
}

TEST(Half, EveryHalfSurvivesTheRoundTrip) {
  for (int half = 0; half < 65536; ++half) {
    const std::uint16_t result = half_from_float(float_from_half(static_cast<std::uint16_t>(half)));
    if (std::isnan(value_by_definition(half))) {
      ASSERT_TRUE(std::isnan(value_by_definition(result))) << half;
      ASSERT_EQ(result & 0x8000, half & 0x8000) << half;
    } else {
      ASSERT_EQ(result, half) << half;
    }
  }
}

/// Between every two neighbours: the midpoint goes to the even one, the floats beside it to the
/// nearer one.
TEST(Half, EveryMidpointRoundsToEven) {
  for (int half = 0; half < 0x7bff; ++half) {
    const float middle =
        static_cast<float>((value_by_definition(half) + value_by_definition(half + 1)) / 2);
    const int even = half + (half & 1);
    ASSERT_EQ(half_from_float(middle), even) << half;
    ASSERT_EQ(half_from_float(-middle), 0x8000 | even) << half;
    ASSERT_EQ(half_from_float(std::nextafter(middle, 0.0F)), half) << half;
    ASSERT_EQ(half_from_float(std::nextafter(middle, infinity)), half + 1) << half;
  }
}

TEST(Half, Overflow) {
  EXPECT_EQ(half_from_float(65504), 0x7bff);
  EXPECT_EQ(half_from_float(std::nextafter(65520.0F, 0.0F)), 0x7bff);
  EXPECT_EQ(half_from_float(65520), 0x7c00);
  EXPECT_EQ(half_from_float(std::numeric_limits<float>::max()), 0x7c00);
  EXPECT_EQ(half_from_float(-infinity), 0xfc00);
}

TEST(Half, BelowTheSmallest) {
  EXPECT_EQ(half_from_float(0x1p-25F), 0);
  EXPECT_EQ(half_from_float(std::nextafter(0x1p-25F, 1.0F)), 1);
  EXPECT_EQ(half_from_float(-std::numeric_limits<float>::denorm_min()), 0x8000);
}

TEST(Half, NanWhosePayloadLiesBelowTheHalfsBitsStaysNan) {
  const float nan = std::bit_cast<float>(0x7f800001U);
  EXPECT_TRUE(std::isnan(value_by_definition(half_from_float(nan))));
}

}  // namespace
}  // namespace impasto
