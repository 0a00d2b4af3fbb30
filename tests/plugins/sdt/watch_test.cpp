#include "plugins/sdt/core/watch.h"

#include <gtest/gtest.h>

#include <random>

#include "sdk/pure/error.h"

using namespace tharsis;
using namespace tharsis::sdt;

namespace {

constexpr instant t0 = instant{} + 1h;

settings quick() {
  settings s;
  s.connecting_max = 3s;
  s.rate = {3, 10s};
  return s;
}
link_state state(uint32_t what, tharsis_status status = THARSIS_OK, const std::string& endpoint = "tcps://im.test:443") {
  return {what, status, endpoint, "192.0.2.1:443", status == THARSIS_OK ? "" : "because", {}};
}
const link_state up = state(THARSIS_STN_UP);
const link_state connecting = state(THARSIS_STN_CONNECTING);
link_state down(tharsis_status status, const std::string& endpoint = "tcps://im.test:443") {
  return state(THARSIS_STN_DOWN, status, endpoint);
}
findings dialled(tharsis_status status) {
  auto to = *parse_ip("192.0.2.1");
  to.port = 443;
  return {{true, THARSIS_OK, {to}, 1ms}, {{to, status, 2ms}}, 3ms};
}
uint32_t code(watch& w) {
  const auto all = w.take_verdicts();
  EXPECT_EQ(all.size(), 1u);
  return all.empty() ? 99 : all[0].code;
}

}  // namespace

TEST(Watch, AFailureAsksForARoundWithTheAddressThatStnUsed) {
  watch w(quick());
  w.on_link(up, t0);
  w.on_link(down(THARSIS_E_RESET), t0);
  const auto t = w.take_round();
  ASSERT_TRUE(t);
  EXPECT_EQ(t->server.host, "im.test");
  ASSERT_TRUE(t->last);
  EXPECT_EQ(to_text(*t->last), "192.0.2.1:443");
  w.on_findings(dialled(THARSIS_E_REFUSED), t0 + 5ms);
  EXPECT_EQ(code(w), uint32_t{THARSIS_SDT_REFUSED});
}

TEST(Watch, AStateThatIsToldAgainIsNoNewFailure) {
  watch w(quick());
  for (int i = 0; i < 5; ++i) w.on_link(down(THARSIS_E_RESET), t0);
  EXPECT_TRUE(w.take_round());
  w.on_findings(dialled(THARSIS_E_REFUSED), t0);
  for (int i = 0; i < 5; ++i) w.on_link(down(THARSIS_E_RESET), t0 + 1s);
  EXPECT_FALSE(w.take_round());
}

TEST(Watch, ALinkThatIsMeantToBeDownIsNoFailure) {
  for (const tharsis_status s : {THARSIS_OK, THARSIS_E_CANCELLED, THARSIS_E_GONE}) {
    watch w(quick());
    w.on_link(down(s), t0);
    EXPECT_FALSE(w.take_round());
    EXPECT_EQ(w.deadline(t0), never);
  }
}

TEST(Watch, ConnectingForTooLongIsAFailureOncePerAttempt) {
  watch w(quick());
  w.on_link(connecting, t0);
  w.on_link(connecting, t0 + 1s);
  EXPECT_EQ(w.deadline(t0), t0 + 3s);
  w.on_deadline(t0 + 3s);
  EXPECT_TRUE(w.take_round());
  EXPECT_EQ(w.deadline(t0 + 3s), never);
  w.on_findings(dialled(THARSIS_OK), t0 + 3s);
  const auto told = w.take_verdicts();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].code, uint32_t{THARSIS_SDT_SILENT});
  EXPECT_TRUE(told[0].headline.ends_with("(for 3.0 s)")) << told[0].headline;
}

TEST(Watch, AnOutageTellsEachOfItsFacesOnceAndItsEndOnce) {
  watch w(quick());
  w.on_link(down(THARSIS_E_RESET), t0);
  (void)w.take_round();
  w.on_findings(dialled(THARSIS_OK), t0);
  EXPECT_EQ(code(w), uint32_t{THARSIS_SDT_CUT});
  for (int i = 0; i < 2; ++i) {
    w.on_link(connecting, t0 + 1s);
    w.on_link(down(THARSIS_E_REFUSED), t0 + 1s);
    EXPECT_TRUE(w.take_round());
    w.on_findings(dialled(THARSIS_E_REFUSED), t0 + 1s);
    EXPECT_EQ(w.take_verdicts().size(), i == 0 ? 1u : 0u);
  }
  w.on_link(connecting, t0 + 2s);
  w.on_link(up, t0 + 2s);
  const auto told = w.take_verdicts();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].headline, "im.test:443 answers again after 2.0 s");
  w.on_link(down(THARSIS_OK), t0 + 3s);
  w.on_link(up, t0 + 3s);
  EXPECT_TRUE(w.take_verdicts().empty());
}

TEST(Watch, WithoutABadVerdictThereIsNoFineOne) {
  watch w(quick());
  w.on_link(down(THARSIS_E_RESET), t0);
  EXPECT_TRUE(w.take_round());
  w.on_link(up, t0 + 1ms);
  EXPECT_TRUE(w.take_end()) << "the round is for nothing";
  w.on_findings(dialled(THARSIS_OK), t0 + 1ms);
  EXPECT_TRUE(w.take_verdicts().empty());
}

TEST(Watch, ANewFailureGoesIntoTheRoundThatRuns) {
  watch w(quick());
  w.on_link(down(THARSIS_E_RESET), t0);
  EXPECT_TRUE(w.take_round());
  w.on_link(connecting, t0 + 1ms);
  w.on_link(down(THARSIS_E_UNTRUSTED), t0 + 2ms);
  EXPECT_FALSE(w.take_round());
  w.on_findings(dialled(THARSIS_OK), t0 + 3ms);
  EXPECT_EQ(code(w), uint32_t{THARSIS_SDT_UNTRUSTED});
}

TEST(Watch, AFailureOfAnotherServerSupersedesTheRound) {
  watch w(quick());
  w.on_link(down(THARSIS_E_RESET), t0);
  EXPECT_TRUE(w.take_round());
  w.on_link(down(THARSIS_E_RESET, "tcps://other.test:443"), t0 + 1ms);
  const auto t = w.take_round();
  ASSERT_TRUE(t);
  EXPECT_EQ(t->server.host, "other.test");
}

TEST(Watch, AnEndpointThatCannotBeReadAsksForNothing) {
  watch w(quick());
  w.on_link(down(THARSIS_E_RESET, "???"), t0);
  EXPECT_FALSE(w.take_round());
  EXPECT_EQ(w.deadline(t0), never);
}

TEST(Watch, WhatTheRateForbidsIsDoneLaterIfTheLinkStillFails) {
  watch w(quick());
  for (int i = 0; i < 3; ++i) {
    w.on_link(connecting, t0);
    w.on_link(down(THARSIS_E_REFUSED), t0);
    EXPECT_TRUE(w.take_round());
    w.on_findings(dialled(THARSIS_E_REFUSED), t0);
  }
  w.on_link(connecting, t0 + 1s);
  w.on_link(down(THARSIS_E_TIMEOUT), t0 + 1s);
  EXPECT_FALSE(w.take_round());
  EXPECT_EQ(w.deadline(t0 + 1s), t0 + 10s);
  w.on_deadline(t0 + 10s);
  EXPECT_TRUE(w.take_round());
}

// Goal: whatever the link does, rounds stay within the rate, bad verdicts come only while the link is
// not up, and each bad time that was told gets its end told. Method: random states, times, findings.
TEST(Watch, AFlappingLinkCostsNoMoreThanTheRateAllows) {
  constexpr tharsis_status why[] = {THARSIS_E_RESET, THARSIS_E_TIMEOUT, THARSIS_E_UNTRUSTED, THARSIS_E_REFUSED, THARSIS_OK};
  uint64_t verdicts = 0;
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 draw(seed);
    const auto upto = [&](uint64_t n) { return draw() % n; };
    watch w(quick());
    instant now = t0;
    int64_t rounds = 0;
    bool running = false, bad = false, is_up = false;
    for (int step = 0; step < 400; ++step) {
      const uint64_t what = upto(6);
      if (what < 3) is_up = what == 0;
      if (what == 0) w.on_link(up, now);
      if (what == 1) w.on_link(connecting, now);
      if (what == 2) w.on_link(down(why[upto(5)], upto(4) == 0 ? "tcps://b.test:443" : "tcps://a.test:443"), now);
      if (what == 3 && std::exchange(running, false)) w.on_findings(dialled(why[upto(5)]), now);
      if (what > 3) {
        now = std::min(now + std::chrono::milliseconds(upto(2000)), std::max(now, w.deadline(now)));
        w.on_deadline(now);
      }
      if (w.take_end()) running = false;
      if (w.take_round()) {
        running = true;
        ++rounds;
        ASSERT_FALSE(is_up);
      }
      for (const link_verdict& v : w.take_verdicts()) {
        ++verdicts;
        ASSERT_EQ(v.code == THARSIS_SDT_FINE, is_up);
        ASSERT_TRUE(v.code != THARSIS_SDT_FINE || bad);
        bad = v.code != THARSIS_SDT_FINE;
      }
      ASSERT_FALSE(is_up && bad) << "the end of a bad time was not told";
      ASSERT_LE(rounds, 3 + (now - t0) / 10s);
    }
  }
  EXPECT_GT(verdicts, 1000u);
}
