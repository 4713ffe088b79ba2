#include "engine/gpu/peak.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shaders/embedded.h"
#include "tests/gpu/rig.h"

namespace impasto {
namespace {

TEST(Peak, IsAPlausibleFigureOfOneOfTheVariants) {
  gpu::Device device;
  gpu::KernelCache kernels(device, shaders::find_module, {});
  const gpu::Peak peak = gpu::measure_peak(device, kernels);
  EXPECT_GT(peak.gflops, 0.01);
  EXPECT_LT(peak.gflops, 1e6);
  EXPECT_THAT(peak.variant, ::testing::StartsWith("peak.chains"));
}

}  // namespace
}  // namespace impasto
