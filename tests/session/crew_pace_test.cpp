// When a crew works and when one of it alone, on times as machines give them.
#include <gtest/gtest.h>

#include "engine/session/crew_pace.h"

namespace impasto::test {
namespace {

using session::CrewPace;

/// Frames on a machine where they take so long.
struct Machine {
  double together_ms = 20;
  double alone_ms = 40;

  void run(CrewPace& pace, int frames) {
    for (int i = 0; i < frames; ++i) {
      const bool together = pace.together();
      const double wobble = 1 + 0.05 * (i % 3);
      pace.note(together, (together ? together_ms : alone_ms) * wobble);
      frames_together += together ? 1 : 0;
    }
  }
  int frames_together = 0;
};

// At most one of a hundred frames is made in the other way.
TEST(CrewPace, StaysTogetherOnAFreeMachine) {
  CrewPace pace;
  Machine free;
  free.run(pace, 5000);
  EXPECT_GT(free.frames_together, 4950);
}

TEST(CrewPace, WorksAloneWhileOthersHaveTheCoresAndTogetherAfterwards) {
  CrewPace pace;
  Machine free;
  free.run(pace, 2000);
  EXPECT_TRUE(pace.together());
  Machine busy{.together_ms = 100, .alone_ms = 45};
  busy.run(pace, 20);  // does not wait for the next trial
  EXPECT_FALSE(pace.together());
  busy.run(pace, 4000);
  EXPECT_LT(busy.frames_together, 4020 / 20);
  Machine again;
  again.run(pace, 2000);
  EXPECT_TRUE(pace.together());
  EXPECT_GT(again.frames_together, 1000);
}

TEST(CrewPace, StaysTogetherWhereAloneIsNoFaster) {
  CrewPace pace;
  Machine free;
  free.run(pace, 100);
  Machine busy{.together_ms = 60, .alone_ms = 58};
  busy.run(pace, 4000);
  EXPECT_TRUE(pace.together());
  EXPECT_GT(busy.frames_together, 4000 * 19 / 20);
}

TEST(CrewPace, WorksAloneWhereACrewWasNeverFaster) {
  CrewPace pace;
  Machine busy{.together_ms = 60, .alone_ms = 45};
  busy.run(pace, 40);
  EXPECT_FALSE(pace.together());
}

TEST(CrewPace, SlowFramesNowAndThenChangeNothing) {
  CrewPace pace;
  Machine free;
  free.run(pace, 1000);
  for (int i = 0; i < 100; ++i) {
    pace.note(pace.together(), 500);
    free.run(pace, 9);
  }
  EXPECT_GT(free.frames_together, 1900 * 19 / 20);
}

TEST(CrewPace, FramesSubmittedBeforeAChangeCountForNothing) {
  CrewPace pace;
  for (int i = 0; i < 100 && pace.together(); ++i) pace.note(true, 100);
  ASSERT_FALSE(pace.together());
  for (int i = 0; i < 8; ++i) pace.note(true, 1);
  EXPECT_FALSE(pace.together());
  for (int i = 0; i < 5; ++i) pace.note(false, 40);
  EXPECT_FALSE(pace.together());
}

}  // namespace
}  // namespace impasto::test
