// Goal: who listens to the bus knows how the network is over all links, and when to ask the server otherwise.
#include "tests/plugins/stn/link_world.h"

using namespace tharsis;
using test::link_world;

namespace {

uint32_t status(const link_world& w) { return w.host.networks.back().status; }

}  // namespace

TEST(NetworkNews, TheStateFollowsTheLinksAndTheNetworkAndIsToldOncePerChange) {
  link_world w(1, "tcp");
  w.serve();
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.world.run_for(1s);
  EXPECT_EQ(status(w), uint32_t{THARSIS_STN_NETWORK_CONNECTED});
  EXPECT_EQ(w.host.networks.back().links, 1u);
  EXPECT_EQ(w.host.networks.back().links_up, 1u);
  EXPECT_EQ(w.host.networks.front().status, uint32_t{THARSIS_STN_NETWORK_CONNECTING});
  const size_t told = w.host.networks.size();
  w.world.run_for(60s);
  EXPECT_EQ(w.host.networks.size(), told);
  w.elsewhere.on_strand([&] { w.server.close(); });
  w.world.run_for(120s);
  EXPECT_EQ(status(w), uint32_t{THARSIS_STN_NETWORK_SERVER_DOWN}) << "a machine that refuses";
  EXPECT_EQ(w.host.networks.back().links_up, 0u);
  w.client.on_strand([&] { w.host.network.move(""); });
  w.world.run_for(10s);
}

// An attempt that is under way does not take back what the ones before it have shown.
TEST(NetworkNews, AServerThatIsDownStaysSoWhileItIsTriedAgain) {
  link_world w(3, "tcp");
  w.serve();
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.elsewhere.on_strand([&] { w.server.close(); });
  ASSERT_TRUE(w.world.run_until([&] { return status(w) == THARSIS_STN_NETWORK_SERVER_DOWN; }, w.world.now() + 10min));
  const size_t told = w.host.networks.size(), attempts = w.host.connects.size();
  w.world.run_for(10min);
  EXPECT_GT(w.host.connects.size(), attempts + 3);
  EXPECT_EQ(w.host.networks.size(), told);
}

TEST(NetworkNews, WhileNoLinkIsUpTheApplicationIsAskedToAskItsServer) {
  link_world w(2, "tcp");
  w.start();
  w.world.run_for(500s);
  ASSERT_EQ(w.host.syncs.size(), 2u) << "every four minutes without an account";
  EXPECT_EQ(duration(w.host.syncs[0].period), 240s);
  EXPECT_EQ(duration(w.host.syncs[1].down_for), 480s);
  w.serve();
  ASSERT_TRUE(w.wait_up(120s));
  const size_t before = w.host.syncs.size();
  w.world.run_for(1h);
  EXPECT_EQ(w.host.syncs.size(), before);
}
