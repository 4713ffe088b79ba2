// Weights beside the model: read from its folder only.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/net/model_bad.h"

namespace impasto::test {
namespace {

namespace fs = std::filesystem;

class ExternalData : public testing::Test {
 protected:
  void SetUp() override {
    outside_ = fs::path(testing::TempDir()) / ("external" + std::to_string(::getpid()));
    folder_ = outside_ / "models";
    fs::create_directories(folder_);
    write(folder_ / "weights.bin", 81 * sizeof(float));
    write(outside_ / "secret.bin", 81 * sizeof(float));
    fs::create_symlink("../secret.bin", folder_ / "link.bin");
    fs::create_directory_symlink("..", folder_ / "up");
  }
  void TearDown() override { fs::remove_all(outside_); }

  static void write(const fs::path& file, std::size_t size) {
    const std::string bytes(size, '\0');
    std::ofstream(file, std::ios::binary) << bytes;
  }

  Outcome load(const std::string& location, const std::string& offset = "0",
               const std::string& length = "324") const {
    OnnxBuilder model = convolution();
    auto& tensor = *model.graph().mutable_initializer(0);
    tensor.clear_float_data();
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
             {"location", location}, {"offset", offset}, {"length", length}}) {
      auto& entry = *tensor.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    }
    std::ofstream(folder_ / "model.onnx", std::ios::binary) << model.bytes();
    return confined([&] { net::Model::load(folder_ / "model.onnx"); });
  }

  fs::path outside_;
  fs::path folder_;
};

TEST_F(ExternalData, InsideTheFolderIsRead) {
  const Outcome outcome = load("weights.bin");
  EXPECT_EQ(outcome.code, 0) << outcome.message;
  EXPECT_EQ(load("./weights.bin").code, 0);
}

TEST_F(ExternalData, OutsideTheFolderIsRefused) {
  for (const std::string& location :
       {std::string("../secret.bin"), (outside_ / "secret.bin").string(), std::string("link.bin"),
        std::string("up/secret.bin"), std::string("/etc/passwd"), std::string("/dev/zero"),
        std::string("..")}) {
    expect_refused(load(location), "lies outside the model's folder");
  }
}

TEST_F(ExternalData, UnusableIsRefused) {
  expect_refused(load("absent.bin"), "'absent.bin' is not there");
  expect_refused(load("."), "initializer 'weights'");
  expect_refused(load(""), "has no location");
  expect_refused(load(std::string("weights.bin\0x", 13)), "has no location");
  expect_refused(load("weights.bin", "4"), "has a wrong size");
  expect_refused(load("weights.bin", "-4"), "unusable offset");
  expect_refused(load("weights.bin", "9223372036854775807"), "size");
  expect_refused(load("weights.bin", "0", "8"), "has a wrong size");
  expect_refused(load("weights.bin", "0", "many"), "unusable length");
}

/// From memory there is no folder to read from.
TEST_F(ExternalData, NeedsAFile) {
  OnnxBuilder model = convolution();
  auto& tensor = *model.graph().mutable_initializer(0);
  tensor.clear_float_data();
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  expect_refused(import(model), "only a model in a file may have");
}

}  // namespace
}  // namespace impasto::test
