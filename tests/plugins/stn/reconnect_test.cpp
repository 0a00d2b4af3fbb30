#include "plugins/stn/core/reconnect.h"

#include <random>

#include <gtest/gtest.h>

using namespace tharsis;
using stn::reconnect;

namespace {

constexpr stn::reconnect_settings quick{.pause_min = 1s, .pause_max = 10s, .pause_wanted = 3s, .lived = 5s};
constexpr instant t0 = instant(1h);
constexpr uint64_t longest = ~0ULL;  // Draws (almost) the whole range.

duration pause_of(reconnect& r, uint64_t random, bool wanted = false) {
  r.on_down(t0, random);
  return std::chrono::round<std::chrono::milliseconds>(r.due(wanted) - t0);
}

}  // namespace

TEST(Reconnect, TheFirstAttemptIsDueAtOnce) { EXPECT_LE(reconnect(quick).due(false), t0); }

TEST(Reconnect, AfterTheFirstLossAtOnceThenAfterGrowingPauses) {
  reconnect r(quick);
  for (const duration expected : {0s, 1s, 2s, 4s, 8s, 10s, 10s}) EXPECT_EQ(pause_of(r, longest), expected);
}

TEST(Reconnect, ThePauseIsAnyPartOfItsRange) {
  for (uint64_t seed = 1; seed <= 1000; ++seed) {
    std::mt19937_64 random(seed);
    reconnect r(quick);
    for (const duration range : {0s, 1s, 2s, 4s, 8s, 10s}) {
      const duration pause = pause_of(r, random());
      EXPECT_GE(pause, 0s);
      EXPECT_LE(pause, range);
    }
  }
  reconnect r(quick);
  pause_of(r, 0);
  EXPECT_EQ(pause_of(r, 0), 0s);
  EXPECT_EQ(pause_of(r, 1ULL << 63), 1s) << "half of two seconds";
}

TEST(Reconnect, WhileTasksWaitThePauseIsShorter) {
  reconnect r(quick);
  for (int i = 0; i < 6; ++i) pause_of(r, longest);
  EXPECT_EQ(pause_of(r, longest, true), 3s);
  EXPECT_EQ(pause_of(r, longest, false), 10s);
}

TEST(Reconnect, OnlyAConnectionThatLivedTakesThePausesBack) {
  reconnect r(quick);
  for (int i = 0; i < 6; ++i) pause_of(r, longest);
  r.on_up(t0 - 4s);
  EXPECT_EQ(pause_of(r, longest), 10s);
  r.on_up(t0 - 5s);
  EXPECT_EQ(pause_of(r, longest), 0s);
  EXPECT_EQ(pause_of(r, longest), 1s);
}

TEST(Reconnect, AnotherServerIsTriedAtOnce) {
  reconnect r(quick);
  for (int i = 0; i < 6; ++i) pause_of(r, longest);
  r.on_alternative();
  EXPECT_EQ(r.due(false), t0);
  EXPECT_EQ(pause_of(r, longest), 10s);
}
