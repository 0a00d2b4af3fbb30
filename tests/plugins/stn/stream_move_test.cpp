#include "plugins/stn/core/stream_move.h"

#include <gtest/gtest.h>

using namespace tharsis;
using stn::stream_move;

namespace {
constexpr instant t0 = instant{} + 100s;
constexpr instant unsaid{};
}  // namespace

TEST(StreamMove, WhatIsInTheMiddleHasItsTimeAndWhatIsNotGoesAtOnce) {
  stream_move m(30s);
  EXPECT_FALSE(m.due(false, t0));
  m.on_elsewhere(unsaid, t0);
  EXPECT_TRUE(m.due(false, t0));
  EXPECT_FALSE(m.due(true, t0 + 29s));
  EXPECT_TRUE(m.due(true, t0 + 30s));
  EXPECT_FALSE(m.holds()) << "its server goes on";
}

TEST(StreamMove, AServerThatEndsSoonerIsLeftBefore) {
  stream_move m(30s);
  m.on_elsewhere(t0 + 5s, t0);
  EXPECT_TRUE(m.holds());
  EXPECT_EQ(m.deadline(), t0 + 5s);
  m.on_elsewhere(t0 + 20s, t0 + 1s);
  EXPECT_EQ(m.deadline(), t0 + 5s) << "what was told later does not put it off";
}

TEST(StreamMove, WhoIsToldAgainWaitsNoLonger) {
  stream_move m(30s);
  m.on_elsewhere(unsaid, t0);
  m.on_elsewhere(never, t0 + 20s);
  EXPECT_EQ(m.deadline(), t0 + 30s);
}

TEST(StreamMove, AtTheRightPlaceNothingIsDue) {
  stream_move m(0s);
  m.on_elsewhere(t0 + 5s, t0);
  EXPECT_TRUE(m.due(true, t0)) << "no patience";
  m.on_there();
  EXPECT_FALSE(m.waits());
  EXPECT_FALSE(m.holds());
  EXPECT_FALSE(m.due(false, t0 + 1h));
  EXPECT_EQ(m.deadline(), never);
}
