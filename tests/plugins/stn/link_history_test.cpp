#include "plugins/stn/core/link_history.h"

#include <gtest/gtest.h>

#include "plugins/stn/core/network_status.h"
#include "plugins/stn/core/reason.h"

using namespace tharsis;

TEST(StnReasons, EveryCodeHasANameOfItsOwn) {
  for (uint32_t a = 0; a < THARSIS_STN_WHY_COUNT; ++a)
    for (uint32_t b = 0; b < a; ++b) EXPECT_NE(stn::reason_name(a), stn::reason_name(b));
  EXPECT_EQ(stn::reason_name(THARSIS_STN_WHY_START), "start");
  EXPECT_EQ(stn::reason_name(THARSIS_STN_WHY_RECONNECT), "reconnect") << "the last stands in its place";
  EXPECT_EQ(stn::reason_name(THARSIS_STN_WHY_COUNT), "unknown");
}

TEST(StnReasons, MapToMarsDisconnectReasonsAndErrorTypes) {
  const auto mars = [](uint32_t why) { return stn::reasons[why].mars_reason; };
  EXPECT_EQ(mars(THARSIS_STN_WHY_RECONNECT), 10000);
  EXPECT_EQ(mars(THARSIS_STN_WHY_REMOTE_CLOSED), 10001);
  EXPECT_EQ(mars(THARSIS_STN_WHY_PONG_MISSED), 10003);
  EXPECT_EQ(mars(THARSIS_STN_WHY_DECODE), 10004);
  EXPECT_EQ(mars(THARSIS_STN_WHY_NETWORK_CHANGED), 10009);
  EXPECT_EQ(mars(THARSIS_STN_WHY_NETWORK_LOST), 10011);
  for (const stn::reason& r : stn::reasons) {
    EXPECT_TRUE(r.mars_reason == 0 || (r.mars_reason >= 10000 && r.mars_reason <= 10021)) << r.name;
    EXPECT_TRUE(r.mars_type >= 0 && r.mars_type <= 10) << r.name;
  }
}

TEST(StnReasons, WhatStoppedAnAttemptIsToldByHowFarItHadCome) {
  EXPECT_EQ(stn::why_not_reached(stn::phase::resolve, THARSIS_E_NOT_FOUND), uint32_t{THARSIS_STN_WHY_RESOLVE});
  EXPECT_EQ(stn::why_not_reached(stn::phase::resolve, THARSIS_E_DENIED), uint32_t{THARSIS_STN_WHY_DENIED});
  EXPECT_EQ(stn::why_not_reached(stn::phase::connect, THARSIS_E_REFUSED), uint32_t{THARSIS_STN_WHY_REFUSED});
  EXPECT_EQ(stn::why_not_reached(stn::phase::connect, THARSIS_E_TIMEOUT), uint32_t{THARSIS_STN_WHY_CONNECT_TIMEOUT});
  EXPECT_EQ(stn::why_not_reached(stn::phase::tls, THARSIS_E_UNTRUSTED), uint32_t{THARSIS_STN_WHY_TLS_CERTIFICATE});
  EXPECT_EQ(stn::why_not_reached(stn::phase::tls, THARSIS_E_PROTOCOL), uint32_t{THARSIS_STN_WHY_TLS});
}

TEST(StnCauses, TheSameCauseInARowIsOne) {
  stn::cause_chain chain;
  chain.note(1, THARSIS_STN_WHY_NETWORK_CHANGED, "it changed");
  chain.note(2, THARSIS_STN_WHY_NETWORK_CHANGED, "it changed back");
  chain.note(3, THARSIS_STN_WHY_DOUBT, "a ping was sent");
  EXPECT_EQ(stn::chain_text(chain.all()), "it changed back (2 times); a ping was sent");
}

TEST(StnCauses, OfALongChainTheBeginningAndTheEndStay) {
  stn::cause_chain chain;
  for (uint32_t i = 0; i < 100; ++i) chain.note(i, 1 + i % 2, std::to_string(i));
  ASSERT_EQ(chain.all().size(), stn::cause_chain::most);
  EXPECT_EQ(chain.all().front().text, "0");
  EXPECT_EQ(chain.all().back().text, "99");
}

TEST(StnHistory, IsBoundedAndRepeatedFailuresAreOne) {
  stn::link_history history;
  history.add({1, THARSIS_STN_WHY_SILENCE, "nothing came back", "tcp://a:1", "", 10s, 1, {}});
  for (int i = 2; i <= 1000; ++i) history.add({i, THARSIS_STN_WHY_REFUSED, "refused", "tcp://a:1", "", {}, 1, {}});
  ASSERT_EQ(history.all().size(), 2u) << "an hour of refusals leaves what it began with";
  EXPECT_EQ(history.all().back().times, 999u);
  EXPECT_EQ(history.all().back().wall, 1000);
  for (int i = 0; i < 100; ++i) history.add({i, THARSIS_STN_WHY_RESET, "cut", "tcp://a:1", "", 1s, 1, {}});
  EXPECT_EQ(history.all().size(), stn::link_history::most);
}

TEST(StnNetworkStatus, TheBestLinkDecides) {
  stn::network_status s;
  s.add(THARSIS_STN_DOWN, THARSIS_STN_WHY_REFUSED, 5);
  EXPECT_EQ(s.value(true), uint32_t{THARSIS_STN_NETWORK_SERVER_DOWN});
  s.add(THARSIS_STN_CONNECTING, THARSIS_STN_WHY_START, 0);
  EXPECT_EQ(s.value(true), uint32_t{THARSIS_STN_NETWORK_CONNECTING});
  EXPECT_EQ(s.value(false), uint32_t{THARSIS_STN_NETWORK_UNAVAILABLE});
  s.add(THARSIS_STN_UP, THARSIS_STN_WHY_NONE, 0);
  EXPECT_EQ(s.value(false), uint32_t{THARSIS_STN_NETWORK_CONNECTED}) << "a link that is up knows better";
}

TEST(StnNetworkStatus, TheThirdFailureInARowIsTheServers) {
  for (uint32_t failures = 0; failures < 5; ++failures) {
    stn::network_status s;
    s.add(THARSIS_STN_DOWN, THARSIS_STN_WHY_CONNECT_TIMEOUT, failures);
    EXPECT_EQ(s.value(true), failures < 3 ? uint32_t{THARSIS_STN_NETWORK_CONNECTING} : uint32_t{THARSIS_STN_NETWORK_SERVER_FAILED});
  }
}
