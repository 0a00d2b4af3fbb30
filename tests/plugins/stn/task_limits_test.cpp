#include "plugins/stn/core/task_limits.h"

#include <gtest/gtest.h>

#include "plugins/stn/core/stopped_commands.h"

using namespace tharsis;
using stn::task_limits;
using verdict = stn::task_limits::verdict;

namespace {

constexpr instant t0 = instant(1h);
constexpr int64_t mib = 1 << 20;

stn::repeat_settings repeats(int64_t most) {
  stn::repeat_settings s;
  s.most = most;
  return s;
}
stn::flow_settings flow(int64_t capacity) {
  stn::flow_settings s;
  s.capacity = capacity;
  return s;
}
verdict ask(task_limits& l, uint64_t fingerprint, size_t bytes, instant now) { return l.check(fingerprint, bytes, false, false, now); }

}  // namespace

TEST(TaskLimits, TheHundredAndSixthEqualRequestIsRefused) {
  task_limits l(repeats(105), {});
  for (int i = 0; i < 105; ++i) ASSERT_EQ(ask(l, 1, 0, t0), verdict::fine) << i;
  EXPECT_EQ(ask(l, 1, 0, t0), verdict::repeated);
  EXPECT_EQ(ask(l, 2, 0, t0), verdict::fine);
  EXPECT_EQ(l.check(1, 0, true, false, t0), verdict::fine) << "a task may say that it may be repeated";
}

TEST(TaskLimits, WhatCameLongestAgoIsForgottenFirst) {
  task_limits l(repeats(1), {});
  for (uint64_t f = 1; f <= 30; ++f) ASSERT_EQ(ask(l, f, 0, t0 + std::chrono::seconds(f)), verdict::fine);
  EXPECT_EQ(ask(l, 31, 0, t0 + 31s), verdict::fine);
  EXPECT_EQ(ask(l, 2, 0, t0 + 32s), verdict::repeated);
  EXPECT_EQ(ask(l, 1, 0, t0 + 33s), verdict::fine) << "it had made room for the 31st";
}

TEST(TaskLimits, AfterAReviewOnlyThoseThatAreStillWildAreSuspect) {
  task_limits l(repeats(105), {});
  for (int i = 0; i < 105; ++i) {
    ask(l, 1, 0, t0);          // Wild, and quiet since.
    ask(l, 2, 0, t0 + 55min);  // Wild until now.
    if (i < 50) ask(l, 3, 0, t0 + 55min);
  }
  const instant later = t0 + 61min;
  EXPECT_EQ(ask(l, 1, 0, later), verdict::fine);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(ask(l, 2, 0, later), verdict::fine) << i;
  EXPECT_EQ(ask(l, 2, 0, later), verdict::repeated);
  for (int i = 0; i < 105; ++i) EXPECT_EQ(ask(l, 3, 0, later), verdict::fine) << i;
}

TEST(TaskLimits, ABucketOfBytesHoldsOnCellularNetworksOnlyUnlessSaidOtherwise) {
  task_limits l({}, flow(80 * mib));
  EXPECT_EQ(ask(l, 1, 100 * mib, t0), verdict::fine);
  l.on_network(true);
  EXPECT_EQ(ask(l, 1, 80 * mib, t0), verdict::fine);
  EXPECT_EQ(ask(l, 1, 1, t0), verdict::flood);
  EXPECT_EQ(l.check(1, 1, false, true, t0), verdict::fine);
  EXPECT_EQ(ask(l, 1, 40 * mib, t0 + 30min), verdict::fine) << "half an hour empties half of it";
  EXPECT_EQ(ask(l, 1, mib, t0 + 30min), verdict::flood);
}

TEST(TaskLimits, WhileNobodyUsesTheApplicationTheBucketEmptiesSlower) {
  task_limits l({}, flow(80 * mib));
  l.on_network(true);
  EXPECT_EQ(ask(l, 1, 80 * mib, t0), verdict::fine);
  l.on_active(false, t0);
  EXPECT_EQ(ask(l, 1, 20 * mib, t0), verdict::fine) << "it was taken down to three quarters";
  EXPECT_EQ(ask(l, 1, 11 * mib, t0 + 30min), verdict::flood);
  EXPECT_EQ(ask(l, 1, 9 * mib, t0 + 30min), verdict::fine);
}

TEST(StoppedCommands, RestForTheirUserUntilTheTimeIsOver) {
  stn::stopped_commands s;
  s.add({7, "ann", t0 + 60s, {'x'}, 3}, t0);
  ASSERT_NE(s.find(7, "ann", t0 + 59s), nullptr);
  EXPECT_EQ(s.find(7, "ann", t0 + 59s)->code, 3);
  EXPECT_EQ(s.find(7, "ann", t0 + 60s), nullptr);
  EXPECT_EQ(s.find(7, "bob", t0), nullptr);
  EXPECT_EQ(s.find(8, "ann", t0), nullptr);
}

TEST(StoppedCommands, AreBounded) {
  stn::stopped_commands s;
  for (uint32_t c = 1; c <= 1000; ++c) s.add({c, "", t0 + std::chrono::seconds(c), {}, 0}, t0);
  size_t kept = 0;
  for (uint32_t c = 1; c <= 1000; ++c) kept += s.find(c, "", t0) != nullptr ? 1 : 0;
  EXPECT_EQ(kept, 64u);
  EXPECT_NE(s.find(1000, "", t0), nullptr);
}
