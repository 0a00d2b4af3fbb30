// Goal: whoever asks why a link is down gets a code, a sentence, and what led to it.
#include "plugins/stn/core/links_report.h"
#include "sdk/abi/stn_links.h"
#include "sdk/async/file_reader.h"
#include "tests/plugins/stn/link_world.h"

using namespace tharsis;
using manner = test::scripted_server::manner;
using test::link_world;

namespace {

struct linked : link_world {
  explicit linked(uint64_t seed) : link_world(seed) {
    book = "/state/links";
    serve();
    start();
    EXPECT_TRUE(wait_up()) << reason();
  }
  void tell(const std::string& interface, const std::string& id = {}) {
    client.on_strand([&] { host.network.move(interface, id); });
  }
  stn::links_report read_book() {
    const auto text = read_whole(client.platform.files, "/state/links", 1 << 20, "links");
    EXPECT_TRUE(text) << text.failure().text;
    auto r = stn::parse_links_report(text ? *text : "");
    EXPECT_TRUE(r) << r.failure().text;
    return r ? *r : stn::links_report();
  }
};

}  // namespace

TEST(StnReasonsSim, ALinkConnectsBecauseItStartsAndThenBecauseThePauseIsOver) {
  link_world w(1);
  w.write_ca();
  w.start();
  ASSERT_TRUE(w.wait_down());
  EXPECT_EQ(w.host.states.front().why, uint32_t{THARSIS_STN_WHY_START});
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_REFUSED});
  w.world.run_for(5s);
  EXPECT_EQ(w.host.states[2].why, uint32_t{THARSIS_STN_WHY_RETRY});
}

TEST(StnReasonsSim, ATaskThatWaitsIsTheReasonToConnect) {
  link_world w(2);
  w.write_ca();
  w.start();
  ASSERT_TRUE(w.wait_down());
  w.submit("x", "x", 20'000);
  const size_t before = w.host.states.size();
  ASSERT_TRUE(w.world.run_until([&] { return w.host.states.size() > before + 1; }, w.world.now() + 10s));
  bool wanted = false;
  for (const auto& s : w.host.states) wanted = wanted || s.why == THARSIS_STN_WHY_WANTED;
  EXPECT_TRUE(wanted);
}

TEST(StnReasonsSim, EachWayToFailHasItsCode) {
  const std::pair<manner, uint32_t> all[] = {{manner::mute, THARSIS_STN_WHY_UNPROVED},
                                             {manner::refuse_hello, THARSIS_STN_WHY_HELLO_REFUSED},
                                             {manner::garbage, THARSIS_STN_WHY_DECODE}};
  for (const auto& [how, why] : all) {
    link_world w(3);
    w.server.how = how;
    w.serve();
    w.start();
    ASSERT_TRUE(w.wait_down());
    EXPECT_EQ(w.down().why, why) << w.reason();
  }
}

TEST(StnReasonsSim, Defect1AMissedPongIsNoticedWithinItsDeadlineAndNamed) {
  linked w(4);
  w.server.how = manner::mute_after_hello;
  const instant began = w.world.now();
  ASSERT_TRUE(w.wait_down(10min));
  EXPECT_LE(w.world.now() - began, w.link().heartbeat.interval_min + w.link().heartbeat.pong_timeout + 1s);
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_PONG_MISSED}) << w.reason();
}

TEST(StnReasonsSim, AChainTellsTheNetworkChangeThatLedToIt) {
  linked w(5);
  w.world.forget_connections(w.client_machine, w.server_machine);
  w.tell("sim0");
  ASSERT_TRUE(w.wait_down());
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_SECOND});
  EXPECT_EQ(w.down().causes, "the network behind sim0 changed; a ping asked whether the connection had lived through it");
}

TEST(StnReasonsSim, AFearThatDidNotComeIsNoCauseOfWhatComesLater) {
  linked w(6);
  w.tell("sim0");
  w.world.run_for(10s);
  w.elsewhere.on_strand([&] { w.server.close(); });
  ASSERT_TRUE(w.wait_down());
  EXPECT_EQ(w.down().causes, "");
}

TEST(StnReasonsSim, WhileTheServerIsAwayTheChainBeginsWithTheLoss) {
  linked w(7);
  w.elsewhere.on_strand([&] { w.server.close(); });
  w.world.run_for(60s);
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_REFUSED}) << w.reason();
  EXPECT_NE(w.down().causes.find("the connection"), std::string::npos) << w.down().causes;
}

TEST(StnReasonsSim, TheBookSaysHowLinksAreAndWhyTheyWereDown) {
  linked w(8);
  w.world.run_for(3s);
  stn::links_report r = w.read_book();
  ASSERT_EQ(r.links.size(), 1u);
  EXPECT_EQ(r.links[0].state, uint32_t{THARSIS_STN_UP});
  EXPECT_EQ(r.network, uint32_t{THARSIS_STN_NETWORK_CONNECTED});
  EXPECT_TRUE(r.running);
  w.elsewhere.on_strand([&] { w.server.close(); });
  w.world.run_for(60s);
  r = w.read_book();
  ASSERT_GE(r.links[0].incidents.size(), 2u);
  EXPECT_GT(r.links[0].incidents[0].lived, 0s);
  EXPECT_EQ(r.links[0].incidents.back().why, uint32_t{THARSIS_STN_WHY_REFUSED});
  EXPECT_GE(r.links[0].incidents.back().times, 2u) << "attempts that fail alike are one";
  EXPECT_EQ(r.network, uint32_t{THARSIS_STN_NETWORK_SERVER_DOWN});
  w.stop();
  EXPECT_FALSE(w.read_book().running);
  w.client.on_strand([&] { w.dispatcher.reset(); });
}
