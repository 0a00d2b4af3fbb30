#include "plugins/stn/core/retry_budget.h"

#include <gtest/gtest.h>

#include "plugins/stn/core/server_rest.h"
#include "sdk/pure/dice.h"

using namespace tharsis;
using stn::budget_settings;
using stn::rest_settings;
using stn::retry_budget;
using stn::server_rest;

namespace {
constexpr instant start = instant(1h);
}

TEST(RetryBudget, AFewAreThereFromTheBeginningAndThenNone) {
  retry_budget b({});
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(b.take(start)) << i;
  EXPECT_FALSE(b.take(start));
  EXPECT_EQ(b.taken(), 10u);
  EXPECT_EQ(b.refused(), 1u);
}

TEST(RetryBudget, TenFirstSendsEarnOne) {
  retry_budget b({});
  while (b.take(start)) {}
  for (int i = 0; i < 9; ++i) b.on_first(start);
  EXPECT_FALSE(b.take(start));
  b.on_first(start);
  b.on_first(start);  // Ten tenths are a little less than one.
  EXPECT_TRUE(b.take(start));
  EXPECT_FALSE(b.take(start));
}

TEST(RetryBudget, OneComesWithTimeAndNoMoreThanTheIdleMost) {
  retry_budget b({});
  while (b.take(start)) {}
  EXPECT_FALSE(b.take(start + 299s));
  EXPECT_TRUE(b.take(start + 301s));
  EXPECT_EQ(b.left(start + 24h), 10);
}

TEST(RetryBudget, WhatIsGivenBackCanBeTakenAgainAndMakesNoneMoreThanTheMost) {
  retry_budget b({});
  while (b.take(start)) {}
  EXPECT_FALSE(b.has(start));
  b.give_back();
  EXPECT_TRUE(b.has(start)) << "asking takes nothing";
  EXPECT_TRUE(b.take(start));
  EXPECT_FALSE(b.take(start));
  for (int i = 0; i < 5000; ++i) b.give_back();
  EXPECT_EQ(b.left(start), 1000);
}

TEST(RetryBudget, WhatIsEarnedHasAnEnd) {
  retry_budget b({});
  for (int i = 0; i < 1'000'000; ++i) b.on_first(start);
  EXPECT_LE(b.left(start), 1000);
  EXPECT_GE(b.left(start), 999);
}

TEST(RetryBudget, ABudgetOfZeroAllowsNone) {
  budget_settings none;
  none.share = none.idle_most = none.most = 0;
  retry_budget b(none);
  for (int i = 0; i < 100; ++i) b.on_first(start);
  EXPECT_FALSE(b.take(start + 24h));
}

TEST(RetryBudget, SwitchedOffItAllowsAll) {
  budget_settings off;
  off.use = false;
  off.idle_most = 0;
  retry_budget b(off);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(b.take(start));
}

// Goal: over any time, repetitions are at most the share of first sends, and what time and the beginning gave.
TEST(RetryBudget, NoOrderOfSendsGetsMoreThanTheShareAndTheRest) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    dice chance(seed);
    budget_settings s;
    s.share = static_cast<int64_t>(chance.below(50));
    retry_budget b(s);
    instant now = start;
    double first = 0;
    for (int i = 0; i < 2000; ++i) {
      now += chance.up_to(3s);
      if (chance.chance(0.5)) b.on_first(now), ++first;
      else (void)b.take(now);
      const double time = std::chrono::duration<double>(now - start) / std::chrono::duration<double>(s.idle_every);
      ASSERT_LE(static_cast<double>(b.taken()), first * static_cast<double>(s.share) / 100 + time + 10.001);
    }
  }
}

TEST(ServerRest, WhatIsSparedIsSparedAsLongAsItWasToldAndALittleLonger) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    dice chance(seed);
    server_rest<uint32_t> rest(rest_settings{});
    const duration told = 1ms + chance.up_to(400s);
    const instant until = rest.on_busy(7, told, chance.next(), start);
    EXPECT_GE(until, start + std::min<duration>(told, 300s)) << seed;
    EXPECT_LE(until, start + std::min<duration>(told, 300s) * 6 / 5) << seed;
    EXPECT_EQ(rest.until(7), until);
    EXPECT_EQ(rest.until(8), instant{});
    EXPECT_EQ(rest.next(start), until);
  }
}

TEST(ServerRest, AShorterWordDoesNotShortenALongerOne) {
  server_rest<uint32_t> rest(rest_settings{});
  const instant until = rest.on_busy(7, 100s, 0, start);
  EXPECT_EQ(rest.on_busy(7, 1s, 0, start), until);
}

TEST(ServerRest, SwitchedOffNothingIsSpared) {
  rest_settings off;
  off.use = false;
  server_rest<uint32_t> rest(off);
  EXPECT_EQ(rest.on_busy(7, 100s, 0, start), start);
  EXPECT_EQ(rest.until(7), instant{});
}

TEST(ServerRest, ThousandsOfCommandsTakeNoMoreThanTheirRoom) {
  server_rest<uint32_t> rest(rest_settings{});
  for (uint32_t c = 1; c <= 5000; ++c) rest.on_busy(c, std::chrono::seconds(c % 200 + 1), c, start);
  int kept = 0;
  for (uint32_t c = 1; c <= 5000; ++c) kept += rest.until(c) != instant{};
  EXPECT_EQ(kept, 64);
}
