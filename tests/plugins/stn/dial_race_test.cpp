#include "plugins/stn/core/dial_race.h"

#include <random>

#include <gtest/gtest.h>

using namespace tharsis;
using stn::dial_race;

namespace {
constexpr stn::dial_settings quick{.stagger = 2s, .parallel = 2, .timeout = 10s};
constexpr instant t0 = instant(1h);
}  // namespace

TEST(DialRace, TheFirstStartsAtOnceTheNextAfterTheStagger) {
  dial_race r(quick, 3, t0);
  EXPECT_EQ(r.take_start(t0), 0u);
  EXPECT_EQ(r.take_start(t0), std::nullopt);
  EXPECT_EQ(r.deadline(), t0 + 2s);
  EXPECT_EQ(r.take_start(t0 + 2s), 1u);
  EXPECT_EQ(r.take_start(t0 + 1h), std::nullopt) << "two at a time";
  EXPECT_EQ(r.deadline(), never);
}

TEST(DialRace, AfterAFailureTheNextStartsAtOnce) {
  dial_race r(quick, 3, t0);
  EXPECT_EQ(r.take_start(t0), 0u);
  r.on_failed(t0 + 100ms);
  EXPECT_EQ(r.take_start(t0 + 100ms), 1u);
}

TEST(DialRace, OneThatProvesWhoItIsGetsTime) {
  dial_race r(quick, 3, t0);
  EXPECT_EQ(r.take_start(t0), 0u);
  r.on_progress(t0 + 1500ms);
  EXPECT_EQ(r.take_start(t0 + 2s), std::nullopt);
  EXPECT_EQ(r.deadline(), t0 + 3500ms);
}

TEST(DialRace, ItIsLostWhenAllHaveFailed) {
  dial_race r(quick, 2, t0);
  EXPECT_EQ(r.take_start(t0), 0u);
  r.on_failed(t0);
  EXPECT_FALSE(r.lost());
  EXPECT_EQ(r.take_start(t0), 1u);
  r.on_failed(t0);
  EXPECT_TRUE(r.lost());
  EXPECT_EQ(r.take_start(t0 + 1h), std::nullopt);
  EXPECT_EQ(r.deadline(), never);
}

// Goal: whatever happens every address gets its try, once, in order, and never too many run.
TEST(DialRace, EveryAddressIsTriedOnceInOrderAndTheLimitHolds) {
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const size_t count = random() % 8 + 1;
    const stn::dial_settings s{
        .stagger = 2s, .parallel = static_cast<int64_t>(random() % 3 + 1), .timeout = 10s};
    dial_race r(s, count, t0);
    instant now = t0;
    size_t expected = 0;
    int64_t running = 0;
    for (int turn = 0; turn < 300 && !r.lost(); ++turn) {
      while (const auto next = r.take_start(now)) {
        ASSERT_EQ(*next, expected++);
        ASSERT_LE(++running, s.parallel);
      }
      now += random() % 3000 * 1ms;
      if (running > 0 && random() % 2) {
        r.on_failed(now);
        --running;
      } else if (running > 0 && random() % 3 == 0) {
        r.on_progress(now);
      }
    }
    ASSERT_TRUE(r.lost());
    ASSERT_EQ(expected, count);
  }
}
