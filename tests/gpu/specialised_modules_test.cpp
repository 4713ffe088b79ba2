#include "engine/gpu/specialised_modules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <spirv-tools/libspirv.hpp>
#include <vector>

#include "tests/gpu/rig.h"

namespace impasto {
namespace {

namespace fs = std::filesystem;
using gpu::SpecialisedModules;
using Words = std::vector<std::uint32_t>;

class SpecialisedModulesFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/impasto-modules-XXXXXX";
    folder_ = fs::path(mkdtemp(name)) / "sub";
  }
  void TearDown() override { fs::remove_all(folder_.parent_path()); }

  Words find(std::uint32_t local, float factor = 2) {
    SpecialisedModules modules(folder_);
    const gpu::KernelKey key = test::scale_key(factor, local);
    const auto words = modules.find(test::test_module(key.module), key.constants);
    return {words.begin(), words.end()};
  }
  std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator(folder_), fs::directory_iterator());
  }
  fs::path only_file() const {
    EXPECT_EQ(files(), 1);
    return fs::directory_iterator(folder_)->path();
  }

  fs::path folder_;
};

using Visit = std::function<void(std::uint32_t opcode, const std::uint32_t* words)>;

// SPIR-V 1.6, 2.3: an instruction's first word is its length, and in the low half its opcode.
void for_each_instruction(const Words& words, const Visit& visit) {
  for (std::size_t i = 5; i < words.size(); i += std::max(1U, words[i] >> 16)) {
    visit(words[i] & 0xFFFF, &words[i]);
  }
}

// Opcodes 48 to 52.
bool has_specialisation_constants(const Words& words) {
  bool found = false;
  for_each_instruction(words, [&](std::uint32_t opcode, const std::uint32_t*) {
    found |= opcode >= 48 && opcode <= 52;
  });
  return found;
}

TEST_F(SpecialisedModulesFolder, HoldValidCodeWithoutSpecialisationConstants) {
  const auto code = test::test_module("scale");
  ASSERT_TRUE(has_specialisation_constants({code.begin(), code.end()}));
  const Words words = find(64, 3);
  EXPECT_FALSE(has_specialisation_constants(words));
  EXPECT_TRUE(spvtools::SpirvTools(SPV_ENV_VULKAN_1_3).Validate(words));
  const std::uint32_t three = 0x40400000;
  EXPECT_NE(std::ranges::find(words, three), words.end());
  EXPECT_EQ(std::ranges::find(code, three), code.end());
}

TEST(SpecialisedModules, UnrollLoopsAndKeepWhatIsPrecise) {
  SpecialisedModules modules("");
  constexpr std::uint32_t terms = 5;
  constexpr std::size_t additions = 7;  // of a term, `lost` among them
  const auto found = modules.find(test::test_module("exact_sum"), std::array{terms});
  const Words words(found.begin(), found.end());
  EXPECT_TRUE(spvtools::SpirvTools(SPV_ENV_VULKAN_1_3).Validate(words));
  std::vector<std::uint32_t> sums;  // results of OpFAdd, OpFSub, whose numbers follow their types'
  std::set<std::uint32_t> precise;  // targets of OpDecorate NoContraction
  for_each_instruction(words, [&](std::uint32_t opcode, const std::uint32_t* instruction) {
    if (opcode == 129 || opcode == 131) sums.push_back(instruction[2]);
    if (opcode == 71 && instruction[2] == 42) precise.insert(instruction[1]);
  });
  EXPECT_EQ(sums.size(), terms * additions);
  for (const std::uint32_t sum : sums) EXPECT_TRUE(precise.contains(sum)) << sum;
}

TEST_F(SpecialisedModulesFolder, AreReadAgain) {
  const Words words = find(64);
  const fs::path file = only_file();
  const auto written = fs::last_write_time(file);
  EXPECT_EQ(find(64), words);
  EXPECT_EQ(fs::last_write_time(file), written);
  EXPECT_NE(find(32), words);
  EXPECT_EQ(files(), 2);
}

TEST_F(SpecialisedModulesFolder, DamagedFilesAreReplaced) {
  const Words words = find(64);
  const fs::path file = only_file();
  std::ifstream stream(file, std::ios::binary);
  const std::string good{std::istreambuf_iterator<char>(stream), {}};
  std::string flipped = good;
  flipped[good.size() / 2] = static_cast<char>(flipped[good.size() / 2] ^ 0x40);
  for (const std::string& bad :
       {std::string(), std::string("garbage"), good.substr(0, good.size() - 4), flipped}) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bad;
    EXPECT_EQ(find(64), words);
    EXPECT_EQ(fs::file_size(file), good.size());
  }
}

TEST_F(SpecialisedModulesFolder, AFolderThatCannotBeWrittenIsNoError) {
  const Words words = find(64);
  fs::remove_all(folder_);
  std::ofstream(folder_) << "a file where the folder should be";
  EXPECT_EQ(find(64), words);
}

TEST_F(SpecialisedModulesFolder, OldFilesGoWhereTheyAreMany) {
  fs::create_directories(folder_);
  for (int i = 0; i < 512; ++i) std::ofstream(folder_ / std::to_string(i)) << "old";
  find(64);
  EXPECT_EQ(files(), 1);
}

TEST(SpecialisedModules, WhatIsNoCodeGivesNone) {
  SpecialisedModules modules("");
  const Words code = {1, 2, 3};
  EXPECT_TRUE(modules.find(code, {}).empty());
  EXPECT_TRUE(modules.find({}, {}).empty());
}

}  // namespace
}  // namespace impasto
