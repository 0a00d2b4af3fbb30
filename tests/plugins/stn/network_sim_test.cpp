// Goal: when the network changes or the machine has slept, a link is judged at once instead of by its
// silence, and the first attempt on a new network waits for nothing.
#include <algorithm>

#include "tests/plugins/stn/link_world.h"

using namespace tharsis;
using test::link_world;

namespace {

// With an address that the path to the server takes.
const sim::attachment other{"other", {"10.0.0.77"}, "wlan0", THARSIS_NETWORK_WIFI, 1500};

struct linked : link_world {
  explicit linked(uint64_t seed, stn::second_way_settings::use second = stn::second_way_settings::use::idle) : link_world(seed) {
    link().second_way.when = second;
    serve();
    start();
    EXPECT_TRUE(wait_up()) << reason();
  }
  // As the runtime tells it.
  void tell(const std::string& interface, const std::string& id = {}) {
    client.on_strand([&] { host.network.move(interface, id); });
  }
  // How long a task takes that is started now.
  duration time_of(const std::string& body) {
    const instant began = world.now();
    EXPECT_EQ(submit(body, body, 60'000), THARSIS_OK);
    EXPECT_TRUE(world.run_until([&] { return outcomes[body].answers > 0; }, began + 60s));
    EXPECT_EQ(outcomes[body].status, THARSIS_OK) << outcomes[body].reason;
    return world.now() - began;
  }
};

}  // namespace

TEST(StnNetwork, ThroughAnotherInterfaceTheLinkIsMadeAnewAtOnce) {
  linked w(1);
  w.client_machine.switch_network(other);
  w.tell("wlan0");
  EXPECT_LT(w.time_of("moved"), 1s);
  EXPECT_NE(w.reason().find("the network changed from sim0 to wlan0"), std::string::npos) << w.reason();
}

TEST(StnNetwork, WithoutTheNewsWhatIsNotConfirmedTells) {
  linked w(2);
  w.client_machine.switch_network(other);
  EXPECT_LE(w.time_of("unaware"), 300ms);
}

TEST(StnNetwork, WithoutTheNewsAndASecondConnectionTheSilenceDecidesLater) {
  linked w(2, stn::second_way_settings::use::never);
  w.client_machine.switch_network(other);
  EXPECT_GE(w.time_of("unaware"), w.link().answer_timeout);
}

TEST(StnNetwork, AnotherNetworkBehindTheSameInterfaceIsAnotherToo) {
  linked w(3);
  w.tell("sim0", "home");
  w.world.run_for(10s);
  EXPECT_TRUE(w.up());
  w.client_machine.switch_network(other);
  w.tell("sim0", "cafe");
  EXPECT_LT(w.time_of("moved"), 1s);
}

TEST(StnNetwork, OnTheSameNetworkALinkThatAnswersIsKept) {
  linked w(4);
  const size_t states = w.host.states.size();
  for (int i = 0; i < 5; ++i) {
    w.tell("sim0");
    w.world.run_for(10s);
  }
  EXPECT_EQ(w.host.states.size(), states) << w.reason();
}

TEST(StnNetwork, OnTheSameNetworkALinkThatIsDeadIsGivenUpSoonAlsoWithoutTasks) {
  linked w(5, stn::second_way_settings::use::never);
  w.world.forget_connections(w.client_machine, w.server_machine);
  w.tell("sim0");
  const instant told = w.world.now();
  ASSERT_TRUE(w.wait_down());
  EXPECT_LE(w.world.now() - told, w.link().doubt_timeout + 100ms);
  EXPECT_NE(w.reason().find("a ping was not answered within 2000 ms after the network had changed"), std::string::npos) << w.reason();
  EXPECT_TRUE(w.wait_up(1s)) << "and is back without a pause";
}

TEST(StnNetwork, WhileThereIsNoNetworkTheLinkIsLeftAlone) {
  linked w(6);
  const size_t states = w.host.states.size();
  w.client_machine.lose_network();
  w.tell("");
  w.world.run_for(30s);
  EXPECT_EQ(w.host.states.size(), states);
  w.client_machine.switch_network({"a network", {"10.0.0.1"}});
  w.tell("sim0");
  w.world.run_for(5s);
  EXPECT_TRUE(w.up()) << "its address came back, and it answers";
}

TEST(StnNetwork, ANetworkThatAppearsEndsThePauseBeforeTheNextAttempt) {
  linked w(7);
  w.client_machine.lose_network();
  w.tell("");
  w.world.forget_connections(w.client_machine, w.server_machine);
  EXPECT_EQ(w.submit("waits", "waits", 600'000), THARSIS_OK);
  ASSERT_TRUE(w.wait_down());
  w.world.run_for(2min);  // By now the pauses are long.
  ASSERT_FALSE(w.up());
  w.client_machine.switch_network(other);
  w.tell("wlan0");
  const instant told = w.world.now();
  ASSERT_TRUE(w.wait_answers(1));
  EXPECT_LT(w.world.now() - told, 1s);
}

TEST(StnNetwork, ADialThatIsUnderWayIsGivenUpForTheNewNetwork) {
  linked w(8);
  w.world.between(w.client_machine, w.server_machine).black_hole = true;
  w.world.reset_connections(w.client_machine, w.server_machine);
  ASSERT_TRUE(w.wait_down());
  w.world.run_for(3s);
  ASSERT_EQ(w.host.states.back().state, uint32_t{THARSIS_STN_CONNECTING});
  w.world.between(w.client_machine, w.server_machine).black_hole = false;
  w.client_machine.switch_network(other);
  w.tell("wlan0");
  EXPECT_TRUE(w.wait_up(1s)) << "a lost SYN is sent again only after 4 s";
  EXPECT_NE(w.reason().find("the network changed while"), std::string::npos) << w.reason();
}

TEST(StnNetwork, ANetworkThatNeverRestsCostsNoLinkThatAnswers) {
  linked w(9);
  for (int i = 0; i < 200; ++i) {
    w.tell("sim0");
    w.world.run_for(20ms);
  }
  w.world.run_for(10s);
  EXPECT_TRUE(w.up()) << w.reason();
  EXPECT_EQ(w.host.states.back().gap, 0ns);
}

TEST(StnNetwork, NobodyWatchesOnceItHasStopped) {
  linked w(10);
  EXPECT_EQ(w.host.network.watches(), 1u);
  w.stop();
  EXPECT_EQ(w.host.network.watches(), 0u);
  w.dispatcher.reset();
}

namespace {

// Not used, and without a server: it rests.
struct resting : link_world {
  explicit resting(uint64_t seed) : link_world(seed) {
    write_ca();
    host.network.foreground = false;
    start();
    world.run_for(2h);
  }
  size_t attempts_in(duration time) {
    const size_t before = host.connects.size();
    world.run_for(time);
    return host.connects.size() - before;
  }
  void tell() {
    client.on_strand([&] { host.network.tell(); });
  }
};

}  // namespace

TEST(StnNetwork, ALinkThatNobodyLooksAtTriesSeldomAndAtOnceWhenSomebodyDoes) {
  resting w(11);
  EXPECT_LE(w.attempts_in(10h), 250u) << "half of ten minutes each, on average";
  EXPECT_GE(w.attempts_in(10h), 50u);
  w.host.network.foreground = true;
  w.tell();
  EXPECT_GE(w.attempts_in(1s), 1u);
  EXPECT_GE(w.attempts_in(30s), 3u) << "and soon again";
}

TEST(StnNetwork, WhoLogsInIsServedAtOnceAndWhoLogsOutSeldom) {
  resting w(12);
  w.host.network.account = "ann";
  w.tell();
  EXPECT_GE(w.attempts_in(1s), 1u);
  w.host.network.account.clear();
  w.tell();
  w.world.run_for(2h);
  EXPECT_LE(w.attempts_in(24h), 120u) << "half an hour each, on average";
}

namespace {

// Times at which a ping came, those within a second together.
size_t wakes(std::vector<instant> at) {
  std::sort(at.begin(), at.end());
  size_t n = 0;
  for (size_t i = 0; i < at.size(); ++i) n += i == 0 || at[i] - at[i - 1] > 1s ? 1 : 0;
  return n;
}

// Three links that came up one after the other, then nobody looks any more; how often their pings wake the radio in
// an hour.
size_t wakes_in_the_background(uint64_t seed, int64_t early) {
  link_world w(seed);
  stn::link_settings link = w.link();
  link.heartbeat = {.interval_min = 60s, .interval_max = 60s, .step = 0s, .settle = 0, .early = early};
  w.settings.links.clear();
  for (const char* name : {"main", "side", "third"}) {
    link.name = name;
    w.settings.links.push_back(link);
  }
  w.serve();
  w.start();
  w.world.run_for(5s);
  for (const char* name : {"side", "third"}) {  // What is said restarts the wait of who says it.
    EXPECT_EQ(w.submit(name, name, 0, name), THARSIS_OK);
    w.world.run_for(20s);
  }
  w.client.on_strand([&] {
    w.host.network.foreground = false;
    w.host.network.tell();
  });
  w.server.pings_at.clear();
  w.world.run_for(1h);
  EXPECT_GE(w.server.pings_at.size(), 170u) << "each link pings";
  EXPECT_EQ(w.dispatcher->totals().connects, 3u);
  return wakes(w.server.pings_at);
}

}  // namespace

TEST(StnNetwork, InTheBackgroundTheLinksWakeTheRadioTogether) {
  for (uint64_t seed = 13; seed < 16; ++seed) {
    EXPECT_LE(wakes_in_the_background(seed, 50), 65u);
    EXPECT_GE(wakes_in_the_background(seed, 0), 120u) << "without it this test would show nothing";
  }
}

TEST(StnNetwork, TheServerSaysHowOftenToPing) {
  link_world w(17);
  w.server.heartbeat_ms = 30'000;
  w.serve();
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.server.pings_at.clear();
  w.world.run_for(10min);
  EXPECT_GE(w.server.pings_at.size(), 19u);
  w.client.on_strand([&] {
    const auto report = w.dispatcher->report();
    EXPECT_EQ(report.links[0].heartbeat, 30s);
    EXPECT_EQ(std::string(stn::heartbeat_sources[report.links[0].heartbeat_from]), "server");
  });
  w.server.heartbeat_ms = 0;
  w.client.on_strand([&] { w.dispatcher->redo(text_of("")); });
  ASSERT_TRUE(w.wait_down());
  ASSERT_TRUE(w.wait_up());
  w.client.on_strand([&] { EXPECT_EQ(w.dispatcher->report().links[0].heartbeat, w.link().heartbeat.interval_min) << "it was a word for that connection"; });
}
