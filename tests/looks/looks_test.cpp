// History, mixes and looks over time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "app/looks/history.h"
#include "app/looks/mixer.h"
#include "app/looks/track.h"

namespace impasto::app {
namespace {

using namespace std::chrono_literals;
using testing::Each;
using testing::ElementsAre;
using testing::Ge;

net::Look strength(float value) {
  net::Look look;
  look.strength = value;
  return look;
}

TEST(History, UndoAndRedoGoThroughTheSteps) {
  LookHistory history(strength(1));
  history.change(strength(0.5F));
  history.change(strength(0.25F));
  EXPECT_EQ(history.undo().strength, 0.5F);
  EXPECT_EQ(history.undo().strength, 1);
  EXPECT_EQ(history.undo().strength, 1) << "nothing left to undo";
  EXPECT_EQ(history.redo().strength, 0.5F);
  history.change(strength(0.75F));
  EXPECT_FALSE(history.can_redo()) << "a change forgets what was undone";
  EXPECT_EQ(history.redo().strength, 0.75F);
  EXPECT_EQ(history.undo().strength, 0.5F);
}

TEST(History, ADragIsOneStep) {
  LookHistory history(strength(1));
  LookHistory::Clock::time_point now{};
  for (int i = 1; i <= 50; ++i) {
    history.change(strength(1 - 0.01F * static_cast<float>(i)), "strength", now += 30ms);
  }
  EXPECT_EQ(history.undo().strength, 1);
  EXPECT_FLOAT_EQ(history.redo().strength, 0.5F);
}

TEST(History, DragsApartInTimeControlOrByLettingGoAreSteps) {
  LookHistory history(strength(1));
  LookHistory::Clock::time_point now{};
  history.change(strength(0.9F), "a", now);
  history.change(strength(0.8F), "b", now);
  history.change(strength(0.7F), "b", now += 1500ms);
  history.finish();
  history.change(strength(0.6F), "b", now);
  history.change(strength(0.5F), "", now);
  history.change(strength(0.4F), "", now);
  for (const float expected : {0.5F, 0.6F, 0.7F, 0.8F, 0.9F, 1.0F}) {
    EXPECT_EQ(history.undo().strength, expected);
  }
  // After an undo the same control begins a step of its own.
  history.redo();
  history.change(strength(0.3F), "a", now);
  EXPECT_EQ(history.undo().strength, 0.9F);
}

TEST(History, NoChangeIsNoStepAndTheOldestGo) {
  LookHistory history(strength(1), 3);
  history.change(strength(1));
  EXPECT_FALSE(history.can_undo());
  for (int i = 1; i <= 5; ++i) history.change(strength(1 - 0.1F * static_cast<float>(i)));
  int steps = 0;
  for (; history.can_undo(); ++steps) history.undo();
  EXPECT_EQ(steps, 3);
  EXPECT_FLOAT_EQ(history.look().strength, 0.8F);
  history.restart(strength(0));
  EXPECT_FALSE(history.can_undo() || history.can_redo());
}

float sum(const std::vector<float>& weights) {
  return std::accumulate(weights.begin(), weights.end(), 0.0F);
}

TEST(Mixer, OneWeightMovesTheOthersKeepTheirProportions) {
  EXPECT_THAT(with_weight({0.5F, 0.3F, 0.2F}, 0, 0.75F), ElementsAre(0.75F, 0.15F, 0.1F));
  EXPECT_THAT(with_weight({1, 0, 0}, 0, 0.5F), ElementsAre(0.5F, 0.25F, 0.25F));
  EXPECT_THAT(with_weight({0.5F, 0.5F}, 1, 7), ElementsAre(0, 1));
  EXPECT_THAT(with_weight({1}, 0, 0.2F), ElementsAre(1));
}

TEST(Mixer, Normalising) {
  EXPECT_THAT(normalised({3, 1, 0}), ElementsAre(0.75F, 0.25F, 0));
  EXPECT_THAT(normalised({1, -1, 0}), ElementsAre(1, 0, 0));
  EXPECT_THAT(normalised({0, 0}), ElementsAre(0, 0));
}

TEST(Mixer, RandomMixesAreSharesOfAFewStyles) {
  net::ModelInfo model;
  model.styles.resize(8);
  model.identity_style = 0;
  std::mt19937 random(7);
  std::vector<float> reached(8, 0.0F);
  for (int i = 0; i < 200; ++i) {
    const std::vector<float> weights = random_mix(model, random);
    EXPECT_NEAR(sum(weights), 1, 1e-5);
    EXPECT_EQ(weights[0], 0) << "identity would only thin the others";
    int used = 0;
    for (std::size_t s = 0; s < weights.size(); ++s) {
      if (weights[s] == 0) continue;
      ++used;
      EXPECT_GE(weights[s], 0.0999F);
      reached[s] += weights[s];
    }
    EXPECT_GE(used, 2);
    EXPECT_LE(used, 4);
  }
  reached.erase(reached.begin());
  EXPECT_THAT(reached, Each(Ge(10.0F)));
  model.styles.resize(1);
  EXPECT_THAT(random_mix(model, random), ElementsAre(1));
  model.styles.clear();
  EXPECT_THAT(random_mix(model, random), ElementsAre());
}

TEST(Track, BetweenKeysLooksAreInterpolated) {
  LookTrack track;
  track.add(2, strength(1));
  EXPECT_EQ(track.at(0).strength, 1);
  EXPECT_EQ(track.at(9).strength, 1);
  track.add(6, strength(0));
  track.add(4, strength(0.8F));
  EXPECT_EQ(track.at(1).strength, 1);
  EXPECT_FLOAT_EQ(track.at(3).strength, 0.9F);
  EXPECT_EQ(track.at(4).strength, 0.8F);
  EXPECT_FLOAT_EQ(track.at(5.5).strength, 0.2F);
  EXPECT_EQ(track.at(6).strength, 0);
  EXPECT_EQ(track.at(100).strength, 0);
}

}  // namespace
}  // namespace impasto::app
