// Goal: stn's datagrams with the real gateway at the other end, over networks that lose, delay, double and block them:
// every task is carried out once and answered once, sooner than by the connection alone where that is weak, and no
// later where datagrams do not come through.
#include <algorithm>
#include <cstdio>

#include "tests/plugins/stn/gated_world.h"

using namespace tharsis;
using test::link_world;
using udp_world = test::gated_world;

namespace {

void print(const char* name, const std::vector<duration>& took, udp_world& w) {
  std::printf("  %-28s p50 %5lld  p95 %5lld  max %5lld ms  datagrams %lld (%lld copies)  won %lld\n", name, static_cast<long long>(milliseconds(test::at(took, .5))),
              static_cast<long long>(milliseconds(test::at(took, .95))), static_cast<long long>(milliseconds(took.back())),
              static_cast<long long>(w.metric("udp_sent")), static_cast<long long>(w.metric("udp_copies")), static_cast<long long>(w.metric("udp_won")));
}

}  // namespace

TEST(StnUdpSim, OnAHealthyNetworkTasksGoByDatagramEachOnce) {
  udp_world w(1);
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.world.run_for(1s);
  const auto took = w.load(40, 200ms);
  print("healthy", took, w);
  EXPECT_EQ(w.metric("udp_sent"), 40);
  EXPECT_EQ(w.metric("udp_copies"), 0);
  EXPECT_EQ(w.metric("udp_won"), 40);
  EXPECT_EQ(w.metric("udp_dropped"), 0);
  EXPECT_GT(w.metric("traffic_tasks_sent"), 40 * 40) << "datagrams are traffic too";
  EXPECT_GT(w.metric("traffic_tasks_received"), 40 * 40);
  EXPECT_EQ(w.metric("traffic_repeated_sent"), 0);
  EXPECT_LE(took.back(), 102ms);
  EXPECT_EQ(w.statistics().executions, 40u);
  EXPECT_TRUE(w.said("link main datagrams open"));
}

TEST(StnUdpSim, SwitchedOffNothingGoes) {
  udp_world w(2);
  w.link().udp = false;
  w.start();
  w.load(10, 200ms);
  EXPECT_EQ(w.metric("udp_sent"), 0);
  EXPECT_EQ(w.metric("udp_won"), 0);
}

TEST(StnUdpSim, AServerThatOffersNoneIsNotAsked) {
  link_world w(3);
  w.serve();
  w.start();
  ASSERT_TRUE(w.wait_up());
  EXPECT_EQ(w.submit("a", "a"), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1));
  EXPECT_EQ(w.host.metrics.counted("udp_sent"), 0);
}

TEST(StnUdpSim, OnAWeakNetworkItBeatsTheConnectionAlone) {
  for (const auto& [name, delay, loss] : {std::tuple("100 ms, 5 % each way", duration(50ms), 0.05), std::tuple("300 ms, 20 % each way", duration(150ms), 0.2)}) {
    std::printf("%s\n", name);
    std::vector<duration> with, without;
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      for (const bool udp : {false, true}) {
        udp_world w(seed, delay);
        w.link().udp = udp;
        w.start();
        ASSERT_TRUE(w.wait_up());
        w.world.run_for(2s);
        w.path().loss = loss;
        const auto took = w.load(200, 200ms);
        auto& all = udp ? with : without;
        all.insert(all.end(), took.begin(), took.end());
        if (seed == 1) print(udp ? "with datagrams" : "connection alone", took, w);
        w.path().loss = 0;
        w.world.run_for(30s);
        EXPECT_EQ(w.statistics().executions, 200u) << "seed " << seed;
      }
    }
    std::sort(with.begin(), with.end());
    std::sort(without.begin(), without.end());
    std::printf("  five seeds: p95 %lld ms with datagrams, %lld by the connection alone\n", static_cast<long long>(milliseconds(test::at(with, .95))),
                static_cast<long long>(milliseconds(test::at(without, .95))));
    EXPECT_LT(test::at(with, .95), test::at(without, .95));
    EXPECT_LE(test::at(with, .5), test::at(without, .5));
  }
}

TEST(StnUdpSim, BehindAFirewallThatLetsTcpAloneThroughNothingIsLaterThanWithout) {
  udp_world w(5);
  w.path().no_datagrams = true;
  w.start();
  ASSERT_TRUE(w.wait_up());
  const auto took = w.load(100, 200ms);
  EXPECT_LE(took.back(), 102ms);
  EXPECT_EQ(w.metric("udp_sent"), 0) << "but for probes";
  EXPECT_TRUE(w.said("link main datagrams off: no datagram came back"));
}

TEST(StnUdpSim, AFirewallThatComesUpCostsOneTaskAFewRoundTrips) {
  udp_world w(6);
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.world.run_for(1s);
  w.load(20, 200ms, "before ");
  w.path().no_datagrams = true;
  const auto took = w.load(50, 500ms, "behind ");
  print("datagrams blocked in between", took, w);
  EXPECT_LE(test::at(took, .9), 102ms);
  EXPECT_LE(took.back(), 1s);
  EXPECT_TRUE(w.said("link main datagrams off: datagrams do not come back any more"));
  w.path().no_datagrams = false;
  w.world.run_for(2min);
  const int64_t won = w.metric("udp_won");
  w.load(10, 200ms, "after ");
  EXPECT_EQ(w.metric("udp_won"), won + 10);
}

TEST(StnUdpSim, WithoutAKeyATaskGoesByTheConnection) {
  udp_world w(7);
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.world.run_for(1s);
  for (int i = 0; i < 5; ++i) w.ask("no key " + std::to_string(i), false);
  w.ask("key");
  ASSERT_TRUE(w.wait_answers(6));
  EXPECT_EQ(w.metric("udp_sent"), 1);
}

TEST(StnUdpSim, AThinkingServerIsAskedOnceAndAnswersByDatagram) {
  udp_world w(8, 50ms, 700ms);
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.world.run_for(1s);
  w.load(40, 1s);
  EXPECT_EQ(w.statistics().executions, 40u);
  EXPECT_LE(w.metric("udp_copies"), 16) << "a bucket's worth, until it is known";
}

TEST(StnUdpSim, APlainConnectionHasNoKeysForThem) {
  link_world w(9, "tcp");
  w.serve();
  w.start();
  ASSERT_TRUE(w.wait_up());
  EXPECT_EQ(w.host.metrics.counted("udp_sent"), 0);
}

TEST(StnUdpSim, AfterTheConnectionIsLostTheNextOneHasALaneOfItsOwn) {
  udp_world w(10);
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.world.run_for(1s);
  w.load(5, 200ms, "one ");
  w.world.reset_connections(w.client_machine, w.server_machine);
  ASSERT_TRUE(w.wait_up());
  w.world.run_for(1s);
  w.load(5, 200ms, "two ");
  w.client.on_strand([&] { w.host.network.move("sim1"); });
  ASSERT_TRUE(w.wait_up());
  w.world.run_for(1s);
  w.load(5, 200ms, "three ");
  EXPECT_EQ(w.metric("udp_won"), 15);
  EXPECT_EQ(w.statistics().executions, 15u);
}

// A server that thinks for long: as long as nobody knows that, tasks look late. One bucket for both links, however often they connect.
TEST(StnUdpSim, NewConnectionsAndOtherLinksToAServerBringNoNewCopies) {
  udp_world w(11, 50ms, 700ms);
  w.settings.links.push_back(w.link());
  w.settings.links.back().name = "second";
  w.start();
  size_t asked = 0;
  for (int round = 0; round < 6; ++round) {
    ASSERT_TRUE(w.wait_up());
    w.world.run_for(1s);
    for (int i = 0; i < 3; ++i)
      for (const char* link : {"main", "second"}) {
        const std::string title = "task " + std::to_string(++asked);
        const auto body = mars::encode(mars::send_message_request{"", "ann", "all", title, "0"});
        tharsis_stn_task t{};
        t.body = bytes_of(body);
        t.timeout_ms = 60'000;
        t.key = bytes_of(as_bytes(title));
        t.link = text_of(link);
        ASSERT_EQ(w.start_task(title, t), THARSIS_OK) << w.last_error;
      }
    ASSERT_TRUE(w.wait_answers(asked));
    w.world.run_for(1s);
    w.world.reset_connections(w.client_machine, w.server_machine);
    w.world.run_for(100ms);
  }
  std::printf("  %zu tasks by new connections: %lld copies\n", asked, static_cast<long long>(w.metric("udp_copies")));
  EXPECT_GT(w.metric("udp_copies"), 5);
  EXPECT_LE(w.metric("udp_copies"), 10 + static_cast<int64_t>(asked) / 2) << "a bucket's worth, and what tasks have earned";
}

TEST(StnUdpSim, OverSeedsEachTaskIsCarriedOutOnceAndAnsweredOnce) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    udp_world w(seed, 30ms, seed % 3 == 0 ? duration(80ms) : duration{});
    w.start();
    ASSERT_TRUE(w.wait_up());
    w.path().jitter = 60ms;
    w.path().duplicate = 0.2;
    int keyed = 0;
    const int tasks = 40;
    for (int i = 0; i < tasks; ++i) {
      w.path().loss = static_cast<double>(w.world.random() % 30) / 100;
      w.path().no_datagrams = w.world.random() % 10 == 0;
      w.ask("task " + std::to_string(i));
      ++keyed;
      w.world.run_for(std::chrono::milliseconds(w.world.random() % 150));
      if (w.world.random() % 15 == 0) w.world.reset_connections(w.client_machine, w.server_machine);
      if (w.world.random() % 20 == 0) w.client.on_strand([&] { w.host.network.move("sim" + std::to_string(i)); });
    }
    w.path().loss = 0;
    w.path().no_datagrams = false;
    ASSERT_TRUE(w.wait_answers(tasks, 3min)) << w.reason();
    w.world.run_for(5s);
    for (const auto& [title, o] : w.outcomes) {
      EXPECT_EQ(o.answers, 1) << title;
      EXPECT_EQ(o.status, THARSIS_OK) << title << ": " << o.reason;
    }
    EXPECT_EQ(w.statistics().executions, static_cast<uint64_t>(keyed));
  }
}
