// Goal: what MECHANISMS.md says switches a mechanism off does so: on a network where it would act nothing of it happens, and nothing of it is
// told or counted. Method: the same seed twice, as it ships and switched off; what it does as it ships shows that the network asks for it.
// Those whose own tests have the same are not here: datagrams, second connections, small segments, moves, pushes, keys.
#include "plugins/stn/heal_service.h"
#include "tests/plugins/stn/dial_world.h"
#include "tests/plugins/stn/outbox_world.h"
#include "tests/plugins/stn/stream_world.h"

using namespace tharsis;
using manner = test::scripted_server::manner;
using test::dial_world;
using test::link_world;
using test::outbox_world;
using test::stream_world;

namespace {

// One packet in seven is lost each way, and a task comes each 200 ms.
struct lossy_world : link_world {
  explicit lossy_world(uint64_t seed) : link_world(seed) {
    link().udp = false;
    link().second_way.when = stn::second_way_settings::use::never;
    world.between(client_machine, server_machine).delay = 50ms;
    serve();
  }
  void ask(int tasks) {
    start();
    ASSERT_TRUE(wait_up());
    world.between(client_machine, server_machine).loss = .15;
    for (int i = 0; i < tasks; ++i) {
      const std::string title = "task " + std::to_string(i);
      ASSERT_EQ(submit(title, title, 60'000), THARSIS_OK);
      world.run_for(200ms);
    }
    ASSERT_TRUE(wait_answers(static_cast<size_t>(tasks), 3min)) << reason();
  }
  int64_t metric(const std::string& counted) { return host.metrics.counted(counted); }
};

}  // namespace

TEST(SwitchedOff, WithoutLanesALinkHasOneConnectionAndSendsNothingTwice) {
  for (const bool off : {false, true}) {
    lossy_world w(1);
    w.link().lanes.on = !off;
    w.ask(100);
    EXPECT_EQ(w.metric("lanes_opened") == 0, off);
    EXPECT_EQ(w.metric("hedge_copies") == 0, off);
    EXPECT_EQ(w.host.told("stn.lanes") <= 1, off) << "that there are none";
    EXPECT_EQ(w.server.connections == 1, off);
  }
}

TEST(SwitchedOff, WithoutHedgingTasksGoByLanesAndEachOnce) {
  for (const bool off : {false, true}) {
    lossy_world w(2);
    w.link().hedge.on = !off;
    w.ask(100);
    EXPECT_GT(w.metric("lanes_opened"), 0);
    EXPECT_EQ(w.metric("hedge_copies") == 0, off);
    EXPECT_EQ(w.metric("hedge_copy_bytes") == 0, off);
  }
}

TEST(SwitchedOff, WithoutABoundOnConnectionsNoLaneIsHeldBack) {
  for (const bool off : {false, true}) {
    lossy_world w(3);
    w.settings.extra.in_all = off ? 1000 : 1;
    w.ask(100);
    EXPECT_EQ(w.metric("lanes_held_back") == 0, off);
  }
}

// One address at a time: the next one waits for the failure of the one before.
TEST(SwitchedOff, WithoutARaceASilentAddressIsWaitedFor) {
  for (const bool off : {false, true}) {
    dial_world w(4);
    if (off) w.link().dial.stagger = 1min;
    w.add_hole("10.0.0.3");
    w.add_server("10.0.0.5");
    w.world.add_name(w.name, {"10.0.0.3", "10.0.0.5"});
    w.start();
    EXPECT_EQ(w.wait_up(1s), !off);
    ASSERT_TRUE(w.wait_up(30s));
    EXPECT_EQ(w.host.metrics.counted("dials_raced") == 0, off);
    ASSERT_EQ(w.host.count_measures(THARSIS_STN_MEASURE_RACED), off ? 0u : 1u);
    if (!off) {
      EXPECT_EQ(w.host.measures[0].reason, "tcp://im.tharsis.test:443: 10.0.0.3:443 has not answered in time, so 10.0.0.5:443 is dialled beside it");
    }
  }
}

TEST(SwitchedOff, WithoutASpreadALinkComesBackAtOnce) {
  for (const bool off : {false, true}) {
    link_world w(32);  // Of which chance says a second or more.
    w.link().reconnect = stn::reconnect_settings();
    if (off) w.link().reconnect.spread = w.link().reconnect.spread_foreground = duration::zero();
    w.serve();
    w.start();
    ASSERT_TRUE(w.wait_up());
    w.world.run_for(60s);
    w.world.reset_connections(w.client_machine, w.server_machine);
    ASSERT_TRUE(w.wait_down());
    const instant lost = w.world.now();
    ASSERT_TRUE(w.wait_up(31s));
    EXPECT_EQ(w.host.metrics.counted("reconnects_spread"), off ? 0 : 1);
    ASSERT_EQ(w.host.count_measures(THARSIS_STN_MEASURE_SPREAD), off ? 0u : 1u);
    if (!off) {
      EXPECT_LE(w.host.measures[0].time, w.world.now() - lost);
    }
    EXPECT_EQ(w.world.now() - lost < 1s, off);
  }
}

TEST(SwitchedOff, WithoutAStepTheHeartbeatLearnsNothing) {
  for (const bool off : {false, true}) {
    link_world w(5, "tcp");
    w.link().heartbeat = {.interval_min = 10s, .interval_max = 40s, .step = off ? 0s : 10s, .pong_timeout = 2s, .grow_after = 2,
                          .shrink_after = 1, .settle = 1, .relearn_after = 24h, .foreground_shortest = false};
    w.serve();
    w.start();
    ASSERT_TRUE(w.wait_up());
    w.world.run_for(10min);
    EXPECT_EQ(w.host.metrics.counted("intervals_learned") == 0, off);
    EXPECT_EQ(w.host.count_measures(THARSIS_STN_MEASURE_INTERVAL) == 0, off);
    if (off) continue;
    EXPECT_EQ(w.host.measures[0].time, 20s);
    EXPECT_EQ(w.host.measures[0].reason, "pings were answered after 10000 ms without a byte, so the next ones come later");
    EXPECT_EQ(w.host.measures.back().time, 40s);
  }
}

// Which is asked for an answer in three seconds, and is then well.
TEST(SwitchedOff, WithoutRestABusyServerIsNotSpared) {
  for (const bool off : {false, true}) {
    link_world w(6);
    w.settings.tasks.rest.use = !off;
    w.serve();
    w.start();
    ASSERT_TRUE(w.wait_up());
    w.server.busy = 1;
    w.server.busy_ms = 3000;
    ASSERT_EQ(w.submit("first", "key"), THARSIS_OK);
    ASSERT_TRUE(w.world.run_until([&] { return !w.server.busy_at.empty(); }, w.world.now() + 1s));
    w.world.run_for(100ms);
    ASSERT_EQ(w.submit("second", ""), THARSIS_OK);
    w.world.run_for(1s);
    EXPECT_EQ(w.outcomes["second"].answers, off ? 1 : 0) << "of the same command";
    EXPECT_EQ(w.host.count_servers(THARSIS_STN_SERVER_BUSY), off ? 0u : 1u);
  }
}

TEST(SwitchedOff, WithoutABudgetRetriesAreTheOnlyLimit) {
  for (const bool off : {false, true}) {
    link_world w(7);
    w.settings.tasks.budget.use = !off;
    w.serve();
    w.start();
    ASSERT_TRUE(w.wait_up());
    w.server.busy = 1'000'000;
    w.server.busy_ms = 1000;
    for (int i = 0; i < 50; ++i) ASSERT_EQ(w.submit("t" + std::to_string(i), "k" + std::to_string(i), 30'000), THARSIS_OK);
    ASSERT_TRUE(w.wait_answers(50, 60s));
    EXPECT_EQ(w.host.count_servers(THARSIS_STN_SERVER_NO_BUDGET) == 0, off);
    EXPECT_EQ(w.host.metrics.counted("repeats_refused") == 0, off);
    EXPECT_EQ(w.server.requests.size() > 66, off);
  }
}

TEST(SwitchedOff, WithoutABreakerAServerThatFailsIsAskedOn) {
  for (const bool off : {false, true}) {
    dial_world w(4);
    w.settings.breaker.use = !off;
    w.world.add_name(link_world::name, {"10.0.0.3", "10.0.0.4"});
    w.add_server("10.0.0.3", manner::hang_up);
    w.add_server("10.0.0.4");
    w.start();
    ASSERT_TRUE(w.wait_up());
    for (int i = 0; i < 8; ++i) {
      (void)w.submit("t" + std::to_string(i), "k" + std::to_string(i), 20'000);
      w.world.run_for(2s);
    }
    EXPECT_EQ(w.host.count_servers(THARSIS_STN_SERVER_LEFT_ALONE) == 0, off);
    EXPECT_EQ(w.host.metrics.counted("servers_left_alone") == 0, off);
  }
}

TEST(SwitchedOff, WithoutAnOutboxNothingIsKept) {
  for (const bool off : {false, true}) {
    outbox_world w(8);
    w.settings.outbox.use = !off;
    const test::plugin_host& host = w.begin(false).host;
    EXPECT_EQ(w.send("a"), off ? THARSIS_E_UNSUPPORTED : THARSIS_OK);
    EXPECT_EQ(w.wait_told(1), !off);
    EXPECT_EQ(host.metrics.counted("outbox_kept"), off ? 0 : 1);
    ASSERT_EQ(host.count_measures(THARSIS_STN_MEASURE_KEPT), off ? 0u : 1u);
    if (!off) {
      EXPECT_EQ(host.measures[0].reason, "entry " + std::to_string(w.messages["a"].entry) + " of the outbox: it is on the disk, until it has an answer and that is acknowledged");
      EXPECT_GT(host.measures[0].bytes, w.messages["a"].text.size());
    }
    w.end();
  }
}

TEST(SwitchedOff, WithoutStreamsNoneIsOpenedAndThereIsNoConnectionForThem) {
  for (const bool off : {false, true}) {
    stream_world w(9);
    w.settings.streams.use = !off;
    w.start_all();
    ASSERT_TRUE(w.wait_up());
    test::app_stream up;
    up.up = test::content_of(300'000);
    auto o = w.order(THARSIS_STN_STREAM_UP, "a.bin");
    o.on_progress = nullptr;  // The bus hears of it all the same.
    EXPECT_EQ(w.open(up, o), off ? THARSIS_E_UNSUPPORTED : THARSIS_OK);
    if (off) {
      EXPECT_NE(w.last_error.find("stn.streams.use: off"), std::string::npos) << w.last_error;
    }
    EXPECT_EQ(w.wait(up, 30s), !off);
    EXPECT_EQ(w.host.metrics.counted("streams_opened"), off ? 0 : 1);
    EXPECT_EQ(w.host.metrics.counted("stream_connections"), off ? 0 : 1);
    EXPECT_EQ(w.host.metrics.counted("stream_bytes_sent") > 300'000, !off);
    EXPECT_EQ(w.host.told("stn.stream") >= 2, !off) << "that it runs, and its end";
  }
}

TEST(SwitchedOff, WithoutHealingNoRemedyIsTaken) {
  for (const bool off : {false, true}) {
    link_world w(10);
    w.serve();
    w.start();
    ASSERT_TRUE(w.wait_up());
    std::optional<stn::heal_service> service;
    w.client.on_strand([&] {
      service.emplace(*w.client.place, w.host.tables(), w.dispatcher->ways().heals(), !off);
      tharsis_stn_remedy r{};
      r.size = sizeof r;
      r.what = THARSIS_STN_HEAL_SEGMENTS;
      r.number = 1200;
      r.ttl_ms = 60'000;
      r.reason = text_of("a test has found it");
      tharsis_error why = no_error();
      EXPECT_EQ(service->table()->apply(service->table()->self, &r, nullptr, &why), off ? THARSIS_E_DENIED : THARSIS_OK);
      EXPECT_EQ(std::string(why.text).find("stn.heal.use: false") != std::string::npos, off) << why.text;
    });
    w.world.run_for(1s);
    EXPECT_EQ(w.host.metrics.counted("remedies"), off ? 0 : 1);
    EXPECT_EQ(w.host.told("stn.heal"), off ? 0u : 1u);
    w.client.on_strand([&] { service.reset(); });
  }
}
