#include "plugins/stn/core/silence.h"

#include <gtest/gtest.h>
#include "plugins/stn/core/upload.h"

using namespace tharsis;
using stn::silence;

namespace {
constexpr instant t0 = instant(1h);
}

TEST(Silence, NothingSentNothingDue) {
  silence s(4s);
  s.on_bytes(t0);
  EXPECT_EQ(s.deadline(), never);
  EXPECT_EQ(s.on_deadline(t0 + 1h), silence::action::wait);
}

TEST(Silence, HalfWayItAsksForAPingAndThenGivesUp) {
  silence s(4s);
  s.on_sent(t0);
  EXPECT_EQ(s.on_deadline(t0 + 1999ms), silence::action::wait);
  EXPECT_EQ(s.on_deadline(t0 + 2s), silence::action::probe);
  EXPECT_EQ(s.on_deadline(t0 + 3999ms), silence::action::wait);
  EXPECT_EQ(s.on_deadline(t0 + 4s), silence::action::give_up);
}

TEST(Silence, MoreRequestsDoNotPutTheJudgementOff) {
  silence s(4s);
  for (int i = 0; i < 400; ++i) s.on_sent(t0 + i * 10ms);
  EXPECT_EQ(s.on_deadline(t0 + 4s), silence::action::probe);
  for (int i = 400; i < 600; ++i) s.on_sent(t0 + i * 10ms);
  EXPECT_EQ(s.on_deadline(t0 + 6s), silence::action::give_up);
}

TEST(Silence, AnyByteIsLife) {
  silence s(4s);
  s.on_sent(t0);
  EXPECT_EQ(s.on_deadline(t0 + 2s), silence::action::probe);
  s.on_bytes(t0 + 3s);
  EXPECT_EQ(s.on_deadline(t0 + 4s), silence::action::wait);
}

TEST(Silence, AServerThatTakesItsTimeIsAskedMoreAndMoreSeldom) {
  silence s(4s);
  s.on_sent(t0);
  instant now = t0;
  for (const duration wait : {2s, 4s, 8s, 16s}) {
    now += wait;
    EXPECT_EQ(s.deadline(), now);
    EXPECT_EQ(s.on_deadline(now), silence::action::probe);
    s.on_bytes(now);
  }
  s.on_sent(now + 1s);
  EXPECT_EQ(s.deadline(), now + 3s) << "a new request is watched as closely as the first";
}

TEST(Silence, OnceAllIsAnsweredThereIsCalm) {
  silence s(4s);
  s.on_sent(t0);
  s.on_calm();
  EXPECT_EQ(s.deadline(), never);
  s.on_sent(t0 + 1h);
  EXPECT_EQ(s.deadline(), t0 + 1h + 2s);
}

TEST(Silence, AnUploadThatMovesPutsItOff) {
  silence s(4s);
  s.on_sent(t0);
  s.on_upload(t0 + 2s);
  EXPECT_EQ(s.on_deadline(t0 + 3s), silence::action::wait);
  EXPECT_EQ(s.on_deadline(t0 + 4s), silence::action::probe);
}

TEST(Silence, ZeroTurnsItOff) {
  silence s(0s);
  s.on_sent(t0);
  EXPECT_EQ(s.deadline(), never);
}

TEST(Upload, MovesOnlyWhileSomethingIsLeftAndLessThanBefore) {
  stn::upload u;
  u.on_written(1000);
  EXPECT_TRUE(u.on_look(900)) << "100 of 1000 were confirmed";
  EXPECT_FALSE(u.on_look(900)) << "none since";
  u.on_written(50);
  EXPECT_FALSE(u.on_look(950)) << "only more was written";
  EXPECT_TRUE(u.on_look(940));
  EXPECT_FALSE(u.on_look(0)) << "all has arrived: an answer may be expected";
}

TEST(Upload, WhatWasWrittenBeforeThePeersLastByteDoesNotCount) {
  stn::upload u;
  u.on_written(1000);
  u.on_bytes();
  u.on_written(10);
  EXPECT_FALSE(u.on_look(10));
}
