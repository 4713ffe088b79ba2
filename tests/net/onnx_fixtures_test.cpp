// The ONNX project's test models through the importer and the float64 reference.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>

#include "engine/base/error.h"
#include "engine/net/reference.h"
#include "tests/support/onnx_fixtures.h"

namespace impasto::test {
namespace {

using Mode = OnnxFixtureEntry::Mode;

std::string failure_of(const OnnxFixture& fixture) {
  const std::string failure = net::check(fixture.net);
  if (!failure.empty()) return failure;
  return compare_with_fixture(net::evaluate(fixture.net, fixture.input), fixture.expected);
}

/// Empty, or what is wrong with one of the entry's networks.
std::string failure_of(const OnnxFixtureEntry& entry) {
  try {
    for (const OnnxFixture& fixture : load_onnx_fixture(entry)) {
      const std::string failure = failure_of(fixture);
      if (!failure.empty()) return fixture.name + ": " + failure;
    }
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(OnnxFixtures, PassOnTheReference) {
  if (onnx_testdata_folder().empty()) GTEST_SKIP() << "libonnx-testdata is not installed";
  std::map<Mode, int> passed;
  std::map<std::string, int> skipped;
  for (const OnnxFixtureEntry& entry : list_onnx_fixtures()) {
    if (entry.mode == Mode::skipped) {
      ++skipped[entry.reason];
      continue;
    }
    const std::string failure = failure_of(entry);
    EXPECT_EQ(failure, "") << entry.name;
    if (failure.empty()) ++passed[entry.mode];
  }
  int left_out = 0;
  for (const auto& [reason, count] : skipped) left_out += count;
  std::printf("ONNX fixtures: %d passed as pictures, %d folded, %d skipped\n",
              passed[Mode::picture], passed[Mode::folded], left_out);
  for (const auto& [reason, count] : skipped) std::printf("%5d %s\n", count, reason.c_str());
  EXPECT_GT(passed[Mode::picture], 0);
}

TEST(OnnxFixtures, OwnOnesPassOnTheReference) {
  for (const OnnxFixture& fixture : own_onnx_fixtures()) {
    EXPECT_EQ(failure_of(fixture), "") << fixture.name;
  }
}

TEST(OnnxFixtures, EveryExceptionIsAboutAFixture) {
  if (onnx_testdata_folder().empty()) GTEST_SKIP() << "libonnx-testdata is not installed";
  const std::vector<OnnxFixtureEntry> entries = list_onnx_fixtures();
  for (const OnnxFixtureException& exception : onnx_fixture_exceptions()) {
    bool used = false;
    for (const OnnxFixtureEntry& entry : entries) {
      used = used || (entry.mode == exception.mode && entry.reason == exception.reason &&
                      matches_fixture(entry.name, exception.pattern));
    }
    EXPECT_TRUE(used) << exception.pattern;
  }
}

}  // namespace
}  // namespace impasto::test
