// What a machine's own doing does to its strands and connections: another network, none, sleep.
#include <gtest/gtest.h>

#include "sdk/pure/views.h"
#include "sdk/sim/world.h"
#include "tests/sdk/sim/wire.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

struct sight {
  int looks = 0;
  std::string interface, source;
  size_t addresses = 0;
  static void see(void* context, const tharsis_observation* seen) {
    auto& self = *static_cast<sight*>(context);
    ++self.looks;
    self.interface = view(seen->v4.interface);
    self.source = seen->v4.interface.size > 0 ? ip_text(seen->v4.source) : "";
    self.addresses = seen->addresses_count;
  }
};

// A client and a server that are connected.
struct pair {
  explicit pair(uint64_t seed)
      : stage(seed),
        server(stage.w.add_machine("server", {"10.0.0.2"})),
        here(stage.open()),
        there(stage.open(server.platform())),
        listener(stage, there),
        client(stage, here),
        accepted(stage, there) {
    EXPECT_EQ(listener.listen(at("10.0.0.2", 80)), THARSIS_OK);
    EXPECT_EQ(client.dial(at("10.0.0.2", 80)), THARSIS_OK);
    EXPECT_TRUE(stage.run_until([&] { return accepted.accept(listener) == THARSIS_OK; }, 10s));
  }
  bool arrives(std::string_view text, duration within = 60s) {
    std::string_view left = text;
    client.write_some(left);
    accepted.got.clear();
    return stage.run_until([&] { return accepted.read_all(), accepted.got == text; }, within);
  }
  void watch() {
    const tharsis_observer& o = *stage.platform()->observer;
    stage.on(here, [&] { ASSERT_EQ(o.watch(o.self, &here, sight::see, &eyes, nullptr), THARSIS_OK); });
  }

  simulated_stage stage;
  sim::machine& server;
  const tharsis_strand& here;
  const tharsis_strand& there;
  wire listener, client, accepted;
  sight eyes;
};

}  // namespace

TEST(MachineNetwork, ASwitchIsSeenAndTheOldConnectionFallsSilent) {
  pair p(1);
  p.watch();
  EXPECT_EQ(p.eyes.looks, 1);
  EXPECT_EQ(p.eyes.source, "10.0.0.1");
  ASSERT_TRUE(p.arrives("one"));
  sim::attachment cafe;
  cafe.network = "cafe", cafe.addresses = {"10.0.0.9"}, cafe.interface = "wlan0", cafe.type = THARSIS_NETWORK_WIFI;
  p.stage.m.switch_network(cafe);
  EXPECT_FALSE(p.arrives("two"));
  EXPECT_EQ(p.eyes.interface, "wlan0");
  EXPECT_EQ(p.eyes.source, "10.0.0.9");
  EXPECT_EQ(p.client.read_all(), THARSIS_PENDING) << "nobody is told";
  wire again(p.stage, p.here), at_server(p.stage, p.there);
  EXPECT_EQ(again.dial(at("10.0.0.2", 80)), THARSIS_OK);
  EXPECT_TRUE(p.stage.run_until([&] { return at_server.accept(p.listener) == THARSIS_OK; }, 10s));
}

TEST(MachineNetwork, AConnectionLivesOnWhenItsAddressComesBack) {
  pair p(2);
  p.watch();
  p.stage.m.lose_network();
  EXPECT_FALSE(p.arrives("lost", 5s));
  EXPECT_EQ(p.eyes.interface, "");
  EXPECT_EQ(p.eyes.addresses, 0u);
  p.stage.m.switch_network({"a network", {"10.0.0.1"}});
  EXPECT_TRUE(p.stage.run_until([&] { return p.accepted.read_all(), p.accepted.got == "lost"; }, 60s));
}

TEST(MachineNetwork, ASleepingMachineDoesNothingAndItsMonotonicClockStandsStill) {
  pair p(3);
  p.watch();
  const tharsis_loop& loop = *p.here.loop;
  const tharsis_observer& o = *p.stage.platform()->observer;
  bool fired = false;
  int64_t set_at = 0;
  p.stage.on(p.here, [&] {
    set_at = loop.now(loop.self);
    loop.timer_set(loop.self, set_at + duration(10s).count(), [](void* f, tharsis_handle) { *static_cast<bool*>(f) = true; }, &fired, 0, nullptr);
  });
  const int64_t wall = loop.wall(loop.self);
  p.stage.w.run_for(4s);
  p.stage.m.sleep();
  p.stage.w.run_for(1h);
  EXPECT_FALSE(fired);
  p.stage.m.wake();
  EXPECT_EQ(o.asleep(o.self), duration(1h).count());
  EXPECT_EQ(p.eyes.looks, 1);
  p.stage.w.run_for(5s);
  EXPECT_FALSE(fired) << "of its ten seconds nine have passed for the machine";
  p.stage.w.run_for(2s);
  EXPECT_TRUE(fired);
  EXPECT_EQ(p.eyes.looks, 2) << "it looks again when it has woken";
  EXPECT_LT(loop.now(loop.self) - set_at, duration(12s).count());
  EXPECT_GE(loop.wall(loop.self) - wall, duration(1h).count());
  EXPECT_TRUE(p.arrives("awake"));
}

TEST(MachineNetwork, ASetClockIsNoSleep) {
  pair p(4);
  p.watch();
  const tharsis_observer& o = *p.stage.platform()->observer;
  const int64_t before = p.here.loop->wall(p.here.loop->self);
  p.stage.m.set_clock_by(-24h);
  p.stage.w.run_for(1s);
  EXPECT_LT(p.here.loop->wall(p.here.loop->self), before);
  EXPECT_EQ(o.asleep(o.self), 0);
  EXPECT_EQ(p.eyes.looks, 2);
}
