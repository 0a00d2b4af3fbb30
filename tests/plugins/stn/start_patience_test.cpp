// Goal: a first connection is called late where one of its packets must have been lost, and never where the path is only long.
#include "plugins/stn/core/start_patience.h"

#include <gtest/gtest.h>

using namespace tharsis;

namespace {

using stn::phase;
using stn::start_patience;
using stn::start_sight;

constexpr instant begun(1h);

start_sight dialling(instant now, bool known = false, bool more = false) { return {phase::connect, begun, now - begun, known, more}; }

TEST(StartPatience, AFirstPacketWithoutAnAnswerIsLateBeforeTheSystemRepeatsIt) {
  start_patience p({}, begun);
  instant now = p.deadline();
  EXPECT_LT(now, begun + 1s);
  EXPECT_FALSE(p.on_look(dialling(now - 1ms), now - 1ms));
  EXPECT_TRUE(p.on_look(dialling(now), now));
  EXPECT_FALSE(p.on_look(dialling(now + 1ms), now + 1ms)) << "each time once";
  const instant again = p.deadline();
  EXPECT_GT(again, now + 100ms);
  EXPECT_TRUE(p.on_look(dialling(again), again));
}

TEST(StartPatience, WhereTheNetworkIsKnownOrOtherAddressesAreLeftTheDialRaceGoesOnByItself) {
  for (const bool known : {true, false}) {
    start_patience p({}, begun);
    for (int i = 0; i < 10; ++i) {
      const instant now = p.deadline();
      ASSERT_FALSE(p.on_look(dialling(now, known, !known), now));
    }
  }
}

TEST(StartPatience, ALongPathIsNotLate) {
  for (const duration round_trip : {1ms, 100ms, 300ms, 590ms}) {
    start_patience p({}, begun);
    const instant connected = begun + round_trip, up = connected + round_trip;
    for (instant now = p.deadline(); now < up; now = p.deadline()) {
      const start_sight seen = now < connected ? dialling(now) : start_sight{phase::tls, connected, round_trip, false, false};
      ASSERT_FALSE(p.on_look(seen, now)) << milliseconds(round_trip);
    }
  }
}

TEST(StartPatience, AHandshakeThatStandsStillIsLateBeforeTcpHasRepeatedIt) {
  for (const duration round_trip : {5ms, 100ms, 300ms}) {
    start_patience p({}, begun);
    const start_sight seen{phase::tls, begun + round_trip, round_trip, false, false};
    instant now = p.deadline();
    for (int looks = 0; !p.on_look(seen, now); ++looks, now = p.deadline()) ASSERT_LT(looks, 3);
    EXPECT_GE(now - seen.since, round_trip + 100ms) << "the server may have been busy";
    EXPECT_LE(now - seen.since, 3 * round_trip + 600ms);
  }
}

TEST(StartPatience, AServerMayThinkAboutAHelloAndHowLongAnApplicationProvesItselfNobodyKnows) {
  start_patience hello({}, begun), proof({}, begun);
  const auto late_in = [](start_patience& p, phase at) {
    start_sight seen{at, begun + 100ms, 100ms, false, false};
    for (int i = 0; i < 10; ++i)
      if (const instant now = p.deadline(); p.on_look(seen, now)) return now - seen.since;
    return duration(-1ms);
  };
  EXPECT_GE(late_in(hello, phase::prove), 100ms + 300ms);
  EXPECT_EQ(late_in(proof, phase::auth), duration(-1ms));
}

}  // namespace
