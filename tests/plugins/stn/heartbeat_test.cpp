#include "plugins/stn/core/heartbeat.h"

#include <algorithm>
#include <random>
#include <vector>

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

namespace {

// Not used for long.
stn::activity inactive() {
  stn::activity a({});
  (void)a.on_foreground(false, t0);
  return a;
}

heartbeat behind_at_t0(stn::heartbeat_settings s = quick, const stn::activity* use = nullptr) {
  heartbeat h(s, use);
  (void)h.on_foreground(false);
  h.on_up(t0);
  return h;
}

// A ping that comes so late, and its pong.
void late_beat(heartbeat& h, duration late) {
  const instant ping = h.deadline() + late;
  EXPECT_EQ(h.on_deadline(ping), heartbeat::action::send_ping);
  h.on_pong(ping + 100ms);
}

}  // namespace

TEST(Heartbeat, TheServersWishRulesAsLongAsItsConnection) {
  heartbeat h(quick);
  h.on_connected(0);
  EXPECT_FALSE(h.on_server_wish(25s)) << "it is not up yet";
  h.on_up(t0);
  EXPECT_EQ(h.deadline(), t0 + 25s);
  EXPECT_EQ(h.interval_from(), heartbeat::source::server);
  beat(h), beat(h), beat(h);
  EXPECT_EQ(h.interval(), 25s);
  h.on_down();
  h.on_connected(0);
  h.on_up(t0 + 1h);
  EXPECT_NE(h.interval_from(), heartbeat::source::server);
}

TEST(Heartbeat, TheApplicationsWishIsStrongerAndStays) {
  heartbeat h = up_at_t0();
  EXPECT_TRUE(h.on_wish(45s));
  EXPECT_EQ(h.deadline(), t0 + 45s);
  EXPECT_FALSE(h.on_server_wish(20s));
  h.on_down();
  h.on_connected(0);
  h.on_up(t0 + 1h);
  EXPECT_EQ(h.interval(), 45s);
  EXPECT_EQ(h.interval_from(), heartbeat::source::application);
  EXPECT_TRUE(h.on_wish(0s));
  EXPECT_EQ(h.interval(), 10s);
}

TEST(Heartbeat, AWishHasLimits) {
  heartbeat h = up_at_t0();
  (void)h.on_server_wish(1ms);
  EXPECT_EQ(h.interval(), 1s);
  (void)h.on_server_wish(24h * 365);
  EXPECT_EQ(h.interval(), 1h);
}

TEST(Heartbeat, APingThatTheSystemLetOutVeryLateWaitsForItsPongLess) {
  heartbeat h = up_at_t0();
  EXPECT_EQ(h.on_deadline(t0 + 10s + 899s), heartbeat::action::send_ping);
  EXPECT_EQ(h.deadline(), t0 + 10s + 899s + 2s);
  auto patient = quick;
  patient.pong_timeout = 10s;
  heartbeat late = behind_at_t0(patient);
  EXPECT_EQ(late.on_deadline(t0 + 10s + 15min), heartbeat::action::send_ping);
  EXPECT_EQ(late.deadline(), t0 + 10s + 15min + 5s);
  EXPECT_EQ(late.pong_timeout(), 5s);
  EXPECT_EQ(late.on_deadline(late.deadline()), heartbeat::action::give_up);
}

TEST(Heartbeat, WhatIsLearnedWhileTheMachineDozesIsKeptApart) {
  const stn::activity use = inactive();
  heartbeat h = behind_at_t0(quick, &use);
  late_beat(h, 30s);
  EXPECT_FALSE(h.dozes()) << "once is no habit";
  late_beat(h, 30s);
  EXPECT_TRUE(h.dozes());
  const auto awake = h.learned(false);
  EXPECT_EQ(h.interval(), 10s) << "of a dozing machine nothing is known yet";
  late_beat(h, 30s), late_beat(h, 30s);
  EXPECT_EQ(h.learned(true).interval, 30s) << "a pong after 40 s proves the longest at once";
  EXPECT_EQ(h.learned(false), awake);
  (void)h.on_foreground(true);
  EXPECT_FALSE(h.dozes());
}

TEST(Heartbeat, WhoIsUsedDoesNotDozeHoweverLateItsTimersAre) {
  heartbeat h = up_at_t0();
  for (int i = 0; i < 10; ++i) late_beat(h, 60s);
  EXPECT_FALSE(h.dozes());
}

TEST(Heartbeat, TimelyTimersEndTheDoze) {
  const stn::activity use = inactive();
  heartbeat h = behind_at_t0(quick, &use);
  for (int i = 0; i < 3; ++i) late_beat(h, 30s);
  EXPECT_TRUE(h.dozes());
  late_beat(h, 0s);
  EXPECT_FALSE(h.dozes()) << "2 late, 1 in time";
}

TEST(Heartbeat, InCompanyAPingComesUpToHalfOfItsIntervalEarlyIfItTeachesNothing) {
  auto s = quick;
  heartbeat h = behind_at_t0(s);
  EXPECT_FALSE(h.on_company(t0 + 9s)) << "it is looking for the interval";
  h.resume({20s, true, 0}, {});
  h.on_up(t0);
  EXPECT_FALSE(h.on_company(t0 + 9s));
  EXPECT_TRUE(h.on_company(t0 + 10s));
  EXPECT_FALSE(h.on_company(t0 + 10s)) << "it is out";
  h.on_pong(t0 + 11s);
  EXPECT_EQ(h.learned().interval, 20s);
  EXPECT_EQ(h.deadline(), t0 + 31s);
  (void)h.on_foreground(true);
  EXPECT_FALSE(h.on_company(t0 + 30s)) << "somebody looks: the radio is awake";
  s.early = 0;
  heartbeat alone = behind_at_t0(s);
  alone.resume({20s, true, 0}, {});
  alone.on_up(t0);
  EXPECT_FALSE(alone.on_company(t0 + 19s));
}

// Links of any intervals and phases, in the background: none is silent for longer than its interval, and the radio wakes
// no more often than the link with the shortest one needs, once they have met.
TEST(Heartbeat, OverSeedsLinksWakeTheRadioTogether) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const size_t count = 2 + random() % 4;
    std::vector<heartbeat> all;
    duration shortest = 1h;
    for (size_t i = 0; i < count; ++i) {
      auto s = quick;
      s.interval_max = 600s;
      heartbeat h(s);
      const duration interval = std::chrono::seconds(120 + random() % 480);
      shortest = std::min(shortest, interval);
      h.resume({interval, true, 0}, {});
      (void)h.on_foreground(false);
      h.on_up(t0 + std::chrono::seconds(random() % 600));
      all.push_back(h);
    }
    const instant end = t0 + 24h;
    int wakes = 0;
    for (;;) {
      const instant now = std::min_element(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.deadline() < b.deadline(); })->deadline();
      if (now >= end) break;
      ++wakes;
      for (heartbeat& h : all)
        if (h.on_deadline(now) == heartbeat::action::send_ping || h.on_company(now)) h.on_pong(now);
      for (const heartbeat& h : all) EXPECT_GT(h.deadline(), now);
    }
    EXPECT_LE(wakes, 24h / shortest + 10);
  }
}
