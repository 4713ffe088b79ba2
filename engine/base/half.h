// Owns: conversion between float and IEEE 754 binary16, kept as its 16 bits.
// Depends on: the standard library only.
#pragma once

#include <cstdint>

namespace impasto {

/// Rounds to nearest, ties to even; magnitudes from 65520 on become infinity, NaN stays NaN.
std::uint16_t half_from_float(float value);

/// Exact.
float float_from_half(std::uint16_t half);

/// The value after a store to and a load from binary16.
inline float round_to_half(float value) {
  return float_from_half(half_from_float(value));
}

}  // namespace impasto
