// Owns: what the compiler may choose by: the device's limits, the precision, the switches.
// Depends on: nothing. The session fills DeviceTraits from gpu::DeviceInfo.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace impasto::graph {

struct DeviceTraits {
  std::uint32_t subgroup_size = 8;
  bool subgroup_shuffle = true;
  bool subgroup_arithmetic = true;
  bool software = true;  ///< a CPU driver: texel buffers and shuffles win (no caches to share)
  std::uint64_t max_storage_range = 128ULL << 20;
  std::uint64_t max_texel_elements = 128ULL << 20;
  std::uint64_t max_allocation = 2ULL << 30;
  std::uint64_t storage_alignment = 16;
  std::uint64_t texel_alignment = 16;
  std::uint32_t max_workgroup_invocations = 256;
  std::uint32_t max_shared_bytes = 32768;
  std::uint32_t max_groups = 65535;  ///< per dimension
  std::uint32_t compute_units = 0;   ///< that run workgroups side by side; 0: unknown
  int devices = 1;                   ///< that work at a frame together
};

/// Of stored activations; sums are fp32. fp16: those between the second convolution and the last
/// (half_storage.h); fp16_everywhere: all, for tests of what kernels read and write.
enum class Precision { fp32, fp16, fp16_everywhere };

/// Every fusion rule has a switch; the unfused graph is the oracle of the fused one.
struct Fusions {
  bool norm_into_load = true;
  bool activation_into_load = true;
  bool upsample_into_load = true;
  bool pad_into_load = true;
  bool activation_into_store = true;
  bool statistics_into_store = true;
  bool residual_add = true;      ///< both operands of a binary op are read as views
  bool vector_into_load = true;  ///< a product and a sum with a host vector, before a binary op
  bool upsample_phases = true;   ///< nearest x2 + 3x3 convolution as four 2x2 convolutions
  bool winograd = true;
  bool cells_into_conv =
      true;  ///< space to depth is a convolution's load, depth to space its store
  bool matrix_into_load = true;  ///< a pointwise convolution of few channels, before a binary op
  bool map_into_map = true;      ///< a binary op's result is scaled and combined by the next one
  bool map_into_store = true;    ///< a binary op is the store of a convolution that stores cells
  static Fusions none() {
    return {false, false, false, false, false, false, false,
            false, false, false, false, false, false, false};
  }
};

/// Which kernel family a dense convolution uses where several can.
enum class ConvFamily { automatic, shuffle, tiled, generic };

/// Kernels of dense convolutions, by the shape of the layer, as ConvLayer (render_graph.h) names
/// both. One that the layer or the device cannot have is passed over.
using ConvChoices = std::map<std::string, std::string>;

struct CompileOptions {
  DeviceTraits device;
  Precision precision = Precision::fp32;
  Fusions fusions;
  ConvFamily family = ConvFamily::automatic;
  std::string tiled_shape;   ///< of lower_conv_tiled.cpp, where it fits; empty: the built-in choice
  ConvChoices conv_choices;  ///< instead of the built-in choice, with the automatic family
  bool texel_reads = true;   ///< where the device can view the tensor; false: storage buffers
};

}  // namespace impasto::graph
