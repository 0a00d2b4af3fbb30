#include "sdk/pure/pace.h"

#include <gtest/gtest.h>

using namespace tharsis;

namespace {
constexpr instant start = instant_from(1'000'000'000);
}

TEST(Pace, NothingAtAllIsWaitedForOnce) {
  pace p({10s, 100});
  EXPECT_EQ(p.deadline(start), start + 10s);
  p.on_wait(4s);
  EXPECT_EQ(p.deadline(start + 4s), start + 10s);
  p.on_wait(6s);
  EXPECT_EQ(p.deadline(start + 10s), start + 10s) << "the time is over";
  p.on_wait(1s);
  EXPECT_EQ(p.deadline(start + 11s), start + 11s) << "never in the past";
}

TEST(Pace, AByteNowAndThenIsNotEnough) {
  pace p({10s, 100});
  duration waited{};
  while (p.deadline(start + waited) > start + waited && waited < 1h) {
    p.on_wait(1s);
    p.on_moved(1);
    waited += 1s;
  }
  EXPECT_GE(waited, 10s);
  EXPECT_LE(waited, 11s) << "what is earned is a hundredth of a second for a byte";
}

TEST(Pace, AFastPeerMayPauseButNotForLong) {
  pace p({10s, 100});
  p.on_moved(1 << 20);
  EXPECT_EQ(p.deadline(start), start + 10s);
  p.on_wait(9s);
  p.on_moved(1);
  EXPECT_EQ(p.deadline(start), start + 10s) << "a byte renews the patience that much has earned";
}

TEST(Pace, WhoKeepsTheRateIsWaitedForEver) {
  pace p({10s, 100});
  for (int second = 0; second < 100'000; ++second) {
    p.on_wait(1s);
    p.on_moved(100);
    ASSERT_EQ(p.deadline(start), start + 10s);
  }
}

TEST(Pace, TimeInWhichNobodyWaitsDoesNotCount) {
  pace p({10s, 100});
  EXPECT_EQ(p.deadline(start + 1h), start + 1h + 10s);
}
