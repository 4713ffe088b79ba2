#include "engine/gpu/device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "tests/gpu/rig.h"
#include "tests/support/validation.h"

namespace impasto {
namespace {

using gpu::Device;
using gpu::DeviceInfo;
using ::testing::HasSubstr;

TEST(DeviceList, StatesWhatTheEngineNeeds) {
  const std::vector<DeviceInfo> all = gpu::list_devices();
  ASSERT_FALSE(all.empty());
  for (const DeviceInfo& info : all) {
    if (!info.problem.empty()) continue;
    EXPECT_FALSE(info.name.empty());
    EXPECT_NE(info.driver.find_first_of("0123456789"), std::string::npos) << info.driver;
    EXPECT_GE(info.api_version, VK_API_VERSION_1_3);
    EXPECT_GE(info.subgroup_size, info.min_subgroup_size);
    EXPECT_LE(info.subgroup_size, info.max_subgroup_size);
    EXPECT_TRUE(info.subgroup_basic);
    // The least that Vulkan 1.3 guarantees.
    EXPECT_GE(info.max_storage_buffer_range, VkDeviceSize{1} << 27);
    EXPECT_GE(info.max_texel_buffer_elements, 65536U);
    EXPECT_LE(info.min_texel_buffer_offset_alignment, 256U);
    EXPECT_LE(info.min_storage_buffer_offset_alignment, 256U);
    EXPECT_GE(info.max_memory_allocation_size, VkDeviceSize{1} << 30);
    EXPECT_GE(info.max_push_constants_size, 128U);
    EXPECT_GE(info.max_workgroup_invocations, 128U);
    EXPECT_GE(info.max_workgroup_count[0], 65535U);
    EXPECT_GE(info.max_shared_memory, 16384U);
    ASSERT_FALSE(info.heap_sizes.empty());
    EXPECT_GT(info.heap_sizes[0], 0U);
  }
}

TEST(DeviceChoice, ByIndexAndByPartOfTheNameInAnyCase) {
  const std::vector<DeviceInfo> all = gpu::list_devices();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i].problem.empty()) continue;
    EXPECT_EQ(Device({.selector = std::to_string(i)}).info().name, all[i].name);
    std::string part = all[i].name.substr(0, 6);
    std::transform(part.begin(), part.end(), part.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    EXPECT_EQ(Device({.selector = part}).info().name.substr(0, 6), all[i].name.substr(0, 6));
  }
}

TEST(DeviceChoice, DefaultIsOfTheBestType) {
  gpu::DeviceType best = gpu::DeviceType::other;
  for (const DeviceInfo& info : gpu::list_devices()) {
    if (info.problem.empty()) best = std::min(best, info.type);
  }
  EXPECT_EQ(Device().info().type, best);
}

TEST(DeviceChoice, UnknownNameOrIndexListsTheDevices) {
  const std::string name = gpu::list_devices().at(0).name;
  for (const char* selector : {"no such device", "99", "99999999999999999999999", "-1"}) {
    const std::string message = test::gpu_error([&] { Device device({.selector = selector}); });
    EXPECT_THAT(message, HasSubstr(selector));
    EXPECT_THAT(message, HasSubstr("0 = " + name));
  }
}

TEST(DeviceChoice, QueueThatTheCallerRefusesIsNotTaken) {
  int asked = 0;
  const std::string message = test::gpu_error([&] {
    Device device({.accepts = [&](VkPhysicalDevice, std::uint32_t) { return ++asked, false; }});
  });
  EXPECT_GT(asked, 0);
  EXPECT_THAT(message, HasSubstr("window"));
}

TEST(DeviceChoice, InstanceOfTheCallerIsUsed) {
  const auto instance = std::make_shared<gpu::Instance>();
  const Device device({.instance = instance});
  EXPECT_EQ(device.instance(), instance->get());
}

TEST(Instance, MissingExtensionIsNamed) {
  EXPECT_THAT(test::gpu_error([] { gpu::Instance instance({"VK_KHR_no_such_thing"}); }),
              HasSubstr("VK_KHR_no_such_thing"));
}

TEST(Instance, WithoutADriverTheMessageNamesThePackage) {
  const char* before = std::getenv("VK_ICD_FILENAMES");
  const std::string saved = before ? before : "";
  for (const char* garbage : {"/nonexistent/icd.json", "/dev/null", "/proc/self/exe"}) {
    setenv("VK_ICD_FILENAMES", garbage, 1);
    EXPECT_THAT(test::gpu_error([] { gpu::list_devices(); }), HasSubstr("mesa-vulkan-drivers"));
    EXPECT_THAT(test::gpu_error([] { Device device; }), HasSubstr("mesa-vulkan-drivers"));
  }
  before ? setenv("VK_ICD_FILENAMES", saved.c_str(), 1) : unsetenv("VK_ICD_FILENAMES");
}

}  // namespace
}  // namespace impasto
