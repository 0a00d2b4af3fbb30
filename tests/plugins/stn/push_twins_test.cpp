#include "plugins/stn/core/push_twins.h"

#include <gtest/gtest.h>

using namespace tharsis;
using stn::push_twins;

namespace {
constexpr instant t0 = instant{} + 100s;
}

TEST(PushTwins, WhatBothConnectionsBringIsGivenOnce) {
  push_twins t;
  EXPECT_TRUE(t.is_new(1, t0, 7, "news", t0 + 1s));
  EXPECT_FALSE(t.is_new(2, t0, 7, "news", t0 + 2s));
  EXPECT_TRUE(t.is_new(2, t0, 7, "other news", t0 + 2s));
  EXPECT_FALSE(t.is_new(1, t0, 7, "other news", t0 + 3s));
  EXPECT_TRUE(t.is_new(2, t0, 8, "news", t0 + 3s)) << "another command";
}

TEST(PushTwins, TheSameTwiceByOneConnectionIsTwoPushes) {
  push_twins t;
  EXPECT_TRUE(t.is_new(1, t0, 7, "tick", t0));
  EXPECT_TRUE(t.is_new(1, t0, 7, "tick", t0));
  EXPECT_FALSE(t.is_new(2, t0, 7, "tick", t0 + 1s));
  EXPECT_FALSE(t.is_new(2, t0, 7, "tick", t0 + 1s));
  EXPECT_TRUE(t.is_new(2, t0, 7, "tick", t0 + 1s)) << "a third one";
  EXPECT_FALSE(t.is_new(1, t0, 7, "tick", t0 + 2s));
}

TEST(PushTwins, AConnectionThatWasMadeLaterBringsAnotherPush) {
  push_twins t;
  EXPECT_TRUE(t.is_new(1, t0, 7, "tick", t0 + 1s));
  EXPECT_TRUE(t.is_new(2, t0 + 2s, 7, "tick", t0 + 3s));
  EXPECT_FALSE(t.is_new(1, t0, 7, "tick", t0 + 4s)) << "the first one has the second push too";
  EXPECT_TRUE(t.is_new(1, t0, 7, "tick", t0 + 5s)) << "and a third";
}

TEST(PushTwins, AfterHalfAMinuteItIsAnotherPush) {
  push_twins t;
  EXPECT_TRUE(t.is_new(1, t0, 7, "tick", t0));
  EXPECT_TRUE(t.is_new(2, t0, 7, "tick", t0 + 30s));
}

TEST(PushTwins, WhatItRemembersIsBounded) {
  push_twins t;
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(t.is_new(1, t0, 7, std::to_string(i), t0));
  EXPECT_FALSE(t.is_new(2, t0, 7, "9999", t0));
  EXPECT_TRUE(t.is_new(2, t0, 7, "1", t0)) << "forgotten, so it counts as new: given twice rather than not at all";
}
