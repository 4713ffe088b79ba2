#include "engine/base/debug.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace impasto {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Debug, NothingSet) {
  std::vector<std::string> unknown;
  EXPECT_EQ(parse_debug_switches("", unknown), DebugSwitches{});
  EXPECT_THAT(unknown, IsEmpty());
}

TEST(Debug, EveryWordSetsItsOwnSwitch) {
  std::vector<std::string> unknown;
  EXPECT_EQ(parse_debug_switches("validate", unknown), (DebugSwitches{.validate = true}));
  EXPECT_EQ(parse_debug_switches("gpuav", unknown), (DebugSwitches{.gpuav = true}));
  EXPECT_EQ(parse_debug_switches("sync", unknown), (DebugSwitches{.sync = true}));
  EXPECT_EQ(parse_debug_switches("profile", unknown), (DebugSwitches{.profile = true}));
  EXPECT_EQ(parse_debug_switches("dump", unknown), (DebugSwitches{.dump = true}));
  EXPECT_EQ(parse_debug_switches("dump,sync,gpuav,validate,profile", unknown),
            (DebugSwitches{true, true, true, true, true}));
  EXPECT_THAT(unknown, IsEmpty());
}

TEST(Debug, UnknownWordsAreNamedAndTheOthersStillHold) {
  std::vector<std::string> unknown;
  EXPECT_EQ(parse_debug_switches("Sync,,dump,speed,", unknown), (DebugSwitches{.dump = true}));
  EXPECT_THAT(unknown, ElementsAre("Sync", "speed"));
}

TEST(DebugDeathTest, TheEnvironmentIsReadAndWarnsOnce) {
  EXPECT_EXIT(
      {
        setenv("IMPASTO_DEBUG", "profile,fast", 1);
        const bool right = debug_switches() == DebugSwitches{.profile = true};
        debug_switches();
        std::exit(right ? 0 : 1);
      },
      testing::ExitedWithCode(0),
      "^impasto: warning: IMPASTO_DEBUG does not know 'fast'; it takes [a-z, ]*\n$");
}

}  // namespace
}  // namespace impasto
