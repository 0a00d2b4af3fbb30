// Goal: what sdk/abi/stn_heal.h promises: a remedy changes what is dialled, soon, and leaves nothing behind; a wrong one makes
// nothing worse than it was.
#include "plugins/stn/heal_service.h"
#include "tests/plugins/stn/dial_world.h"
#include "tests/plugins/stn/gated_world.h"

using namespace tharsis;
using test::dial_world;
using manner = test::scripted_server::manner;

namespace {

// One who asks, from a strand of his own.
template <class World>
struct healed : World {
  template <class... A>
  explicit healed(A&&... a) : World(std::forward<A>(a)...), app(this->world, this->client_machine, "app") {}
  ~healed() {
    if (this->dispatcher) {
      this->stop();
      this->client.on_strand([&] { this->dispatcher.reset(); });
    }
    this->client.on_strand([&] { service.reset(); });
    app.on_strand([&] { app.home->close(app.home->self); });
  }
  void begin() {
    this->start();
    this->client.on_strand([&] { service.emplace(*this->client.place, this->host.tables(), this->dispatcher->ways().heals()); });
  }
  tharsis_status apply(uint32_t what, uint32_t number, duration lasts, const char* address = nullptr, const char* of = "") {
    tharsis_stn_remedy r{};
    r.size = sizeof r;
    r.what = what;
    r.number = number;
    r.ttl_ms = static_cast<uint32_t>(milliseconds(lasts));
    if (address != nullptr) r.address = *parse_place(address);
    r.host = text_of(of);
    r.reason = text_of("a test has found it");
    tharsis_error why = no_error();
    tharsis_status status = THARSIS_PENDING;
    app.on_strand([&] { status = service->table()->apply(service->table()->self, &r, &id, &why); });
    this->last_error = why.text;
    this->world.run_for(1ms);
    return status;
  }
  void undo() {
    app.on_strand([&] { service->table()->undo(service->table()->self, id); });
    this->world.run_for(1ms);
  }
  // Another network, so that the link connects again.
  void move(const std::string& to) {
    this->client.on_strand([&] { this->host.network.move(to, to); });
    this->world.run_for(10s);
  }
  // The same one, by another interface.
  void dial_again(const std::string& by) {
    this->client.on_strand([&] { this->host.network.move(by, "home"); });
    this->world.run_for(10s);
  }

  test::site app;
  std::optional<stn::heal_service> service;
  tharsis_handle id = 0;
};

using heal_world = healed<dial_world>;

}  // namespace

TEST(HealSim, AnAddressThatIsToBeAvoidedIsDialledLastAndAgainWhenThatIsOver) {
  heal_world w(1u);
  w.add_server("10.0.0.3");
  w.add_server("10.0.0.5");
  w.world.add_name(w.name, {"10.0.0.3", "10.0.0.5"});
  w.client.on_strand([&] { w.host.network.move("wlan0", "home"); });
  w.begin();
  ASSERT_TRUE(w.wait_up());
  EXPECT_EQ(w.where(), "10.0.0.3:443");
  ASSERT_EQ(w.apply(THARSIS_STN_HEAL_ADDRESS, 0, 60s, "10.0.0.3"), THARSIS_OK) << w.last_error;
  w.world.run_for(1s);
  EXPECT_EQ(w.where(), "10.0.0.3:443") << "a link that is up is left alone";
  w.dial_again("wlan1");
  EXPECT_EQ(w.where(), "10.0.0.5:443");
  w.cut("10.0.0.5", true);
  w.dial_again("wlan2");
  EXPECT_EQ(w.where(), "10.0.0.3:443") << "last, and not never";
  w.cut("10.0.0.5", false);
  w.world.run_for(60s);
  w.undo();
  w.move("cafe");
  EXPECT_EQ(w.where(), "10.0.0.3:443");
}

TEST(HealSim, TheOtherPortIsTriedFirstAndTheOwnOneBehindIt) {
  heal_world w(2u);
  w.serve();
  w.client.on_strand([&] { w.host.network.move("wlan0", "home"); });
  w.begin();
  ASSERT_TRUE(w.wait_up());
  ASSERT_EQ(w.apply(THARSIS_STN_HEAL_PORT, 8443, 600s, nullptr, w.name), THARSIS_OK) << w.last_error;
  w.dial_again("wlan1");
  EXPECT_EQ(w.where(), "10.0.0.2:443") << "nothing listens at the other: no worse than before";
  test::site more(w.world, w.server_machine, "more");
  test::scripted_server second(*more.place, *more.home->net);
  more.on_strand([&] { EXPECT_EQ(second.listen(w.at("10.0.0.2", 8443), {}), THARSIS_OK); });
  w.dial_again("wlan2");
  EXPECT_EQ(w.where(), "10.0.0.2:8443");
  w.undo();
  w.dial_again("wlan3");
  EXPECT_EQ(w.where(), "10.0.0.2:443");
  w.stop();
  w.client.on_strand([&] { w.dispatcher.reset(); });
  more.on_strand([&] { second.close(); });
  more.on_strand([&] { more.home->close(more.home->self); });
}

TEST(HealSim, ThatOnePortIsAvoidedSaysNothingOfTheOneThatIsTriedFirst) {
  heal_world w(13u);
  w.add_machine("10.0.0.3");
  w.add_server("10.0.0.5");
  w.world.add_name(w.name, {"10.0.0.3", "10.0.0.5"});
  test::site there(w.world, w.at_machine("10.0.0.3"), "other port");
  test::scripted_server second(*there.place, *there.home->net);
  there.on_strand([&] { EXPECT_EQ(second.listen(w.at("10.0.0.3", 8443), {}), THARSIS_OK); });
  w.client.on_strand([&] { w.host.network.move("wlan0", "home"); });
  w.begin();
  ASSERT_TRUE(w.wait_up());
  EXPECT_EQ(w.where(), "10.0.0.5:443");
  ASSERT_EQ(w.apply(THARSIS_STN_HEAL_ADDRESS, 0, 600s, "10.0.0.3:443"), THARSIS_OK) << w.last_error;
  ASSERT_EQ(w.apply(THARSIS_STN_HEAL_PORT, 8443, 600s, nullptr, w.name), THARSIS_OK) << w.last_error;
  w.dial_again("wlan1");
  EXPECT_EQ(w.where(), "10.0.0.3:8443");
  w.stop();
  w.client.on_strand([&] { w.dispatcher.reset(); });
  there.on_strand([&] { second.close(); });
  there.on_strand([&] { there.home->close(there.home->self); });
}

TEST(HealSim, AnAttemptThatHangsBeginsAnewWithTheRemedy) {
  heal_world w(3u);
  w.world.add_name(w.name, {"10.0.0.2"});
  w.write_ca();
  w.elsewhere.on_strand([&] { EXPECT_EQ(w.server.listen(w.at("10.0.0.2", 8443), {}), THARSIS_OK); });
  test::site dead(w.world, w.server_machine, "dead");
  test::scripted_server mute(*dead.place, *dead.home->net);
  mute.how = manner::mute;
  dead.on_strand([&] { EXPECT_EQ(mute.listen(w.at("10.0.0.2", 443), {}), THARSIS_OK); });
  w.client.on_strand([&] { w.host.network.move("wlan0", "home"); });
  w.begin();
  w.world.run_for(2s);
  EXPECT_FALSE(w.up()) << "whoever answers there says nothing";
  ASSERT_EQ(w.apply(THARSIS_STN_HEAL_PORT, 8443, 600s, nullptr, w.name), THARSIS_OK) << w.last_error;
  w.world.run_for(100ms);
  EXPECT_EQ(w.where(), "10.0.0.2:8443");
  w.stop();
  w.client.on_strand([&] { w.dispatcher.reset(); });
  dead.on_strand([&] { mute.close(); });
  dead.on_strand([&] { dead.home->close(dead.home->self); });
}

TEST(HealSim, InAPortalNothingIsDialledAndAfterwardsAtOnce) {
  heal_world w(4u);
  w.add_hole("10.0.0.3");
  w.world.add_name(w.name, {"10.0.0.3"});
  w.client.on_strand([&] { w.host.network.move("wlan0", "home"); });
  w.begin();
  w.world.run_for(2s);
  ASSERT_EQ(w.apply(THARSIS_STN_HEAL_PORTAL, 0, 120s), THARSIS_OK) << w.last_error;
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_PORTAL});
  EXPECT_EQ(w.reason(), "it waits until somebody has signed in to this network: a test has found it");
  const size_t before = w.host.connects.size();
  EXPECT_EQ(w.submit("hello", "k", 90'000), THARSIS_OK);
  w.world.run_for(60s);
  EXPECT_EQ(w.host.connects.size(), before) << "nothing is dialled, not even for a task";
  w.world.add_name(w.name, {"10.0.0.2"});
  w.serve();
  w.undo();
  w.world.run_for(1s);
  EXPECT_EQ(w.outcomes["hello"].status, THARSIS_OK);
  EXPECT_TRUE(w.up());
}

TEST(HealSim, APortalThatNobodyTakesBackEndsWithItsTime) {
  heal_world w(5u);
  w.world.add_name(w.name, {});
  w.client.on_strand([&] { w.host.network.move("wlan0", "home"); });
  w.begin();
  w.world.run_for(1s);
  ASSERT_EQ(w.apply(THARSIS_STN_HEAL_PORTAL, 0, 30s), THARSIS_OK) << w.last_error;
  w.world.add_name(w.name, {"10.0.0.2"});
  w.serve();
  w.world.run_for(29s);
  EXPECT_FALSE(w.up());
  w.world.run_for(1100ms);
  EXPECT_TRUE(w.up()) << w.reason();
}

TEST(HealSim, ALinkThatIsUpStaysSoInAPortal) {
  heal_world w(6u);
  w.serve();
  w.begin();
  ASSERT_TRUE(w.wait_up());
  ASSERT_EQ(w.apply(THARSIS_STN_HEAL_PORTAL, 0, 60s), THARSIS_OK);
  EXPECT_EQ(w.submit("hello", "k"), THARSIS_OK);
  w.world.run_for(1s);
  EXPECT_EQ(w.outcomes["hello"].status, THARSIS_OK);
}

TEST(HealSim, OneFamilyComesFirst) {
  heal_world w(7u);
  w.add_server("10.0.0.3");
  w.add_server("fd00::3");
  w.world.add_name(w.name, {"10.0.0.3", "fd00::3"});
  w.host.network.families = THARSIS_NETWORK_V4 | THARSIS_NETWORK_V6;
  w.client_machine.switch_network({"both", {"10.0.0.1", "fd00::1"}});
  w.client.on_strand([&] { w.host.network.move("wlan0", "home"); });
  w.begin();
  ASSERT_TRUE(w.wait_up());
  EXPECT_EQ(w.where(), "10.0.0.3:443");
  ASSERT_EQ(w.apply(THARSIS_STN_HEAL_FAMILY, 6, 60s), THARSIS_OK) << w.last_error;
  w.dial_again("wlan1");
  EXPECT_EQ(w.where(), "[fd00::3]:443");
}

TEST(HealSim, SegmentsAreSmallWhileItLastsAndNothingIsKept) {
  heal_world w(8u, "tcps");
  sim::path& path = w.world.between(w.client_machine, w.server_machine);
  path.packet_max = 1000;  // Below what stn tries by itself.
  for (int i = 0; i < 16; ++i) w.chain_pem += w.authority.certificate_pem;
  w.segments_file = "/state/segments";
  w.serve();
  w.client.on_strand([&] { w.host.network.move("wlan0", "home"); });
  w.begin();
  w.world.run_for(5s);
  EXPECT_FALSE(w.up());
  ASSERT_EQ(w.apply(THARSIS_STN_HEAL_SEGMENTS, 800, 60s), THARSIS_OK) << w.last_error;
  w.world.run_for(2s);
  EXPECT_TRUE(w.up()) << w.reason();
  EXPECT_EQ(w.host.segments.size(), static_cast<size_t>(std::count_if(w.host.segments.begin(), w.host.segments.end(), [](const auto& s) {
    return s.what == THARSIS_STN_SEGMENTS_RACED || s.what == THARSIS_STN_SEGMENTS_NEEDLESS;
  }))) << "stn itself has found nothing";
}

TEST(HealSim, NoTaskGoesByADatagramWhileItLasts) {
  healed<test::gated_world> w(9u);
  w.begin();
  ASSERT_TRUE(w.wait_up());
  w.world.run_for(1s);
  w.load(10, 200ms, "before ");
  EXPECT_EQ(w.metric("udp_sent"), 10);
  ASSERT_EQ(w.apply(THARSIS_STN_HEAL_DATAGRAMS, 0, 60s), THARSIS_OK) << w.last_error;
  w.load(10, 200ms, "while ");
  EXPECT_EQ(w.metric("udp_sent"), 10);
  w.undo();
  w.load(10, 200ms, "after ");
  EXPECT_EQ(w.metric("udp_sent"), 20);
}

TEST(HealSim, WrongOnesAreRefusedAndLateOnesAreToldSo) {
  heal_world w(10u);
  w.begin();
  EXPECT_EQ(w.apply(THARSIS_STN_HEAL_FAMILY, 7, 60s), THARSIS_E_INVALID);
  EXPECT_NE(w.last_error.find("a family is 4 or 6, not 7"), std::string::npos) << w.last_error;
  tharsis_error why = no_error();
  EXPECT_EQ(w.service->table()->apply(w.service->table()->self, nullptr, nullptr, &why), THARSIS_E_INVALID);
  tharsis_stn_remedy small{};
  EXPECT_EQ(w.service->table()->apply(w.service->table()->self, &small, nullptr, &why), THARSIS_E_INVALID);
  w.client.on_strand([&] { w.service->stop(); });
  EXPECT_EQ(w.apply(THARSIS_STN_HEAL_FAMILY, 4, 60s), THARSIS_E_GONE);
  w.undo();
}
