#include "plugins/sdt/core/token_bucket.h"

#include <gtest/gtest.h>

#include <random>

using namespace tharsis;
using sdt::token_bucket;

namespace {
constexpr instant t0{};
}

TEST(TokenBucket, ABurstThenOneEachTime) {
  token_bucket b(3, 10s);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(b.take(t0));
  EXPECT_FALSE(b.take(t0));
  EXPECT_EQ(b.next(t0), t0 + 10s);
  EXPECT_FALSE(b.take(t0 + 10s - 1ns));
  EXPECT_TRUE(b.take(t0 + 10s));
  EXPECT_FALSE(b.take(t0 + 19s));
  EXPECT_TRUE(b.take(t0 + 20s));
}

TEST(TokenBucket, TheLastOfABurstComesBehindTheOthers) {
  token_bucket b(3, 10min, 20s);
  EXPECT_TRUE(b.take(t0));
  EXPECT_TRUE(b.take(t0 + 1s));
  EXPECT_FALSE(b.take(t0 + 2s));
  EXPECT_EQ(b.next(t0 + 2s), t0 + 21s);
  EXPECT_TRUE(b.take(t0 + 21s));
  EXPECT_EQ(b.next(t0 + 21s), t0 + 10min);
  EXPECT_TRUE(b.take(t0 + 10min)) << "one that is earned is there at once";
  token_bucket one(1, 10min, 20s);
  EXPECT_TRUE(one.take(t0)) << "nothing was before it";
}

// Mars lets one more through than it says, counts for all of a process together, and its second gate never closes
// since nobody writes down when it was passed last.
TEST(TokenBucket, MarsDefect12NoMoreThanItSaysAndEachByItself) {
  token_bucket one(1, 60min), another(1, 60min);
  int passed = 0;
  for (int minute = 0; minute < 60; ++minute) passed += one.take(t0 + minute * 60s);
  EXPECT_EQ(passed, 1);
  EXPECT_TRUE(another.take(t0));
  EXPECT_TRUE(one.take(t0 + 60min));
  EXPECT_FALSE(one.take(t0 + 60min));
}

TEST(TokenBucket, ALongRestGivesTheBurstBackAndNoMore) {
  token_bucket b(3, 10s);
  for (int i = 0; i < 3; ++i) (void)b.take(t0);
  const instant day = t0 + 24h;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(b.take(day));
  EXPECT_FALSE(b.take(day + 9s));
}

TEST(TokenBucket, NextIsExactlyWhenTakeSucceeds) {
  std::mt19937_64 draw(1);
  token_bucket b(2, 7ms);
  instant now = t0;
  int64_t taken = 0;
  for (int i = 0; i < 10'000; ++i) {
    now += std::chrono::microseconds(draw() % 5000);
    const bool ready = b.next(now) <= now;
    ASSERT_EQ(b.take(now), ready);
    taken += ready;
    ASSERT_LE(taken, 2 + (now - t0) / 7ms);
  }
  EXPECT_GT(taken, 1000);
}
