// Goal: the simulated fleet loses nobody, does the same for the same seed, does what can be worked out by hand, and
// shows that the settings that ship are kind to servers where others are not.
#include "plugins/stn/core/fleet_report.h"

#include <gtest/gtest.h>

#include "plugins/stn/core/fleet_plot.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using namespace tharsis::stn;

namespace {

// `servers` of one group, of which the first one does `deed` after ten seconds.
fleet_scenario small(int64_t clients, int64_t servers, fleet_deed deed) {
  fleet_scenario s;
  s.clients = clients;
  s.length = 180s;
  s.groups = {{"all", servers, 20'000, 65'536, 5ms}};
  s.events = {{10s, 0, 1, deed}};
  return s;
}

// A client whose every step can be worked out: 100 ms round trip, no tasks, addresses as they stand.
fleet_scenario lonely(fleet_deed deed) {
  fleet_scenario s = small(1, 2, deed);
  s.groups[0].rate = 1000;
  s.round_trip_min = s.round_trip_max = 100ms;
  s.tasks_foreground = s.tasks_background = s.tasks_idle = 24h * 365;
  s.order = fleet_order::fixed;
  s.length = 20min;
  return s;
}
fleet_policy at_once() {
  link_settings link;
  link.dial.ties = dial_settings::order::given;
  link.reconnect.spread = link.reconnect.spread_foreground = duration::zero();
  return our_policy(link);
}

fleet_figures only_incident(const fleet_scenario& s, const fleet_policy& p, uint64_t seed = 1) {
  fleet_run run(s, p, seed);
  run.advance(s.length);
  const fleet_result r = fleet_result_of(p.name, run);
  EXPECT_EQ(r.incidents.size(), 1u);
  return r.incidents.at(0);
}

// Anything may happen, to servers that may be much too slow.
fleet_scenario drawn(uint64_t seed) {
  dice chance(seed);
  fleet_scenario s;
  s.clients = 300;
  s.length = 20min;
  for (size_t i = 0; i < 1 + chance.below(3); ++i)
    s.groups.push_back({"g" + std::to_string(i), static_cast<int64_t>(1 + chance.below(3)), static_cast<int64_t>(1 + chance.below(50)),
                        static_cast<int64_t>(1 + chance.below(20)), chance.up_to(3s)});
  duration at{};
  for (size_t i = 0; i < chance.below(9); ++i) {
    at += chance.up_to(2min);
    s.events.push_back({at, chance.below(s.groups.size()), static_cast<int64_t>(chance.below(2)), static_cast<fleet_deed>(chance.below(6)),
                        static_cast<int64_t>(1 + chance.below(20)), 1s + chance.up_to(2min)});
  }
  s.order = static_cast<fleet_order>(chance.below(3));
  return s;
}
const fleet_policy& policy_of(uint64_t seed) {
  static const fleet_policy all[] = {our_policy({}), naive_policy(), mars_policy()};
  return all[seed % 3];
}

}  // namespace

TEST(FleetServer, TakesOnConnectionsOneAfterTheOtherAndHasAQueue) {
  fleet_server s({"one", 1, 10, 2, 5ms});
  const instant t0(1h);
  EXPECT_EQ(s.take(t0), t0 + 100ms);
  EXPECT_EQ(s.take(t0), t0 + 200ms);
  EXPECT_EQ(s.take(t0), std::nullopt);
  EXPECT_EQ(s.take(t0 + 100ms), t0 + 300ms);
  s.on_deed({0s, 0, 0, fleet_deed::slow, 5}, t0 + 1s);
  EXPECT_EQ(s.take(t0 + 1s), t0 + 1500ms);
  EXPECT_EQ(s.answer(), 25ms);
  s.on_deed({0s, 0, 0, fleet_deed::recover}, t0 + 1s);
  EXPECT_EQ(s.take(t0 + 1s), t0 + 1100ms);
}

TEST(FleetServer, WhoComesBackKnowsNothingOfItsLifeBefore) {
  fleet_server s({"one", 1, 10, 2, 5ms});
  const uint32_t before = s.life();
  s.on_deed({0s, 0, 0, fleet_deed::vanish}, instant(1h));
  EXPECT_TRUE(s.silent());
  s.on_deed({0s, 0, 0, fleet_deed::recover}, instant(2h));
  EXPECT_TRUE(s.open());
  EXPECT_FALSE(s.silent());
  EXPECT_NE(s.life(), before);
}

// Refused by the dead one (100 ms), TCP and TLS (200), hello and its answer (100 + 5); told half a round trip later.
TEST(Fleet, OneClientWhoseServerFailsIsBackInFourRoundTrips) {
  const fleet_figures f = only_incident(lonely(fleet_deed::fail), at_once());
  EXPECT_EQ(f.affected, 1);
  EXPECT_EQ(f.noticed_p50, 50ms);
  EXPECT_EQ(f.back_p50, 405ms);
  EXPECT_EQ(f.peak, 1);
}

TEST(Fleet, ANaiveOneWaitsItsSecondFirst) { EXPECT_EQ(only_incident(lonely(fleet_deed::fail), naive_policy()).back_p50, 1405ms); }

// The vanished one is silent for a quarter more than connecting takes; then as above, without a refusal.
TEST(Fleet, OneWhoseServerVanishesNoticesByAPingAndGoesOn) {
  fleet_policy p = at_once();
  const fleet_figures f = only_incident(lonely(fleet_deed::vanish), p);
  ASSERT_EQ(f.noticed, 1);
  EXPECT_GT(*f.noticed_p50, p.link.heartbeat.pong_timeout - 1s);
  EXPECT_LE(*f.noticed_p50, p.link.heartbeat.interval_max + p.link.heartbeat.pong_timeout);
  EXPECT_EQ(f.back_p50, 125ms + 305ms);
}

TEST(Fleet, ATaskNoticesASilentDeathWithinTheAnswerTimeout) {
  fleet_scenario s = lonely(fleet_deed::vanish);
  s.tasks_foreground = s.tasks_background = s.tasks_idle = 1s;
  const fleet_figures f = only_incident(s, at_once());
  ASSERT_EQ(f.noticed, 1);
  EXPECT_LT(*f.noticed_p50, 12s);
}

TEST(Fleet, TheSameSeedIsTheSameFleet) {
  const fleet_scenario s = drawn(7);
  const fleet_policy ours = our_policy({});
  const auto told = [&](uint64_t seed) {
    fleet_run run(s, ours, seed);
    run.advance(s.length);
    const fleet_result r = fleet_result_of("ours", run);
    return fleet_json(s, 0, {r}) + fleet_svg(s, {r});
  };
  EXPECT_EQ(told(3), told(3));
  EXPECT_NE(told(3), told(4));
}

TEST(Fleet, NobodyIsForgottenWhateverHappens) {
  test::for_each_seed(test::seeds(60), [](uint64_t seed) {
    const fleet_scenario s = drawn(seed);
    fleet_run run(s, policy_of(seed), seed);
    for (duration at{}; at < s.length; at += 7s) {
      run.advance(at);
      uint32_t connected = 0;
      for (const fleet_client& c : run.clients()) {
        connected += c.connected(run.world()) ? 1 : 0;
        // The longest anybody waits: ten minutes' heartbeat, or Mars' longest pause.
        const instant wake = c.wake(instant(24h) + at);
        ASSERT_NE(wake, never);
        ASSERT_LT(wake, instant(24h) + at + 20min);
      }
      int64_t counted = 0;
      for (uint16_t i = 0; i < run.world().servers.size(); ++i) counted += run.tally().on(i);
      ASSERT_EQ(counted, connected) << "at " << at / 1s << " s";
    }
    for (const fleet_incident& i : run.tally().incidents()) EXPECT_GE(i.noticed_ms.size(), i.recovered_ms.size());
  });
}

TEST(Fleet, NoServerTakesOnMoreThanItCan) {
  test::for_each_seed(test::seeds(30), [](uint64_t seed) {
    fleet_scenario s = small(2000, 4, fleet_deed::fail);
    s.groups[0].rate = 20;
    s.groups[0].queue = 100;
    s.events[0].servers = 2;
    fleet_run run(s, policy_of(seed), seed);
    run.advance(s.length);
    const auto& connected = run.tally().connected();
    for (size_t second = 11; second < connected.size(); ++second)
      ASSERT_LE(connected[second], connected[11] + 2 * 20 * (second - 9)) << second;
  });
}

TEST(Fleet, WhatShipsIsBackInAMinuteAndSpreads) {
  test::for_each_seed(test::seeds(3), [](uint64_t seed) {
    const fleet_figures f = only_incident(small(100'000, 2, fleet_deed::fail), our_policy({}), seed);
    EXPECT_EQ(f.noticed, 50'000);
    EXPECT_EQ(f.back, f.noticed);
    EXPECT_LE(*f.back_p95, 60s);
    EXPECT_LE(f.peak_ratio(), 1.5);
    EXPECT_TRUE(f.met());
  });
}

TEST(Fleet, OthersComeAllAtOnce) {
  EXPECT_GT(only_incident(small(20'000, 2, fleet_deed::fail), naive_policy()).peak_ratio(), 30);
  EXPECT_GT(only_incident(small(20'000, 2, fleet_deed::fail), mars_policy()).peak_ratio(), 30);
}

// In a ring of addresses the clients of a server all know the same one behind it.
TEST(Fleet, TheClientsOfOneServerSpreadOverAllOthers) {
  fleet_scenario s = small(20'000, 11, fleet_deed::fail);
  fleet_policy ring = our_policy({});
  ring.link.dial.ties = dial_settings::order::given;
  const double spread = only_incident(s, our_policy({})).peak_ratio();
  EXPECT_GT(only_incident(s, ring).peak_ratio(), 4 * spread);
}

TEST(FleetScenario, EachMistakeIsToldWithItsPlace) {
  const auto mistake = [](auto change) {
    fleet_scenario s = default_fleet_scenario();
    change(s);
    const scenario_mistake m = mistake_in(s);
    return m.text.empty() ? std::string() : m.place + ": " + m.text;
  };
  EXPECT_EQ(mistake([](fleet_scenario&) {}), "");
  EXPECT_EQ(mistake([](fleet_scenario& s) { s.groups.clear(); }), "groups: there are no servers; write at least one group");
  EXPECT_EQ(mistake([](fleet_scenario& s) { s.groups[0].servers = 60; }), "groups: there are 68 servers, at most 64 are known to a client");
  EXPECT_EQ(mistake([](fleet_scenario& s) { s.events[1].servers = 5; }), "events.1.servers: group 'north' has 4 servers, not 5");
  EXPECT_EQ(mistake([](fleet_scenario& s) { s.events[4].at = 45min; }), "events.4.at: the scenario is over after 45m; make it longer, or this sooner");
  EXPECT_EQ(mistake([](fleet_scenario& s) { s.events[2].at = 10s; }),
            "events.2.at: it comes before the event above it; write events in the order of their times");
  EXPECT_EQ(mistake([](fleet_scenario& s) { s.background = 90; }), "use.background: with the 15 % in the foreground this is more than 100 %");
  EXPECT_EQ(mistake([](fleet_scenario& s) { s.round_trip_max = 1ms; }), "round_trip.max: it is less than round_trip.min");
}

TEST(FleetReport, ATableAndJsonOfWhatWasMet) {
  const fleet_scenario s = small(1000, 2, fleet_deed::fail);
  const fleet_policy naive = naive_policy();
  fleet_run run(s, naive, 1);
  run.advance(s.length);
  const std::vector<fleet_result> all = {fleet_result_of("naive back-off", run)};
  const std::string table = fleet_table(s, all, false);
  EXPECT_NE(table.find("10 s: all fails (1 server), 500 clients"), std::string::npos) << table;
  EXPECT_NE(table.find("missed"), std::string::npos) << table;
  EXPECT_EQ(table.find('\x1b'), std::string::npos);
  EXPECT_NE(fleet_table(s, all, true).find("\x1b[31mmissed"), std::string::npos);
  EXPECT_NE(fleet_json(s, 1, all).find("\"noticed\":500,\"back\":500"), std::string::npos) << fleet_json(s, 1, all);
}

TEST(FleetPlot, HoldsALineForEachPolicyAndNothingFromElsewhere) {
  const fleet_scenario s = small(1000, 2, fleet_deed::fail);
  std::vector<fleet_result> all;
  for (const fleet_policy& p : {our_policy({}), naive_policy(), mars_policy()}) {
    fleet_run run(s, p, 1);
    run.advance(s.length);
    all.push_back(fleet_result_of(p.name, run));
  }
  const std::string svg = fleet_svg(s, all);
  for (const char* const look : {"line p0", "line p1", "line p2"}) {
    size_t lines = 0;
    for (size_t at = svg.find(look); at != std::string::npos; at = svg.find(look, at + 1)) ++lines;
    EXPECT_EQ(lines, 3u) << look;  // Two panels, and what the colours mean.
  }
  EXPECT_EQ(svg.find("http", svg.find("http") + 1), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
  EXPECT_NE(svg.find("prefers-color-scheme: dark"), std::string::npos);
}
