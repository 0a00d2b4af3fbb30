#include "plugins/stn/core/activity.h"

#include <random>

#include <gtest/gtest.h>

using namespace tharsis;
using stn::activity;
using stn::usage;

namespace {
constexpr instant t0 = instant(1h);
}

TEST(Activity, TheForegroundGrowsOldAndTheBackgroundInactive) {
  activity a({});
  EXPECT_TRUE(a.on_foreground(true, t0));
  const struct {
    duration at;
    usage is;
    instant next;
  } table[] = {{0s, usage::fresh, t0 + 1min},          {59s, usage::fresh, t0 + 1min},       {60s, usage::used, t0 + 10min},
               {599s, usage::used, t0 + 10min},        {600s, usage::long_used, never},     {24h * 30, usage::long_used, never}};
  for (const auto& row : table) {
    EXPECT_EQ(a.state(t0 + row.at), row.is) << row.at.count();
    EXPECT_EQ(a.next_change(t0 + row.at), row.next) << row.at.count();
  }
  EXPECT_TRUE(a.on_foreground(false, t0 + 20min));
  EXPECT_EQ(a.state(t0 + 20min), usage::left);
  EXPECT_EQ(a.next_change(t0 + 20min), t0 + 30min);
  EXPECT_EQ(a.state(t0 + 30min), usage::inactive);
  EXPECT_EQ(a.next_change(t0 + 30min), never);
}

TEST(Activity, WhatStartsInTheBackgroundWasNeverLeft) {
  activity a({});
  EXPECT_TRUE(a.on_foreground(false, t0));
  EXPECT_EQ(a.state(t0), usage::inactive);
  EXPECT_TRUE(a.on_foreground(true, t0 + 1s));
  EXPECT_EQ(a.state(t0 + 1s), usage::fresh);
}

TEST(Activity, TheSameWordTwiceIsNoNews) {
  activity a({});
  EXPECT_TRUE(a.on_foreground(true, t0));
  EXPECT_FALSE(a.on_foreground(true, t0 + 2min));
  EXPECT_EQ(a.state(t0 + 2min), usage::used);
}

TEST(Activity, ByTimeAloneItChangesExactlyWhenItSays) {
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto some = [&] { return std::chrono::seconds(random() % 1000); };
    const auto fresh = some();
    activity a({.fresh = fresh, .long_used = some(), .inactive = some()});
    instant now = t0;
    for (int i = 0; i < 20; ++i, now += some()) {
      (void)a.on_foreground(random() % 2 == 0, now);
      EXPECT_EQ(a.state(now) <= usage::long_used, a.foreground());
      const instant next = a.next_change(now);
      if (next == never) continue;
      EXPECT_GT(next, now);
      EXPECT_EQ(a.state(next - 1ns), a.state(now));
      EXPECT_NE(a.state(next), a.state(now));
    }
  }
}
