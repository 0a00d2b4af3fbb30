// Goal: what was told and advised of addresses decides which is dialled first, whoever remembers it, and however the addresses came.
#include "tests/plugins/stn/dial_world.h"
#include "tests/plugins/stn/dns_beside.h"

using namespace tharsis;
using test::dial_world;
using test::dns_beside;

namespace {

struct advised_world : dial_world {
  // Connections are reset here, which is no matter of breakers.
  explicit advised_world(uint64_t seed) : dial_world(seed) { settings.breaker.use = false; }
  // Two servers of the link's name.
  void serve_two() {
    add_server("10.0.3.1");
    add_server("10.0.3.2");
    world.add_name(name, {"10.0.3.1", "10.0.3.2"});
  }
  void advise(uint32_t code, const char* about, duration life = 5min) {
    client.on_strand([&] { dispatcher->ways().names().advise(code, about, life); });
    world.run_for(10ms);
  }
  // Loses its connection to this machine, and has another one.
  void dial_again(const std::string& ip) {
    world.reset_connections(client_machine, at_machine(ip));
    EXPECT_TRUE(wait_down());
    EXPECT_TRUE(wait_up()) << reason();
  }
  duration dial() const { return host.connects.back().dial; }
  void end() {
    stop();
    client.on_strand([&] { dispatcher.reset(); });
  }
};

}  // namespace

// A name's addresses have no port, and what dns says of them is of none.
TEST(DialMemorySim, AdviceAboutOnePortHoldsForANamesAddressesToo) {
  for (const bool beside : {true, false}) {
    SCOPED_TRACE(beside ? "dns" : "without dns");
    advised_world w(50);
    std::optional<dns_beside> dns;
    if (beside) dns.emplace(w);
    w.serve_two();
    w.start();
    ASSERT_TRUE(w.wait_up()) << w.reason();
    ASSERT_EQ(w.where(), "10.0.3.1:443");
    w.advise(THARSIS_DNS_AVOID, "10.0.3.1:8443");
    w.dial_again("10.0.3.1");
    EXPECT_EQ(w.where(), "10.0.3.1:443") << "the other port is avoided";
    w.advise(THARSIS_DNS_AVOID, "10.0.3.1:443");
    w.dial_again("10.0.3.1");
    EXPECT_EQ(w.where(), "10.0.3.2:443");
    w.end();
  }
}

TEST(DialMemorySim, AdviceOutlivesTheDnsThatHeardIt) {
  advised_world w(51);
  dns_beside dns(w);
  w.serve_two();
  w.start();
  ASSERT_TRUE(w.wait_up()) << w.reason();
  ASSERT_EQ(w.where(), "10.0.3.1:443");
  w.advise(THARSIS_DNS_AVOID, "10.0.3.1");
  dns.restart();
  w.dial_again("10.0.3.1");
  EXPECT_EQ(w.where(), "10.0.3.2:443");
  w.advise(THARSIS_DNS_AVOID, "10.0.3.1", 0s);
  w.advise(THARSIS_DNS_AVOID, "10.0.3.2");
  w.client.on_strand([&] { w.host.dns = nullptr; });
  w.dial_again("10.0.3.2");
  EXPECT_EQ(w.where(), "10.0.3.1:443") << "dns has gone";
  w.end();
}

// The order that dns gave once is not the order for ever: what is told since is known here.
TEST(DialMemorySim, WhatANameWasLastIsOrderedAnewWhileItIsNotResolved) {
  advised_world w(52);
  dns_beside dns(w);
  w.serve_two();
  w.start();
  ASSERT_TRUE(w.wait_up()) << w.reason();
  ASSERT_EQ(w.where(), "10.0.3.1:443");
  w.client.on_strand([&] { w.host.dns = nullptr; });
  w.client_machine.like().names_fail = true;
  w.cut("10.0.3.1", true);
  w.dial_again("10.0.3.1");
  ASSERT_EQ(w.where(), "10.0.3.2:443");
  w.dial_again("10.0.3.2");
  EXPECT_EQ(w.where(), "10.0.3.2:443");
  EXPECT_LT(w.dial(), 50ms) << "the other one was silent a moment ago";
  w.end();
}

// The order of servers' answers is the same for many clients, and they would all go from a server that fails to the same next one.
TEST(DialMemorySim, WithDnsTooEachClientHasItsOwnOrderOfAddressesThatNothingSpeaksFor) {
  std::map<std::string, int> first;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    advised_world w(seed);
    dns_beside dns(w);
    w.link().dial.ties = stn::dial_settings::order::own;
    const std::vector<std::string> ips = {"10.0.3.1", "10.0.3.2", "10.0.3.3", "10.0.3.4"};
    for (const std::string& ip : ips) w.add_server(ip);
    w.world.add_name(w.name, ips);
    w.start();
    ASSERT_TRUE(w.wait_up()) << w.reason();
    const std::string at = w.where();
    ++first[at];
    w.dial_again(at.substr(0, at.find(':')));
    EXPECT_EQ(w.where(), at) << "seed " << seed << ": that one is known to be good";
    w.end();
  }
  for (const auto& [at, count] : first) EXPECT_GT(count, 2) << at;
  EXPECT_EQ(first.size(), 4u);
}

// Of two endpoints with one name the port of the one is not the other's.
TEST(DialMemorySim, WhatANameWasLastIsDialledAtThePortOfTheEndpoint) {
  advised_world w(53);
  w.add_machine("10.0.3.1");
  w.world.add_name(w.name, {"10.0.3.1"});
  test::site there(w.world, w.at_machine("10.0.3.1"), "other port");
  test::scripted_server second(*there.place, *there.home->net);
  there.on_strand([&] { EXPECT_EQ(second.listen(w.at("10.0.3.1", 8443), {}), THARSIS_OK); });
  w.link().endpoints = {{"tcp", w.name, 443}, {"tcp", w.name, 8443}};
  w.start();
  w.world.run_until([&] { return w.host.states.size() > 1; }, w.world.now() + 5s);
  w.client_machine.like().names_fail = true;
  ASSERT_TRUE(w.wait_up()) << w.reason();
  EXPECT_EQ(w.where(), "10.0.3.1:8443");
  w.end();
  there.on_strand([&] { second.close(); });
  there.on_strand([&] { there.home->close(there.home->self); });
}

// dns hears of the translated addresses, which are the ones that are dialled; the name has others.
TEST(DialMemorySim, BehindATranslatorWhatWasToldCounts) {
  advised_world w(54);
  dns_beside dns(w);
  w.host.network.families = THARSIS_NETWORK_V6;
  w.client_machine.switch_network({"v6", {"2001:db8:1::1"}});
  w.world.add_name(w.name, {"10.0.3.1", "10.0.3.2"});
  w.world.add_name("ipv4only.arpa", {"64:ff9b::192.0.0.170", "64:ff9b::192.0.0.171"});
  w.add_hole("64:ff9b::10.0.3.1");
  w.add_server("64:ff9b::10.0.3.2");
  w.start();
  ASSERT_TRUE(w.wait_up()) << w.reason();
  ASSERT_EQ(w.where(), "[64:ff9b::a00:302]:443");
  EXPECT_GE(w.dial(), 50ms) << "the other one is silent";
  w.dial_again("64:ff9b::10.0.3.2");
  EXPECT_LT(w.dial(), 50ms) << "that is known now";
  w.end();
}
