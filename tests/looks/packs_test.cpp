// Packs of styles.
#include <gtest/gtest.h>

#include "app/packs.h"

namespace impasto::app {
namespace {

TEST(Packs, AFastDeviceIsToldOfTheFinerPack) {
  EXPECT_EQ(finer_pack({}, gpu::DeviceType::discrete), fine_pack);
  EXPECT_EQ(finer_pack({}, gpu::DeviceType::integrated), "");
  EXPECT_EQ(finer_pack({}, gpu::DeviceType::cpu), "");
}

TEST(Packs, WhoeverChoseIsNotTold) {
  ModelChoice choice;
  choice.pack = default_pack;
  EXPECT_EQ(finer_pack(choice, gpu::DeviceType::discrete), "");
  choice = {};
  choice.model = "candy.onnx";
  EXPECT_EQ(finer_pack(choice, gpu::DeviceType::discrete), "");
}

}  // namespace
}  // namespace impasto::app
