// Goal: a connection that died in silence costs its next task two round trips (three with TLS), a live one costs a second
// connection now and then and nobody an answer, and no task without a key is ever sent twice.
#include "sdk/abi/stn_auth.h"
#include "tests/plugins/stn/link_world.h"

using namespace tharsis;
using manner = test::scripted_server::manner;
using test::link_world;

namespace {

constexpr duration nat_trip = 100ms;
// The name is asked for again, and strands take turns.
constexpr duration nat_slack = 10ms;

// A link over a path of 100 ms, and a NAT in it.
struct natted : link_world {
  explicit natted(uint64_t seed, std::string scheme = "tcp") : link_world(seed, std::move(scheme)) {
    world.between(client_machine, server_machine).delay = nat_trip / 2;
    link().heartbeat.interval_min = link().heartbeat.interval_max = 20min;  // Pings would keep it awake.
    link().heartbeat.step = 0s;
  }
  void begin() {
    serve();
    start();
    ASSERT_TRUE(wait_up()) << reason();
    time_of("first");
  }
  void forget() { world.forget_connections(client_machine, server_machine); }
  // How long a task takes that is started now.
  duration time_of(const std::string& body, bool keyed = true, tharsis_status status = THARSIS_OK) {
    const instant began = world.now();
    EXPECT_EQ(submit(body, keyed ? body : "", 60'000), THARSIS_OK);
    EXPECT_TRUE(world.run_until([&] { return outcomes[body].answers > 0; }, began + 61s));
    EXPECT_EQ(outcomes[body].status, status) << body << ": " << outcomes[body].reason;
    return world.now() - began;
  }
  stn::second_totals totals() {
    stn::second_totals t;
    client.on_strand([&] { t = dispatcher->report().links[0].second.totals; });
    return t;
  }
  uint64_t dials() { return totals().dialled; }
  void once(const std::string& body) { EXPECT_EQ(server.executions[body], 1) << body; }
  void tell(const std::string& interface) {
    client.on_strand([&] { host.network.move(interface); });
  }
};

}  // namespace

TEST(StnSecond, AfterANatHasForgottenTheFirstAnswerTakesTwoRoundTrips) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    natted w(seed);
    w.begin();
    for (int i = 0; i < 3; ++i) {
      w.world.run_for(65s);
      w.forget();
      EXPECT_LE(w.time_of("resume " + std::to_string(i)), 2 * nat_trip + nat_slack);
      w.once("resume " + std::to_string(i));
    }
    EXPECT_EQ(w.totals(), (stn::second_totals{3, 3, 0, 0}));
    EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_SECOND});
    EXPECT_NE(w.reason().find("a second connection has taken its place: it had been idle for 6"), std::string::npos) << w.reason();
    EXPECT_EQ(w.server.hellos, 4);
  }
}

TEST(StnSecond, AndThreeWithTls) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    natted w(seed, "tcps");
    w.begin();
    w.world.run_for(65s);
    w.forget();
    EXPECT_LE(w.time_of("resume"), 3 * nat_trip + nat_slack);
    w.once("resume");
  }
}

TEST(StnSecond, AndTwoWithoutAHello) {
  natted w(1);
  w.link().user.clear();
  w.begin();
  w.world.run_for(65s);
  w.forget();
  EXPECT_LE(w.time_of("resume"), 2 * nat_trip + nat_slack);
}

TEST(StnSecond, WhatIsSwitchedOffWaitsForSilence) {
  natted w(1);
  w.link().second_way.when = stn::second_way_settings::use::never;
  w.begin();
  w.world.run_for(65s);
  w.forget();
  EXPECT_GE(w.time_of("resume"), w.link().answer_timeout);
  EXPECT_EQ(w.dials(), 0u);
}

TEST(StnSecond, AfterAShortIdleTimeWhatIsNotConfirmedTells) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    natted w(seed);
    w.begin();
    w.world.run_for(10s);
    w.forget();
    EXPECT_LE(w.time_of("resume"), nat_trip + 60ms + 2 * nat_trip + nat_slack);
    w.once("resume");
    EXPECT_NE(w.reason().find("what was written on it was not confirmed"), std::string::npos) << w.reason();
  }
}

TEST(StnSecond, AHealthyLinkPaysForAFewInAnHourAndNobodyForAnAnswer) {
  natted w(1);
  w.begin();
  for (int i = 0; i < 90; ++i) {
    w.world.run_for(40s);
    EXPECT_LE(w.time_of("healthy " + std::to_string(i)), nat_trip + nat_slack);
    w.once("healthy " + std::to_string(i));
  }
  EXPECT_GE(w.dials(), 4u);
  EXPECT_LE(w.dials(), 8u);
  EXPECT_EQ(w.totals().needless, w.dials());
  EXPECT_EQ(w.dispatcher->totals().connects, 1u);
}

TEST(StnSecond, ASlowServerIsNotTakenForADeadOne) {
  natted w(1);
  w.server.thinks = 300ms;
  w.begin();
  for (int i = 0; i < 50; ++i) {
    w.world.run_for(3s);
    w.time_of("slow " + std::to_string(i));
  }
  EXPECT_EQ(w.dials(), 0u);
  w.world.run_for(40s);
  EXPECT_LE(w.time_of("after a rest"), nat_trip + 300ms + nat_slack);
  w.once("after a rest");
  EXPECT_EQ(w.totals(), (stn::second_totals{1, 0, 1, 0}));
  EXPECT_EQ(w.dispatcher->totals().connects, 1u);
}

TEST(StnSecond, PacketsThatAreLostCostFewSecondConnectionsAndNoTask) {
  uint64_t dials = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    natted w(seed);
    w.begin();
    w.world.between(w.client_machine, w.server_machine).loss = 0.05;
    for (int i = 0; i < 200; ++i) {
      w.world.run_for(200ms);
      const std::string body = std::to_string(i);
      w.submit(body, i % 3 == 0 ? "" : body, 15'000);
    }
    EXPECT_TRUE(w.wait_answers(201)) << w.answers;
    for (const auto& [body, o] : w.outcomes) {
      EXPECT_EQ(o.answers, 1) << body;
      EXPECT_EQ(o.status, THARSIS_OK) << body << ": " << o.reason;
      EXPECT_LE(w.server.executions[body], 1) << body;
    }
    dials += w.dials();
  }
  EXPECT_LE(dials, 20u * 4) << "in 40 s each";
}

// Its request may have arrived: it stays where it is, is answered there if the path comes back, and else fails as ever.
TEST(StnSecond, ATaskWithoutAKeyIsNeverSentTwice) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    natted w(seed);
    w.begin();
    w.world.run_for(65s);
    w.forget();
    w.submit("no key", "");
    EXPECT_LE(w.time_of("key"), 2 * nat_trip + nat_slack) << "is not held up by it";
    const instant asked = w.world.now();
    EXPECT_LE(w.time_of("later, no key", false), 2 * nat_trip + nat_slack);
    ASSERT_TRUE(w.world.run_until([&] { return w.outcomes["no key"].answers > 0; }, asked + 10s));
    EXPECT_EQ(w.outcomes["no key"].why, uint32_t{THARSIS_STN_LOST}) << w.outcomes["no key"].reason;
    EXPECT_EQ(w.server.executions["no key"], 0);
    w.once("key");
    w.once("later, no key");
    EXPECT_LE(w.time_of("and on"), nat_trip + nat_slack);
  }
}

// What is wanted for it stays held back otherwise, with nobody to carry it.
TEST(StnSecond, OneThatDiesWhileALaneIsThereLeavesTheLinkAtWork) {
  natted w(1);
  w.link().lanes.max = 1;
  w.begin();
  w.world.between(w.client_machine, w.server_machine).loss = 0.1;
  for (int i = 0; i < 100; ++i) {
    w.submit("before " + std::to_string(i), "before " + std::to_string(i), 60'000);
    w.world.run_for(200ms);
  }
  ASSERT_TRUE(w.wait_answers(101));
  w.world.between(w.client_machine, w.server_machine).loss = 0;
  w.world.run_for(65s);
  const uint64_t needed = w.totals().needed;
  w.forget();
  w.submit("no key", "", 60'000);  // The first connection is kept for its sake.
  w.world.run_for(2 * nat_trip + nat_slack);
  ASSERT_EQ(w.totals().needed, needed + 1);
  std::vector<stn::link_settings> more = w.settings.links;
  more[0].lanes.max = 2;
  w.client.on_strand([&] { w.dispatcher->change(w.settings.links, more); });
  const auto lanes = [&] {
    uint64_t count = 0;
    w.client.on_strand([&] { count = w.dispatcher->report().links[0].lanes.lanes; });
    return count;
  };
  for (int i = 0; i < 100 && lanes() < 2; ++i) w.world.run_for(10ms);
  ASSERT_EQ(lanes(), 2u);
  w.server.newest_only = true;  // That is the lane: the second connection ends with the next task.
  w.submit("key", "key", 60'000);
  w.world.run_for(nat_trip + nat_slack);
  w.server.newest_only = false;
  EXPECT_TRUE(w.world.run_until([&] { return w.outcomes["key"].answers > 0; }, w.world.now() + 1s)) << "what it alone had goes again";
  w.once("key");
  EXPECT_LE(w.time_of("and on"), 1s);
}

// What its caller makes for a connection is made anew for the next one.
TEST(StnSecond, ATaskThatItsCallerMakesMovesAndIsMadeAgain) {
  natted w(1);
  w.begin();
  w.world.run_for(65s);
  w.forget();
  tharsis_stn_task t{};
  t.key = bytes_of(as_bytes("made"));
  w.start_task("made", t, true);
  const instant asked = w.world.now();
  ASSERT_TRUE(w.wait_answers(2));
  EXPECT_LE(w.world.now() - asked, 3 * nat_trip + nat_slack);
  EXPECT_EQ(w.outcomes["made"].encodes, 2);
  EXPECT_EQ(w.outcomes["made"].status, THARSIS_OK);
  w.once("made");
}

TEST(StnSecond, AnAnswerThatComesOnTheOldConnectionIsStillTaken) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    natted w(seed);
    w.begin();
    w.world.run_for(65s);
    auto& path = w.world.between(w.client_machine, w.server_machine);
    path.black_hole = true;
    w.submit("no key", "");
    w.world.run_for(20ms);
    path.black_hole = false;  // The SYN of the second one came through, and TCP will send the request again.
    w.submit("key", "key");
    ASSERT_TRUE(w.world.run_until([&] { return w.answers >= 3; }, w.world.now() + 20s));
    for (const char* body : {"no key", "key"}) {
      EXPECT_EQ(w.outcomes[body].status, THARSIS_OK) << w.outcomes[body].reason;
      w.once(body);
    }
  }
}

TEST(StnSecond, WhereTheNetworkMayHaveChangedATaskDoesNotWaitForThePing) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    natted w(seed);
    w.begin();
    w.world.run_for(5s);
    w.forget();
    w.tell("sim0");
    EXPECT_LE(w.time_of("moved"), nat_trip + 60ms + 2 * nat_trip + nat_slack);
    natted busy(seed + 100);
    busy.begin();
    busy.world.run_for(5s);
    busy.forget();
    busy.submit("on its way", "on its way");
    busy.world.run_for(30ms);
    busy.tell("sim0");
    EXPECT_TRUE(busy.world.run_until([&] { return busy.answers == 2; }, busy.world.now() + 2 * nat_trip + nat_slack));
  }
}

// Nobody waits, so the ping alone tells; but not after the two seconds that it once took.
TEST(StnSecond, AfterAChangeOfTheNetworkTheLinkIsBackForPushesToo) {
  natted w(1);
  w.begin();
  w.forget();
  w.tell("sim0");
  w.world.run_for(nat_trip + 60ms + 2 * nat_trip + nat_slack);
  EXPECT_EQ(w.totals().needed, 1u);
  EXPECT_TRUE(w.up());
}

// As soon as its ping is late, and not when it has given up hope: pushes are back, and the interval is learned as ever.
TEST(StnSecond, AnIdleLinksPingTellsToo) {
  natted w(1);
  w.link().heartbeat.interval_min = 60s;
  w.begin();
  w.world.run_for(30s);
  w.forget();
  w.world.run_for(31s);
  EXPECT_EQ(w.totals(), (stn::second_totals{1, 1, 0, 0}));
  EXPECT_TRUE(w.up());
}

TEST(StnSecond, AMachineThatSleptIsBackInTwoRoundTripsOrAsOneThatDoubts) {
  natted w(1);
  w.begin();
  w.client_machine.sleep();
  w.world.run_for(1h);
  w.client_machine.wake();
  w.forget();
  w.tell("sim0");
  EXPECT_LE(w.time_of("awake"), nat_trip + 60ms + 2 * nat_trip + nat_slack);
}

TEST(StnSecond, AServerThatTakesNoSecondConnectionHasItsFirstOneKept) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    natted w(seed);
    w.begin();
    w.server.thinks = 500ms;
    w.world.between(w.client_machine, w.server_machine).refuse = true;
    w.world.run_for(65s);
    EXPECT_LE(w.time_of("asked"), nat_trip + 500ms + nat_slack);
    w.once("asked");
    EXPECT_EQ(w.totals(), (stn::second_totals{1, 0, 0, 1}));
    w.world.between(w.client_machine, w.server_machine).refuse = false;
    w.server.how = manner::refuse_hello;
    w.world.run_for(2h);
    EXPECT_LE(w.time_of("again"), nat_trip + 500ms + nat_slack);
    EXPECT_EQ(w.dispatcher->totals().connects, 1u);
    EXPECT_EQ(w.outcomes["again"].status, THARSIS_OK);
  }
}

TEST(StnSecond, ASecondOneThatDiesLeavesTheTasksToWhateverComes) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    natted w(seed);
    w.begin();
    w.world.run_for(65s);
    w.forget();
    w.submit("task", "task");
    w.world.run_for(120ms);  // It is connected,
    w.world.reset_connections(w.client_machine, w.server_machine);
    ASSERT_TRUE(w.wait_answers(2));
    EXPECT_EQ(w.outcomes["task"].status, THARSIS_OK) << w.outcomes["task"].reason;
    EXPECT_LE(w.server.executions["task"], 1);
    natted late(seed + 100);
    late.begin();
    late.world.run_for(65s);
    late.forget();
    late.submit("no key", "");
    late.submit("task", "task");
    late.world.run_for(230ms);  // or leads already.
    EXPECT_EQ(late.totals().needed, 1u);
    late.server.thinks = 200ms;
    late.submit("more", "more");
    late.world.run_for(60ms);
    late.forget();
    ASSERT_TRUE(late.wait_answers(4)) << late.answers;
    EXPECT_EQ(late.outcomes["more"].status, THARSIS_OK) << late.outcomes["more"].reason;
    for (const auto& [body, o] : late.outcomes) EXPECT_EQ(o.answers, 1) << body;
  }
}

TEST(StnSecond, WhereBothAreDeadTheLinkComesBackAsEver) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    natted w(seed);
    w.begin();
    w.world.run_for(65s);
    w.world.between(w.client_machine, w.server_machine).black_hole = true;
    w.submit("task", "task", 120'000);
    w.submit("no key", "", 120'000);
    w.world.run_for(30s);
    EXPECT_LE(w.dials(), 3u);
    w.world.between(w.client_machine, w.server_machine).black_hole = false;
    ASSERT_TRUE(w.wait_answers(3));
    EXPECT_EQ(w.outcomes["task"].status, THARSIS_OK) << w.outcomes["task"].reason;
    EXPECT_EQ(w.outcomes["no key"].why, uint32_t{THARSIS_STN_LOST});
    EXPECT_LE(w.time_of("and on"), nat_trip + nat_slack);
  }
}

TEST(StnSecond, AClockThatJumpsChangesNothing) {
  natted w(1);
  w.begin();
  w.world.run_for(5s);
  w.client_machine.set_clock_by(24h * 365);
  EXPECT_LE(w.time_of("forwards"), nat_trip + nat_slack);
  w.client_machine.set_clock_by(-24h * 700);
  EXPECT_LE(w.time_of("back"), nat_trip + nat_slack);
  EXPECT_EQ(w.dials(), 0u);
}

TEST(StnSecond, OnAMeteredNetworkSomethingMustHaveShownThatItIsNeeded) {
  natted w(1);
  w.begin();
  w.client.on_strand([&] {
    w.host.network.metered = 1;
    w.host.network.tell();
  });
  w.world.run_for(65s);
  EXPECT_LE(w.time_of("healthy"), nat_trip + nat_slack);
  EXPECT_EQ(w.dials(), 0u);
  w.world.run_for(65s);
  w.forget();
  EXPECT_LE(w.time_of("dead"), nat_trip + 60ms + 2 * nat_trip + nat_slack);
  EXPECT_EQ(w.totals().needed, 1u);
}

// A NAT forgets lanes with the link's own connection: they are no reason to wait for what comes by none of them.
TEST(StnSecond, WhereLanesAreAsDeadThereIsASecondConnectionToo) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    natted w(seed);
    w.link().second_way.idle_after = 5s;  // Before the lanes are closed.
    w.begin();
    auto& path = w.world.between(w.client_machine, w.server_machine);
    path.loss = 0.1;
    for (int i = 0; i < 60; ++i) {
      w.submit(std::to_string(i), std::to_string(i), 60'000);
      w.world.run_for(200ms);
    }
    ASSERT_TRUE(w.wait_answers(61));
    path.loss = 0;
    w.world.run_for(8s);
    stn::link_report r;
    w.client.on_strand([&] { r = w.dispatcher->report().links[0]; });
    EXPECT_GE(r.lanes.lanes, 2u);
    const uint64_t dials = w.dials();
    w.forget();
    const instant asked = w.world.now();
    for (int i = 0; i < 8; ++i) w.submit("resume " + std::to_string(i), "resume " + std::to_string(i), 60'000);  // So that each has one.
    EXPECT_TRUE(w.world.run_until([&] { return w.answers >= 69; }, asked + nat_trip + 60ms + 3 * nat_trip + nat_slack)) << w.answers;
    EXPECT_GE(w.dials(), dials + 1);
    ASSERT_TRUE(w.wait_answers(69));
    for (int i = 0; i < 8; ++i) w.once("resume " + std::to_string(i));
    EXPECT_LE(w.time_of("and on"), nat_trip + nat_slack);
  }
}

TEST(StnSecond, ALinkOnDemandGoesToRestWithItsSecondConnection) {
  natted w(1);
  w.link().on_demand = true;
  w.link().idle_after = 90s;
  w.serve();
  w.start();
  w.time_of("first");
  w.world.run_for(65s);
  w.forget();
  EXPECT_LE(w.time_of("resume"), 2 * nat_trip + nat_slack);
  w.world.run_for(100s);
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_IDLE}) << w.reason();
  EXPECT_FALSE(w.up());
  w.time_of("and again");
}

namespace {

// Who says who he is in one word, which the server takes.
class second_application {
 public:
  second_application() : table_{sizeof table_, this, begin, judge} {}
  const tharsis_stn_auth* table() const { return &table_; }
  int begun = 0;

 private:
  static void give(const tharsis_stn_auth_question& q, uint32_t kind) {
    const tharsis_stn_auth_word w{sizeof w, kind, 2, 0, bytes_of(as_bytes("token")), text_of("")};
    q.give(q.context, q.question, &w);
  }
  static void begin(void* self, const tharsis_stn_auth_question* q) {
    ++static_cast<second_application*>(self)->begun;
    give(*q, THARSIS_STN_AUTH_SEND);
  }
  static void judge(void*, const tharsis_stn_auth_question* q) { give(*q, THARSIS_STN_AUTH_ACCEPTED); }
  const tharsis_stn_auth table_;
};

}  // namespace

TEST(StnSecond, WhereTheApplicationProvesItselfNoTaskOvertakesItsProof) {
  natted w(1);
  second_application app;
  w.host.provide_auth(app.table());
  w.begin();
  w.world.run_for(65s);
  w.forget();
  EXPECT_LE(w.time_of("resume"), 4 * nat_trip + nat_slack) << "connect, hello, proof, task";
  EXPECT_EQ(app.begun, 2);
  EXPECT_EQ(w.server.proofs.size(), 2u);
  w.once("resume");
}

// In whatever order all of this happens: each task has one answer, and none without a key is sent twice.
TEST(StnSecond, OverManySeedsNothingIsLostAndNothingIsDoneTwice) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    natted w(seed, seed % 3 == 0 ? "tcps" : "tcp");
    if (seed % 4 == 0) w.link().user.clear();
    w.begin();
    auto& path = w.world.between(w.client_machine, w.server_machine);
    path.loss = seed % 2 == 0 ? 0.03 : 0;
    size_t tasks = 1;
    for (int i = 0; i < 60; ++i) {
      switch (w.world.random() % 9) {
        case 0: w.forget(); break;
        case 1: w.world.reset_connections(w.client_machine, w.server_machine); break;
        case 2: w.world.run_for(35s); break;
        case 3: w.tell("sim0"); break;
        case 4: w.server.thinks = w.world.random() % 2 == 0 ? 400ms : 0ms; break;
        default: break;
      }
      for (uint64_t n = 1 + w.world.random() % 3; n > 0; --n, ++tasks) {
        const std::string body = std::to_string(tasks);
        w.submit(body, w.world.random() % 3 == 0 ? "" : body, 60'000);
      }
      w.world.run_for(1ms * (w.world.random() % 1000));
    }
    EXPECT_TRUE(w.wait_answers(tasks, 120s)) << w.answers << " of " << tasks;
    for (const auto& [body, o] : w.outcomes) {
      EXPECT_EQ(o.answers, 1) << body;
      if (o.status != THARSIS_OK) {
        EXPECT_EQ(o.why, uint32_t{THARSIS_STN_LOST}) << body << ": " << o.reason;
      }
      EXPECT_LE(w.server.executions[body], w.link().user.empty() && o.sends > 1 ? 10 : 1) << body;
    }
    if (HasFailure()) return;
  }
}
