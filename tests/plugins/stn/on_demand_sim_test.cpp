// Goal: a link that is kept on demand is there for every task, costs nothing while nobody needs it, and says why it is
// not up; whatever comes at the moment of its closing is not lost.
#include "plugins/stn/core/on_demand.h"

#include "tests/plugins/stn/dial_world.h"

using namespace tharsis;
using test::dial_world;
using test::link_world;

namespace {

constexpr instant t0{};

stn::link_settings on_demand_settings(duration idle_after) {
  stn::link_settings s;
  s.on_demand = true;
  s.idle_after = idle_after;
  return s;
}

void keep_on_demand(link_world& w, duration idle_after) {
  w.link().on_demand = true;
  w.link().idle_after = idle_after;
}

bool is_idle(const link_world& w) {
  return !w.host.states.empty() && w.host.states.back().state == THARSIS_STN_DOWN && w.host.states.back().why == THARSIS_STN_WHY_IDLE;
}

}  // namespace

TEST(OnDemand, ALinkThatIsAlwaysKeptIsAlwaysNeeded) {
  stn::on_demand d{stn::link_settings()};
  EXPECT_TRUE(d.wants(false, t0));
  EXPECT_EQ(d.deadline(), never);
  EXPECT_FALSE(d.is_over(false, t0 + 24h));
}

TEST(OnDemand, ItIsWantedByTasksAndOverSoLongAfterTheLastUse) {
  stn::on_demand d{on_demand_settings(10s)};
  EXPECT_FALSE(d.wants(false, t0));
  EXPECT_TRUE(d.wants(true, t0));
  d.on_use(t0 + 5s);
  EXPECT_FALSE(d.is_over(false, t0 + 14s));
  EXPECT_EQ(d.deadline(), t0 + 15s);
  EXPECT_FALSE(d.is_over(true, t0 + 15s)) << "a task has no answer yet";
  EXPECT_EQ(d.deadline(), t0 + 25s) << "no busy loop until it has";
  EXPECT_TRUE(d.is_over(false, t0 + 25s));
}

TEST(OnDemand, AWishIsHeardForAsLongAsAConnectionWouldBeKept) {
  stn::on_demand d{on_demand_settings(10s)};
  d.on_wish(t0 + 1s);
  EXPECT_TRUE(d.wants(false, t0 + 10s));
  EXPECT_FALSE(d.wants(false, t0 + 11s)) << "nobody is there, and nobody asks any more";
  d.on_wish(t0 + 20s);
  d.on_up();
  EXPECT_FALSE(d.wants(false, t0 + 21s)) << "it was granted; when the connection is lost it is not made again";
}

TEST(OnDemandSim, ALinkConnectsWhenATaskWantsItAndRestsWhenNobodyNeedsIt) {
  link_world w(1);
  keep_on_demand(w, 5s);
  w.serve();
  w.start();
  w.world.run_for(10min);
  EXPECT_EQ(w.server.connections, 0);
  ASSERT_TRUE(is_idle(w));
  EXPECT_EQ(w.reason(), "no task wants it now; it connects when one does");
  for (int round = 1; round <= 3; ++round) {
    const std::string task = "task " + std::to_string(round);
    EXPECT_EQ(w.submit(task, ""), THARSIS_OK);
    ASSERT_TRUE(w.wait_answers(static_cast<size_t>(round), 1s)) << "the pause after a rest is none";
    EXPECT_EQ(w.outcomes[task].status, THARSIS_OK);
    EXPECT_EQ(w.host.connects.back().because, uint32_t{THARSIS_STN_WHY_WANTED});
    w.world.run_for(4900ms);
    EXPECT_TRUE(w.up());
    w.world.run_for(200ms);
    ASSERT_TRUE(is_idle(w));
    EXPECT_EQ(w.reason(), "nobody has needed it for 5000 ms; it connects when a task wants it");
    EXPECT_EQ(w.down().status, THARSIS_E_CANCELLED);
    w.world.run_for(1h);
    EXPECT_EQ(w.server.connections, round);
  }
  EXPECT_EQ(w.server.pings, 0) << "it was never idle for as long as a ping waits";
  EXPECT_EQ(w.host.metrics.counted("links_lost"), 0) << "what rests is not lost";
}

TEST(OnDemandSim, ATaskThatWaitsForItsAnswerKeepsIt) {
  link_world w(2);
  keep_on_demand(w, 1s);
  w.serve();
  w.start();
  w.server.unanswered = 1;
  EXPECT_EQ(w.submit("slow", "", 10'000), THARSIS_OK);
  w.world.run_for(9s);
  EXPECT_TRUE(w.up()) << w.reason();
  ASSERT_TRUE(w.wait_answers(1));
  w.world.run_for(1100ms);
  EXPECT_TRUE(is_idle(w));
}

// A parked task waits for something to show that another try makes sense: its link stays for it, and comes back.
TEST(OnDemandSim, AParkedTaskKeepsItAndBringsItBack) {
  link_world w(3);
  keep_on_demand(w, 2s);
  w.serve();
  w.start();
  w.server.unanswered = 1;
  tharsis_stn_task t{};
  const std::string key = "k";
  t.key = bytes_of(as_bytes(key));
  t.retries = -1;
  t.flags = THARSIS_STN_PARK;
  t.timeout_ms = 300'000;
  EXPECT_EQ(w.start_task("parked", t), THARSIS_OK);
  w.world.run_for(30s);
  EXPECT_EQ(w.answers, 0u);
  EXPECT_TRUE(w.up()) << w.reason();
  w.client.on_strand([&] { w.dispatcher->redo({}); });
  ASSERT_TRUE(w.wait_answers(1, 10s)) << "it waits for the next connection, which it wants";
  EXPECT_EQ(w.outcomes["parked"].status, THARSIS_OK) << w.outcomes["parked"].reason;
  w.world.run_for(2500ms);
  EXPECT_TRUE(is_idle(w));
}

// Each task comes within a few milliseconds of the closing, before, in and after the farewell.
TEST(OnDemandSim, OverSeedsTasksThatComeAtTheMomentOfClosingAreNotLost) {
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE(seed);
    link_world w(seed, seed % 3 == 0 ? "tcp" : "tcps");
    keep_on_demand(w, 1s);
    w.world.between(w.client_machine, w.server_machine).delay = std::chrono::milliseconds(w.world.random() % 30);
    w.serve();
    w.start();
    size_t count = 0;
    for (int i = 0; i < 6; ++i) {
      const bool keyed = w.world.random() % 2 == 0;
      const uint32_t flags = !keyed && w.world.random() % 3 == 0 ? uint32_t{THARSIS_STN_SEND_ONLY} : 0;
      const std::string title = "task " + std::to_string(i);
      EXPECT_EQ(w.submit(title, keyed ? title : "", 0, "", 0, flags), THARSIS_OK);
      ASSERT_TRUE(w.wait_answers(++count, 5s)) << w.reason();
      EXPECT_EQ(w.outcomes[title].answers, 1);
      EXPECT_EQ(w.outcomes[title].status, THARSIS_OK) << w.outcomes[title].reason;
      w.world.run_for(995ms + std::chrono::microseconds(w.world.random() % 10'000));
    }
    w.world.run_for(2s);
    EXPECT_TRUE(is_idle(w));
    for (const auto& [title, o] : w.outcomes) EXPECT_EQ(w.server.executions[title], 1) << title;
    EXPECT_EQ(w.server.requests.size(), count);
  }
}

TEST(OnDemandSim, AfterAFailureItRestsAsSoonAsNobodyWaits) {
  link_world w(4);
  keep_on_demand(w, 5s);
  w.start();  // Nobody listens.
  EXPECT_EQ(w.submit("task", "", 3000), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1));
  EXPECT_EQ(w.outcomes["task"].status, THARSIS_E_TIMEOUT);
  w.world.run_for(10s);
  const size_t attempts = w.host.connects.size();
  EXPECT_GE(attempts, 2u);
  w.world.run_for(1h);
  EXPECT_EQ(w.host.connects.size(), attempts);
  ASSERT_TRUE(is_idle(w));
  EXPECT_NE(w.reason().find("it connects when one does. Before that: "), std::string::npos) << w.reason();
}

// Mars: only links that are kept alive come back by themselves.
TEST(OnDemandSim, NeitherALossNorAnotherNetworkWakesIt) {
  link_world w(5);
  keep_on_demand(w, 1min);
  w.serve();
  w.start();
  EXPECT_EQ(w.submit("task", "k"), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1));
  w.client.on_strand([&] { w.host.network.move("sim1"); });
  w.world.run_for(10min);
  EXPECT_EQ(w.server.connections, 1);
  ASSERT_TRUE(is_idle(w));
  EXPECT_NE(w.reason().find("Before that: the network changed"), std::string::npos) << w.reason();
  w.client.on_strand([&] { w.host.network.move("sim2"); });
  w.client.on_strand([&] { w.dispatcher->touch({}); });
  w.world.run_for(10min);
  EXPECT_EQ(w.server.connections, 1);
  EXPECT_EQ(w.submit("next", "k2"), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(2));
  EXPECT_EQ(w.outcomes["next"].status, THARSIS_OK);
}

TEST(OnDemandSim, WhoWantsAnotherConnectionGetsOneForAWhile) {
  link_world w(6);
  keep_on_demand(w, 5s);
  w.serve();
  w.start();
  w.world.run_for(1min);
  w.client.on_strand([&] { w.dispatcher->redo(text_of("main")); });
  ASSERT_TRUE(w.wait_up(1s));
  w.world.run_for(6s);
  EXPECT_TRUE(is_idle(w));
  EXPECT_EQ(w.server.connections, 1);
}

TEST(OnDemandSim, OnABackupAddressItRestsAsAnywhereAndLeavesNothingBehind) {
  for (const duration idle_after : {duration(10s), duration(10min)}) {
    dial_world w(7);
    keep_on_demand(w, idle_after);
    w.link().backup.addresses = w.all({"10.0.0.5"});
    w.add_machine("10.0.0.3");
    auto& backup = w.add_server("10.0.0.5");
    w.world.add_name(w.name, {"10.0.0.3"});
    w.start();
    EXPECT_EQ(w.submit("task", "k"), THARSIS_OK);
    ASSERT_TRUE(w.wait_answers(1));
    EXPECT_EQ(w.where(), "10.0.0.5:443");
    auto& own = w.add_server("10.0.0.4");
    w.world.add_name(w.name, {"10.0.0.4"});
    w.world.run_for(5min);
    const bool rested = idle_after < 1min;
    EXPECT_EQ(own.connections, rested ? 0 : 1) << "who rests looks for no way home";
    if (!rested) {
      EXPECT_EQ(w.where(), "10.0.0.4:443");
    }
    w.world.run_for(8min);
    EXPECT_TRUE(is_idle(w)) << "the way home is no use; but the server's greeting there, a push, was one";
    w.world.run_for(1h);
    EXPECT_EQ(own.connections, rested ? 0 : 1);
    EXPECT_EQ(backup.connections, 1);
    EXPECT_EQ(w.submit("next", "k2"), THARSIS_OK);
    ASSERT_TRUE(w.wait_answers(2));
    EXPECT_EQ(w.where(), "10.0.0.4:443");
  }
}

TEST(OnDemandSim, TheReportShowsThatItRests) {
  link_world w(8);
  keep_on_demand(w, 5s);
  w.serve();
  w.start();
  EXPECT_EQ(w.submit("task", "k"), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1));
  w.world.run_for(6s);
  stn::links_report r;
  w.client.on_strand([&] { r = w.dispatcher->report(); });
  EXPECT_EQ(r.network, uint32_t{THARSIS_STN_NETWORK_UNKNOWN}) << "who tries nothing knows nothing";
  ASSERT_EQ(r.links.size(), 1u);
  EXPECT_EQ(r.links[0].why, uint32_t{THARSIS_STN_WHY_IDLE});
  const std::string told = stn::explain_text(r, "main", w.client.place->wall());
  EXPECT_NE(told.find(" was closed: nobody has needed it for 5000 ms"), std::string::npos) << told;
}
