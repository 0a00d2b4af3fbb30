// Goal: a runtime sees what its machine does (another network, none, sleep), tells it once, and its plugins
// act on it: with stn, dns and a gateway as they are shipped, in the simulated world.
#include <gtest/gtest.h>

#include <optional>

#include "sdk/abi/stn.h"
#include "sdk/pure/views.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/world.h"
#include "tests/e2e/watched_runtime.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;

namespace {

const sim::attachment home{"home", {"10.0.0.1"}, "sim0", THARSIS_NETWORK_WIRED, 1500};
const sim::attachment cafe{"cafe", {"10.0.0.77"}, "wlan0", THARSIS_NETWORK_WIFI, 1400};

struct seen {
  uint64_t generation = 0;
  uint32_t type = 0, families = 0;
  std::string id, interface, proxy;
  int64_t woke = 0;
};

// A runtime and what it said on two topics.
struct side : test::watched_runtime {
  void start(sim::machine& on, const std::string& name, const std::string& plugins) {
    runtime::profile_request request;
    request.file = name;
    request.text = "tharsis: 1\nplugins:\n" + plugins;
    request.plugin_folders = {THARSIS_PLUGINS, THARSIS_FIXTURES};
    request.data_folder = "/state";
    runtime::diagnostics problems;
    runtime::profile plan = runtime::load_profile(request, problems);
    run(on.platform(), std::move(plan), problems);
    for (auto [pattern, id] : {std::pair(THARSIS_NETWORK_TOPIC, &network_), std::pair(THARSIS_STN_LINK_TOPIC, &link_)})
      running->events().subscribe("(test)", pattern, THARSIS_DROP_OLDEST, 1000, [](bool) {}, id, nullptr);
  }
  void take() {
    while (const auto next = running->events().take(network_)) {
      const auto& s = *static_cast<const tharsis_network_state*>(next->event.payload);
      told.push_back({s.generation, s.type, s.families, std::string(view(s.id)), std::string(view(s.interface)), std::string(view(s.proxy)), s.woke});
    }
    while (const auto next = running->events().take(link_)) {
      const auto& s = *static_cast<const tharsis_stn_link*>(next->event.payload);
      up = s.state == THARSIS_STN_UP;
      if (up) ++connects;
      if (s.state == THARSIS_STN_DOWN) reason = view(s.reason);
    }
  }
  void tell(const std::map<std::string, std::string>& words) { EXPECT_FALSE(running->network().tell(words)); }

  std::vector<seen> told;
  bool up = false;
  int connects = 0;
  std::string reason;

 private:
  tharsis_handle network_ = 0, link_ = 0;
};

// One client, with a gateway on another machine if `linked`.
struct stage {
  stage(uint64_t seed, bool linked)
      : world(seed),
        disk(world.make_disk()),
        server(world.add_machine("server", {"10.0.0.2"}, disk)),
        machine(world.add_machine("client", {"10.0.0.1"}, disk)) {
    machine.switch_network(home);
    if (!linked) {
      client.start(machine, "client.yaml", "  quiet:\n");
      settle(client);
      return;
    }
    gateway.emplace();
    gateway->start(server, "gateway.yaml", "  gateway: { listen: 'tcps://10.0.0.2:443', open: true, certificate: { names: [im.tharsis.test] } }\n");
    settle(*gateway);
    client.start(machine, "client.yaml",
                 "  dns: { pins: { im.tharsis.test: [10.0.0.2] } }\n"
                 "  stn: { links: { main: { endpoints: ['tcps://im.tharsis.test:443'], tls: { ca: /state/gateway/ca.pem }, user: ann } } }\n");
    settle(client);
    EXPECT_TRUE(until([&] { return client.up; }, 30s)) << client.reason;
  }
  ~stage() {
    client.running->stop();
    if (gateway) gateway->running->stop();
    EXPECT_TRUE(world.run_until([&] { return client.ended && (!gateway || gateway->ended); }, world.now() + 30s));
  }
  void settle(side& s) { EXPECT_TRUE(world.run_until([&] { return s.settled; }, world.now() + 30s)) << s.logged; }
  bool until(const std::function<bool()>& done, duration within) {
    return world.run_until([&] { return client.take(), done(); }, world.now() + within);
  }
  void pass(duration d) { world.run_for(d), client.take(); }
  const seen& last() { return client.take(), client.told.back(); }

  sim::world world;
  std::shared_ptr<sim::disk> disk;
  sim::machine& server;
  sim::machine& machine;
  std::optional<side> gateway;
  side client;
};

}  // namespace

TEST(NetworkInSimulation, WhatThereIsAtTheStartIsTheFirstGeneration) {
  THARSIS_ONE_THREAD();
  stage s(1, false);
  const seen& now = s.last();
  EXPECT_EQ(s.client.told.size(), 1u) << "told once";
  EXPECT_EQ(now.generation, 1u);
  EXPECT_EQ(now.type, uint32_t{THARSIS_NETWORK_WIRED});
  EXPECT_EQ(now.interface, "sim0");
  EXPECT_EQ(now.families, uint32_t{THARSIS_NETWORK_V4});
  EXPECT_EQ(now.id.substr(0, 6), "wired-");
}

TEST(NetworkInSimulation, ASwitchALossAndTheReturnAreEachToldOnce) {
  THARSIS_ONE_THREAD();
  stage s(2, false);
  const std::string first = s.last().id;
  s.machine.switch_network(cafe);
  s.pass(1min);
  EXPECT_EQ(s.last().generation, 2u);
  EXPECT_EQ(s.last().type, uint32_t{THARSIS_NETWORK_WIFI});
  EXPECT_NE(s.last().id, first);
  s.machine.lose_network();
  s.pass(1min);
  EXPECT_EQ(s.last().type, uint32_t{THARSIS_NETWORK_NONE});
  s.machine.switch_network(home);
  s.pass(1min);
  EXPECT_EQ(s.last().id, first) << "the same on every visit";
  EXPECT_EQ(s.client.told.size(), 4u);
  EXPECT_EQ(s.last().generation, 4u);
}

TEST(NetworkInSimulation, ASleepIsToldAndASetClockIsNot) {
  THARSIS_ONE_THREAD();
  stage s(3, false);
  s.machine.set_clock_by(-24h);
  s.pass(1min);
  s.machine.set_clock_by(48h);
  s.pass(1min);
  EXPECT_EQ(s.last().woke, 0);
  s.machine.sleep();
  s.pass(8h);
  s.machine.wake();
  s.pass(1min);
  EXPECT_NE(s.last().woke, 0);
  EXPECT_EQ(s.last().generation, 2u);
  EXPECT_EQ(s.client.told.size(), 2u);
}

TEST(NetworkInSimulation, WhatIsToldReachesTheBusWithoutThePassword) {
  THARSIS_ONE_THREAD();
  stage s(4, false);
  s.client.tell({{"proxy", "http://ann:s3cret@proxy:3128"}, {"type", "cellular"}});
  s.pass(1s);
  EXPECT_EQ(s.last().proxy, "http://***@proxy:3128");
  EXPECT_EQ(s.last().type, uint32_t{THARSIS_NETWORK_CELLULAR});
  EXPECT_EQ(s.last().generation, 2u);
  EXPECT_EQ(s.client.told.size(), 2u);
  s.client.running->stop();
  s.client.tell({{"account", "late"}});
  s.pass(10s);
  s.client.tell({{"account", "too late"}});
}

// Without the news of the network a task would wait for the silence: answer_timeout, 4 s.
TEST(NetworkInSimulation, ALinkIsOverOnTheNewNetworkBeforeItsSilenceWouldTell) {
  THARSIS_ONE_THREAD();
  test::for_each_seed(test::seeds(30), [](uint64_t seed) {
    stage s(seed, true);
    s.pass(duration(static_cast<int64_t>(s.world.random() % 60'000'000'000)));
    const int before = s.client.connects;
    s.machine.switch_network(cafe);
    EXPECT_TRUE(s.until([&] { return s.client.up && s.client.connects > before; }, 1s)) << s.client.reason;
  });
}

TEST(NetworkInSimulation, AfterASleepThatOutlivedItsConnectionTheLinkIsBackWithinSeconds) {
  THARSIS_ONE_THREAD();
  test::for_each_seed(test::seeds(30), [](uint64_t seed) {
    stage s(seed, true);
    const int before = s.client.connects;
    s.pass(10s);
    s.machine.sleep();
    s.pass(8h);
    s.world.forget_connections(s.machine, s.server);  // The gateway and every router between have.
    s.machine.wake();
    EXPECT_TRUE(s.until([&] { return s.client.up && s.client.connects > before; }, 3s)) << s.client.reason;
  });
}

TEST(NetworkInSimulation, ASleepWhileConnectingEndsWell) {
  THARSIS_ONE_THREAD();
  test::for_each_seed(test::seeds(30), [](uint64_t seed) {
    stage s(seed, true);
    s.world.between(s.machine, s.server).black_hole = true;
    s.world.reset_connections(s.machine, s.server);
    ASSERT_TRUE(s.until([&] { return !s.client.up; }, 10s));
    s.pass(std::chrono::milliseconds(s.world.random() % 8000));
    s.machine.sleep();
    s.pass(1h);
    s.machine.switch_network(s.world.random() % 2 == 0 ? home : cafe);
    s.world.between(s.machine, s.server).black_hole = false;
    s.machine.wake();
    EXPECT_TRUE(s.until([&] { return s.client.up; }, 1s)) << s.client.reason;
  });
}

// Goal: no network does harm: whatever the machine goes through, in the end it is linked again, generations
// only grew, and no state was told twice in a row.
TEST(NetworkInSimulation, WhateverAMachineGoesThroughItIsLinkedInTheEnd) {
  THARSIS_ONE_THREAD();
  test::for_each_seed(test::seeds(100), [](uint64_t seed) {
    stage s(seed, true);
    const auto upto = [&](uint64_t n) { return s.world.random() % n; };
    bool asleep = false;
    for (int i = 0; i < 30; ++i) {
      switch (upto(6)) {
        case 0: s.machine.switch_network(cafe); break;
        case 1: s.machine.switch_network(home); break;
        case 2: s.machine.lose_network(); break;
        case 3: s.client.tell({{"foreground", upto(2) == 0 ? "0" : "1"}}); break;
        case 4: s.world.forget_connections(s.machine, s.server); break;
        default:
          asleep ? s.machine.wake() : s.machine.sleep();
          asleep = !asleep;
      }
      s.pass(std::chrono::milliseconds(uint64_t{1} << upto(16)));
    }
    if (asleep) s.machine.wake();
    s.machine.switch_network(home);
    s.pass(20s);
    EXPECT_TRUE(s.client.up) << s.client.reason;
    EXPECT_EQ(s.last().interface, "sim0");
    for (size_t i = 1; i < s.client.told.size(); ++i)
      EXPECT_LE(s.client.told[i].generation - s.client.told[i - 1].generation, 2u) << "a look and a sleep at most";
  });
}
