// The ONNX project's test models through the importer and the float64 reference.
#include <gtest/gtest.h>

#include <cstdio>

#include "engine/base/error.h"
#include "engine/net/reference.h"
#include "tests/support/onnx_fixtures.h"

namespace impasto::test {
namespace {

using Mode = OnnxFixtureEntry::Mode;

TEST(OnnxFixtures, PassOnTheReference) {
  if (onnx_testdata_folder().empty()) GTEST_SKIP() << "libonnx-testdata is not installed";
  int passed = 0;
  int folded = 0;
  int skipped = 0;
  for (const OnnxFixtureEntry& entry : list_onnx_fixtures()) {
    if (entry.mode == Mode::skipped) {
      ++skipped;
      continue;
    }
    try {
      std::string failure;
      for (const OnnxFixture& fixture : load_onnx_fixture(entry)) {
        failure = net::check(fixture.net);
        if (failure.empty()) {
          failure =
              compare_with_fixture(net::evaluate(fixture.net, fixture.input), fixture.expected);
        }
        EXPECT_EQ(failure, "") << fixture.name;
      }
      if (failure.empty()) ++(entry.mode == Mode::folded ? folded : passed);
    } catch (const Error& error) {
      ADD_FAILURE() << entry.name << ": " << error.what();
    }
  }
  std::printf("ONNX fixtures: %d passed as pictures, %d folded, %d skipped\n", passed, folded,
              skipped);
  EXPECT_GE(passed, 1);
}

}  // namespace
}  // namespace impasto::test
