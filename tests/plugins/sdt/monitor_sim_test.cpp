#include "plugins/sdt/monitor.h"

#include <gtest/gtest.h>

#include "sdk/abi/stn.h"
#include "sdk/pure/address.h"
#include "sdk/sim/world.h"
#include "tests/plugins/host_on_strand.h"

using namespace tharsis;
using namespace tharsis::sdt;

namespace {

struct told {
  uint32_t code;
  std::string headline;
  instant at;
};

// sdt on a strand of its own, in a world with one server; the test plays stn.
struct scene {
  explicit scene(uint64_t seed)
      : world(seed),
        client(world.add_machine("client", {"10.0.0.1"})),
        server(world.add_machine("server", {"10.0.0.2"})),
        serving(server.platform(), "server"),
        box(client.platform(), "sdt"),
        names(std::in_place, *box.place, *box.own->net, &registry_of(box)),
        watcher(std::in_place, box.tables(), *box.place, *names, settings{}) {
    world.add_name("im.test", {"10.0.0.2"});
    sim::path& path = world.between(client, server);
    path.delay = std::chrono::milliseconds(1 + world.random() % 80);
    path.jitter = std::chrono::milliseconds(world.random() % 20);
    box.on_publish = [this](const void* payload) {
      const auto& v = *static_cast<const tharsis_sdt_verdict*>(payload);
      verdicts.push_back({v.code, std::string(view(v.headline)), box.place->now()});
    };
    box.send([this] { EXPECT_EQ(watcher->open(1, nullptr), THARSIS_OK); });
    world.run_for(1ms);
  }
  static const tharsis_registry& registry_of(test::host_on_strand& b) { return *b.tables().registry; }

  void listen() {
    serving.send([this] {
      const auto nothing = [](void*, tharsis_handle, uint32_t, tharsis_status) {};
      auto on = *parse_ip("10.0.0.2");
      on.port = 443;
      tharsis_handle listener = 0;
      const tharsis_net& net = *serving.own->net;
      EXPECT_EQ(net.listen(net.self, &on, nothing, nullptr, &listener, nullptr), THARSIS_OK);
    });
    world.run_for(1ms);
  }
  void link(uint32_t state, tharsis_status status = THARSIS_OK, std::string endpoint = "tcps://im.test:443",
            std::string address = "10.0.0.2:443") {
    box.send([this, state, status, endpoint, address] {
      const std::string reason = status == THARSIS_OK ? "" : "stn met this";
      const tharsis_stn_link l{text_of("main"), state, status, text_of(endpoint), text_of(address), text_of(reason), 1, 0, 0, 0, 0, {}};
      box.deliver(&l);
    });
  }
  void stop() {
    box.send([this] {
      watcher->close();
      EXPECT_EQ(box.left_open(), "");
    });
    world.run_for(1s);
  }
  // One failure; the verdict that follows within a second.
  told after_failure(tharsis_status status, std::string endpoint = "tcps://im.test:443", std::string address = "10.0.0.2:443") {
    const instant failed = world.now();
    link(THARSIS_STN_DOWN, status, endpoint, address);
    world.run_for(1s);
    EXPECT_EQ(verdicts.size(), 1u);
    if (verdicts.empty()) return {99, "none", {}};
    EXPECT_LE(verdicts[0].at, failed + 950ms);
    EXPECT_EQ(box.lines.size(), 1u) << "each verdict is one line of log";
    return verdicts[0];
  }

  sim::world world;
  sim::machine& client;
  sim::machine& server;
  test::host_on_strand serving;
  test::host_on_strand box;
  std::optional<resolver> names;
  std::optional<monitor> watcher;
  std::vector<told> verdicts;
};

constexpr uint64_t seeds = 100;

// The same scene under many seeds: its own delays, its own order of what is ready.
template <class F>
void in_every_world(F play) {
  for (uint64_t seed = 1; seed <= seeds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    scene s(seed);
    play(s);
    s.stop();
  }
}

}  // namespace

TEST(SdtSim, AClosedPortIsToldAndItsEndToo) {
  in_every_world([](scene& s) {
    s.link(THARSIS_STN_UP);
    const told v = s.after_failure(THARSIS_E_RESET);
    EXPECT_EQ(v.code, uint32_t{THARSIS_SDT_REFUSED});
    EXPECT_NE(v.headline.find("im.test:443 refuses connections: the host 10.0.0.2 is up but nothing listens on port 443"),
              std::string::npos) << v.headline;
    s.link(THARSIS_STN_CONNECTING);
    s.link(THARSIS_STN_UP);
    s.link(THARSIS_STN_UP);
    s.world.run_for(5s);
    ASSERT_EQ(s.verdicts.size(), 2u);
    EXPECT_EQ(s.verdicts[1].code, uint32_t{THARSIS_SDT_FINE});
  });
}

TEST(SdtSim, AMachineThatLostItsNetworkIsToldSoAndNotTheServer) {
  in_every_world([](scene& s) {
    s.listen();
    s.client.lose_network();
    s.box.send([&s] { s.box.network.move(""); });
    const told v = s.after_failure(THARSIS_E_NETWORK);
    EXPECT_EQ(v.code, uint32_t{THARSIS_SDT_UNREACHABLE});
    EXPECT_EQ(v.headline, "im.test:443 is unreachable: no network: no default route leads out of this machine");
    EXPECT_NE(s.box.lines.at(0).find("network: no default route;"), std::string::npos) << s.box.lines.at(0);
  });
}

TEST(SdtSim, ABlackHoleIsNoAnswerWhateverStnSays) {
  in_every_world([](scene& s) {
    s.listen();
    s.world.between(s.client, s.server).black_hole = true;
    EXPECT_EQ(s.after_failure(THARSIS_E_TIMEOUT).code, uint32_t{THARSIS_SDT_NO_ANSWER});
  });
}

TEST(SdtSim, ANameThatNobodyKnowsOrNobodyAnswersForIsUnresolved) {
  in_every_world([](scene& s) {
    EXPECT_EQ(s.after_failure(THARSIS_E_NOT_FOUND, "tcps://nobody.test:443", "").code, uint32_t{THARSIS_SDT_NAME_UNRESOLVED});
  });
  in_every_world([](scene& s) {
    s.listen();
    s.world.add_name("slow.test", {"10.0.0.2"}, 1min);
    const told v = s.after_failure(THARSIS_E_TIMEOUT, "tcps://slow.test:443");
    EXPECT_EQ(v.code, uint32_t{THARSIS_SDT_NAME_UNRESOLVED});
    EXPECT_NE(v.headline.find("no resolver answered within 600 ms"), std::string::npos) << v.headline;
  });
}

TEST(SdtSim, WhatStnMetOnAServerThatTakesConnectionsIsTheServers) {
  const std::pair<tharsis_status, uint32_t> met[] = {{THARSIS_E_RESET, THARSIS_SDT_CUT},
                                                     {THARSIS_E_TIMEOUT, THARSIS_SDT_SILENT},
                                                     {THARSIS_E_UNTRUSTED, THARSIS_SDT_UNTRUSTED},
                                                     {THARSIS_E_PROTOCOL, THARSIS_SDT_PROTOCOL}};
  for (const auto& [status, code] : met)
    in_every_world([status = status, code = code](scene& s) {
      s.listen();
      EXPECT_EQ(s.after_failure(status).code, code);
    });
}

TEST(SdtSim, ALinkThatConnectsForEverIsLookedAt) {
  in_every_world([](scene& s) {
    s.listen();
    s.link(THARSIS_STN_CONNECTING);
    s.world.run_for(4s);
    ASSERT_EQ(s.verdicts.size(), 1u);
    EXPECT_EQ(s.verdicts[0].code, uint32_t{THARSIS_SDT_SILENT});
  });
}

TEST(SdtSim, AnEndpointWithAnAddressNeedsNoResolver) {
  in_every_world([](scene& s) {
    const told v = s.after_failure(THARSIS_E_REFUSED, "tcp://10.0.0.2:443", "");
    EXPECT_EQ(v.code, uint32_t{THARSIS_SDT_REFUSED});
    EXPECT_EQ(s.box.lines.at(0).find("dns:"), std::string::npos) << s.box.lines.at(0);
  });
}

// Goal: a flapping link costs little, and stopping at any moment leaves nothing open. Method: a link
// that fails every few milliseconds against a black hole, so that rounds are always under way.
TEST(SdtSim, AFlappingLinkCostsFewRoundsAndStoppingInTheMiddleLeavesNothing) {
  in_every_world([](scene& s) {
    s.world.between(s.client, s.server).black_hole = true;
    const int flaps = 1 + static_cast<int>(s.world.random() % 300);
    for (int i = 0; i < flaps; ++i) {
      s.link(THARSIS_STN_CONNECTING);
      s.link(i % 7 == 0 ? THARSIS_STN_UP : THARSIS_STN_DOWN, i % 7 == 0 ? THARSIS_OK : THARSIS_E_RESET);
      s.world.run_for(std::chrono::milliseconds(s.world.random() % 300));
    }
    EXPECT_LE(s.verdicts.size(), 2u * (4 + 9)) << "a burst of 4, then one each 10 s, and the ends of each";
  });
}
