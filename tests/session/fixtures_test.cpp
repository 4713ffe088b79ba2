// The ONNX project's test models, and our own beside them, through the importer and the kernels.
#include <cstdio>

#include "tests/session/rig.h"
#include "tests/support/onnx_fixtures.h"

namespace impasto::test {
namespace {

std::string failure_of(const OnnxFixture& fixture) {
  const Outcome outcome = run_network(fixture.net, options_for_tests(), fixture.input);
  // Some expect numbers of double precision beyond what a float can be.
  net::Tensor expected = fixture.expected;
  for (double& value : expected.data) value = static_cast<float>(value);
  return outcome.guards + compare_with_fixture(outcome.result, expected);
}

TEST(OnnxFixtures, pass_on_the_device) {
  if (onnx_testdata_folder().empty()) GTEST_SKIP() << "libonnx-testdata is not installed";
  int passed = 0;
  int skipped = 0;
  for (const OnnxFixtureEntry& entry : list_onnx_fixtures()) {
    if (entry.mode == OnnxFixtureEntry::Mode::skipped) {
      ++skipped;
      continue;
    }
    std::string failure;
    for (const OnnxFixture& fixture : load_onnx_fixture(entry)) failure += failure_of(fixture);
    EXPECT_EQ(failure, "") << entry.name;
    passed += failure.empty() ? 1 : 0;
  }
  std::printf("ONNX fixtures on %s: %d passed, %d skipped\n", device().info().name.c_str(), passed,
              skipped);
  EXPECT_GT(passed, 0);
}

TEST(OnnxFixtures, own_ones_pass_on_the_device) {
  for (const OnnxFixture& fixture : own_onnx_fixtures()) {
    EXPECT_EQ(failure_of(fixture), "") << fixture.name;
  }
}

}  // namespace
}  // namespace impasto::test
