#include "plugins/stn/core/heartbeat.h"

#include <gtest/gtest.h>

using namespace tharsis;
using stn::heartbeat;

namespace {

constexpr stn::heartbeat_settings quick{
    .interval_min = 10s, .interval_max = 30s, .step = 10s, .pong_timeout = 2s, .grow_after = 2, .shrink_after = 1,
    .settle = 0, .relearn_after = 24h, .foreground_shortest = false};
constexpr instant t0 = instant(1h);

heartbeat up_at_t0() {
  heartbeat h(quick);
  h.on_up(t0);
  return h;
}

// One whole ping and pong.
void beat(heartbeat& h) {
  const instant ping = h.deadline();
  EXPECT_EQ(h.on_deadline(ping), heartbeat::action::send_ping);
  h.on_pong(ping + 1s);
}

}  // namespace

TEST(Heartbeat, BeforeTheLinkIsUpThereIsNothingToDo) { EXPECT_EQ(heartbeat(quick).deadline(), never); }

TEST(Heartbeat, AnIdleLinkPingsAfterTheMinimumInterval) {
  heartbeat h = up_at_t0();
  EXPECT_EQ(h.deadline(), t0 + 10s);
  EXPECT_EQ(h.on_deadline(t0 + 9s), heartbeat::action::wait);
  EXPECT_EQ(h.on_deadline(t0 + 10s), heartbeat::action::send_ping);
}

TEST(Heartbeat, ReceivedBytesPutTheNextPingOff) {
  heartbeat h = up_at_t0();
  h.on_bytes(t0 + 7s);
  EXPECT_EQ(h.deadline(), t0 + 17s);
}

TEST(Heartbeat, TheIntervalGrowsAfterTwoPongsInARowAndStopsAtTheMaximum) {
  heartbeat h = up_at_t0();
  beat(h);
  EXPECT_EQ(h.interval(), 10s);
  beat(h);
  EXPECT_EQ(h.interval(), 20s);
  for (int i = 0; i < 10; ++i) beat(h);
  EXPECT_EQ(h.interval(), 30s);
}

TEST(Heartbeat, ALostPongGivesTheLinkUpAndTakesOneStepBack) {
  heartbeat h = up_at_t0();
  beat(h), beat(h);
  EXPECT_EQ(h.on_deadline(h.deadline()), heartbeat::action::send_ping);
  EXPECT_EQ(h.on_deadline(h.deadline()), heartbeat::action::give_up);
  EXPECT_EQ(h.interval(), 10s);
  EXPECT_EQ(h.deadline(), never);
}

TEST(Heartbeat, BytesOtherThanThePongDoNotExcuseAMissingPong) {
  heartbeat h = up_at_t0();
  EXPECT_EQ(h.on_deadline(t0 + 10s), heartbeat::action::send_ping);
  h.on_bytes(t0 + 11s);
  EXPECT_EQ(h.on_deadline(t0 + 12s), heartbeat::action::give_up);
}

TEST(Heartbeat, AnUploadInFrontOfThePingExcusesItsPong) {
  heartbeat h = up_at_t0();
  EXPECT_EQ(h.on_deadline(t0 + 10s), heartbeat::action::send_ping);
  h.on_upload(t0 + 12s);
  EXPECT_EQ(h.on_deadline(t0 + 12s), heartbeat::action::wait);
  EXPECT_EQ(h.on_deadline(t0 + 14s), heartbeat::action::give_up);
}

TEST(Heartbeat, AnUnaskedPongTeachesNothing) {
  heartbeat h = up_at_t0();
  for (int i = 0; i < 10; ++i) h.on_pong(t0 + 1s);
  EXPECT_EQ(h.interval(), 10s);
  EXPECT_EQ(h.deadline(), t0 + 10s);
}

TEST(Heartbeat, APingOutOfDoubtIsSentOnceAndSaysNothingAboutTheInterval) {
  heartbeat h = up_at_t0();
  for (int i = 0; i < 10; ++i) {
    const instant now = t0 + i * 1s;
    EXPECT_TRUE(h.on_doubt(now));
    EXPECT_FALSE(h.on_doubt(now));
    h.on_pong(now);
  }
  EXPECT_EQ(h.interval(), 10s);
}

TEST(Heartbeat, WhatWasLearnedOutlivesTheConnection) {
  heartbeat h = up_at_t0();
  beat(h), beat(h);
  h.on_up(t0 + 1h);
  EXPECT_EQ(h.deadline(), t0 + 1h + 20s);
}

TEST(Heartbeat, AFreshConnectionIsTriedAtTheShortestIntervalFirst) {
  auto careful = quick;
  careful.settle = 2;
  heartbeat h(careful);
  h.resume({30s, true, 0});
  h.on_up(t0);
  EXPECT_EQ(h.interval(), 10s);
  beat(h);
  EXPECT_EQ(h.interval(), 10s);
  beat(h);
  EXPECT_EQ(h.interval(), 30s);
  h.on_up(t0 + 1h);
  EXPECT_EQ(h.interval(), 10s);
}

TEST(Heartbeat, InTheForegroundTheIntervalIsTheShortestAndAtOnce) {
  auto watched = quick;
  watched.foreground_shortest = true;
  heartbeat h(watched);
  h.resume({30s, true, 0});
  (void)h.on_foreground(false);
  h.on_up(t0);
  EXPECT_EQ(h.deadline(), t0 + 30s);
  EXPECT_TRUE(h.on_foreground(true));
  EXPECT_EQ(h.deadline(), t0 + 10s);
  EXPECT_FALSE(h.on_foreground(true));
  EXPECT_EQ(h.on_deadline(t0 + 10s), heartbeat::action::send_ping);
  EXPECT_FALSE(h.on_foreground(false)) << "a ping is out; its pong is waited for as before";
  EXPECT_EQ(h.deadline(), t0 + 12s);
}

TEST(Heartbeat, AConnectionThatBreaksWithAPingOutCountsAsALostPong) {
  heartbeat h = up_at_t0();
  beat(h), beat(h);
  ASSERT_EQ(h.interval(), 20s);
  EXPECT_EQ(h.on_deadline(h.deadline()), heartbeat::action::send_ping);
  h.on_down();
  EXPECT_EQ(h.interval(), 10s);
  h.on_up(t0 + 1h);
  h.on_down();
  h.on_up(t0 + 2h);
  EXPECT_EQ(h.interval(), 10s);
}

TEST(Heartbeat, TheServersWishHoldsAtOnceTeachesNothingAndCanBeTakenBack) {
  heartbeat h = up_at_t0();
  EXPECT_TRUE(h.on_wish(4s));
  EXPECT_EQ(h.deadline(), t0 + 4s);
  for (int i = 0; i < 8; ++i) beat(h);
  EXPECT_EQ(h.interval(), 4s);
  EXPECT_EQ(h.learned().interval, 10s) << "pings that somebody wished for are no experiment";
  EXPECT_TRUE(h.on_wish(0s));
  EXPECT_EQ(h.interval(), 10s);
  EXPECT_FALSE(h.on_wish(0s));
}
