#include "engine/gpu/kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "engine/gpu/fingerprint.h"
#include "engine/gpu/pipeline_cache_file.h"
#include "tests/gpu/rig.h"

namespace impasto {
namespace {

namespace fs = std::filesystem;
using gpu::KernelCache;
using gpu::KernelKey;
using ::testing::HasSubstr;

class PipelineCacheFile : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/impasto-cache-XXXXXX";
    folder_ = mkdtemp(name);
  }
  void TearDown() override { fs::remove_all(folder_); }

  // Compiles a kernel with the folder's cache and returns the file.
  fs::path compile() {
    KernelCache kernels(device_, test::test_module, folder_ / "sub");
    EXPECT_NE(kernels.get(test::scale_key(2)).pipeline.get(), VK_NULL_HANDLE);
    return kernels.file();
  }
  static std::string content(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  std::string read(const fs::path& file) {
    return gpu::read_pipeline_cache(file, device_.physical()).data;
  }
  void overwrite(const fs::path& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
  }

  gpu::Device device_;
  fs::path folder_;
};

TEST_F(PipelineCacheFile, IsWrittenAndReadAgain) {
  const fs::path file = compile();
  ASSERT_TRUE(fs::exists(file));
  EXPECT_GE(read(file).size(), sizeof(VkPipelineCacheHeaderVersionOne));
  EXPECT_THAT(file.filename().string(),
              HasSubstr(std::to_string(device_.info().subgroup_size) + ".bin"));
  for (const auto& entry : fs::recursive_directory_iterator(file.parent_path())) {
    const fs::path& path = entry.path();  // and no temporary
    EXPECT_TRUE(entry.is_directory() || path == file || path.extension() == ".spv") << path;
  }
  EXPECT_EQ(compile(), file);
}

TEST_F(PipelineCacheFile, DamagedOnesAreIgnored) {
  const fs::path file = compile();
  const std::string good = content(file);
  std::vector<std::string> damaged = {"", "garbage", good.substr(0, good.size() - 1), good + "x"};
  for (const std::size_t at : {std::size_t{0}, std::size_t{8}, std::size_t{16}, std::size_t{24},
                               std::size_t{32}, good.size() - 1}) {
    damaged.push_back(good);
    damaged.back()[at] = static_cast<char>(damaged.back()[at] ^ 0x40);
  }
  for (const std::string& bytes : damaged) {
    overwrite(file, bytes);
    EXPECT_TRUE(read(file).empty());
    EXPECT_EQ(compile(), file);
    EXPECT_FALSE(read(file).empty());  // replaced by a good one
  }
}

TEST_F(PipelineCacheFile, AnotherDevicesIsIgnored) {
  const fs::path file = compile();
  std::string bytes = content(file);
  // Our 32 bytes, the fingerprint of a kernel, the driver's header; its UUID are bytes 16 to 31.
  // The hash is made good.
  bytes[32 + 8 + 16] = static_cast<char>(bytes[32 + 8 + 16] ^ 1);
  const std::uint64_t hash = gpu::fingerprint(std::string_view(bytes).substr(32));
  std::memcpy(bytes.data() + 24, &hash, sizeof hash);
  overwrite(file, bytes);
  EXPECT_TRUE(read(file).empty());
}

TEST_F(PipelineCacheFile, KnowsWhichKernelsWereCompiled) {
  compile();
  KernelCache kernels(device_, test::test_module, folder_ / "sub");
  EXPECT_TRUE(kernels.seen_before(test::scale_key(2)));
  EXPECT_FALSE(kernels.seen_before(test::scale_key(3)));
  kernels.get(test::scale_key(3));
  EXPECT_TRUE(kernels.seen_before(test::scale_key(3)));
  fs::remove(kernels.file());
  kernels.save();
  KernelCache both(device_, test::test_module, folder_ / "sub");
  EXPECT_TRUE(both.seen_before(test::scale_key(2)));
  EXPECT_TRUE(both.seen_before(test::scale_key(3)));
}

TEST_F(PipelineCacheFile, AFolderThatCannotBeWrittenIsNoError) {
  std::ofstream(folder_ / "sub") << "a file where the folder should be";
  const fs::path file = compile();
  EXPECT_FALSE(fs::exists(file));
}

TEST(KernelCache, OneKernelPerKeyAtOneAddress) {
  test::Rig rig;
  const gpu::Kernel& first = rig.kernels.get(test::scale_key(1));
  const gpu::Kernel& other = rig.kernels.get(test::scale_key(2));
  EXPECT_NE(&first, &other);
  std::vector<KernelKey> keys;
  for (int i = 0; i < 20; ++i) keys.push_back(test::scale_key(static_cast<float>(i % 10)));
  rig.kernels.prepare(keys);
  EXPECT_EQ(&rig.kernels.get(test::scale_key(1)), &first);
  EXPECT_EQ(&rig.kernels.get(test::scale_key(2)), &other);
}

TEST(KernelCache, PrepareReportsTheOneThatFailsAndKeepsTheOthers) {
  test::Rig rig;
  const std::vector<KernelKey> keys = {
      test::scale_key(1), {.module = "nothing"}, test::scale_key(2)};
  EXPECT_THAT(test::gpu_error([&] { rig.kernels.prepare(keys); }), HasSubstr("'nothing'"));
  EXPECT_NE(rig.kernels.get(test::scale_key(2)).pipeline.get(), VK_NULL_HANDLE);
}

}  // namespace
}  // namespace impasto
