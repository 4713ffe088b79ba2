// The compiled graph of a known network as text: a change of it is seen, and meant.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/graph/compile.h"
#include "engine/net/model.h"

namespace impasto::graph {
namespace {

std::string content(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Golden, CandyOnASoftwareDevice) {
  const std::string model = IMPASTO_SOURCE_DIR "/../shared/models/candy.onnx";
  if (!std::filesystem::exists(model)) GTEST_SKIP() << model << " is absent";
  const net::Net net = net::Model::load(model).build(240, 320);
  // The defaults of DeviceTraits, whatever device the machine has.
  const std::string text = to_text(compile_network(net, {}));
  const std::string golden = IMPASTO_SOURCE_DIR "/tests/graph/candy_320x240.txt";
  const std::string actual = testing::TempDir() + "candy_320x240.txt";
  std::ofstream(actual) << text;
  EXPECT_TRUE(text == content(golden))
      << "see: diff " << golden << " " << actual << "\nand copy it over where the change is meant";
}

}  // namespace
}  // namespace impasto::graph
