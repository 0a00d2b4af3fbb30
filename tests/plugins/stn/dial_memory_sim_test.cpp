// Goal: what was told and advised of addresses decides which is dialled first, whoever remembers it, and however the addresses came.
#include <cstddef>
#include <set>

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

// A dns that answers nothing, and keeps what it is told of certificates: "-1 im.tharsis.test 10.0.0.2:443 untrusted".
struct told_dns {
  told_dns() {
    table.size = offsetof(tharsis_dns, rank);
    table.self = this;
    table.resolve = [](void*, tharsis_text, uint32_t, tharsis_dns_done, void*, tharsis_handle*, tharsis_error*) { return tharsis_status{THARSIS_E_GONE}; };
    table.feedback = [](void* self, const tharsis_dns_feedback* f) {
      if (f->name.size > 0 || f->proved != 0)
        static_cast<told_dns*>(self)->told.insert(std::to_string(f->proved) + " " + std::string(view(f->name)) + " " + to_text(f->address) + " " + std::string(status_name(f->status)));
    };
  }
  tharsis_dns table{};
  std::set<std::string> told;
};

// A server over TLS that shows this, `days` old.
struct shown_world : test::link_world {
  shown_world(uint64_t seed, const char* certified, bool known_authority, int days = 0) : link_world(seed) {
    host.dns = &dns.table;
    write_ca();
    const identity stranger = *make_authority(*client.platform.random, "nobody's authority", seconds() - days * 86'400, 30);
    const identity own = *make_authority(*client.platform.random, "test authority", seconds() - days * 86'400, 30);
    if (known_authority) authority = own, write_ca();
    const auto shown = issue_server_certificate(*client.platform.random, known_authority ? own : stranger, {certified}, seconds() - days * 86'400, 5);
    elsewhere.on_strand([&] { EXPECT_EQ(server.listen(test::dial_world::at("10.0.0.2"), *tls_context::server({shown->certificate_pem, shown->private_key_pem})), THARSIS_OK); });
  }
  std::string told() {
    start();
    world.run_for(5s);
    std::string all;
    for (const std::string& one : dns.told) all += (all.empty() ? "" : ", ") + one;
    stop();
    client.on_strand([&] { dispatcher.reset(); });
    return all;
  }
  told_dns dns;
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

// Goal: of a certificate dns hears what it says of the address, and nothing of what it says of the server's care, of this machine's clock, or
// of a pin; nor of an address that no name gave.
TEST(DialMemorySim, DnsHearsWhoseCertificateAnAddressShows) {
  EXPECT_EQ(shown_world(60, shown_world::name, true).told(), "1 im.tharsis.test 10.0.0.2:443 ok");
  EXPECT_EQ(shown_world(61, "thief.test", true).told(), "-1 im.tharsis.test 10.0.0.2:443 untrusted");
  EXPECT_EQ(shown_world(62, shown_world::name, false).told(), "-1 im.tharsis.test 10.0.0.2:443 untrusted");
  EXPECT_EQ(shown_world(63, shown_world::name, true, 20).told(), "") << "nobody has renewed it, or the clock is wrong";
  shown_world pinned(64, shown_world::name, true);
  pinned.link().tls.pins = {key_pin{}};
  EXPECT_EQ(pinned.told(), "");
  shown_world debug(65, "thief.test", true);
  debug.link().debug_addresses = test::dial_world::all({"10.0.0.2"});
  EXPECT_EQ(debug.told(), "") << "the profile's own word";
}

// A name's addresses are put in order twice for one dial: by dns as it answers, and again once this client's own order of ties is made. The
// probe of an address whose ban is over belongs to both.
TEST(DialMemorySim, AnAddressThatWasBannedComesBack) {
  advised_world w(66);
  dns_beside dns(w);
  w.link().dial.ties = stn::dial_settings::order::own;
  w.add_server("10.0.3.1");
  w.add_server("10.0.3.2");
  w.world.add_name(w.name, {"10.0.3.1", "10.0.3.2"});
  w.start();
  ASSERT_TRUE(w.wait_up()) << w.reason();
  const std::string good = w.where() == "10.0.3.1:443" ? "10.0.3.1" : "10.0.3.2", bad = good == "10.0.3.1" ? "10.0.3.2" : "10.0.3.1";
  const auto tell = [&](const std::string& ip, tharsis_status status) {
    tharsis_dns_feedback f{};
    f.size = sizeof f;
    f.status = status;
    f.address = w.at(ip);
    dns.table().feedback(dns.table().self, &f);
    w.world.run_for(11s);
  };
  for (int i = 0; i < 3; ++i) tell(bad, THARSIS_E_TIMEOUT);
  w.world.run_for(7min);
  w.cut(good, true);
  w.dial_again(good);
  EXPECT_EQ(w.where(), bad + ":443");
  w.end();
}

// Goal: who has a good address looks at the other now and then, and stays with it where it is the better one; it costs a stagger where it is not.
TEST(DialMemorySim, NowAndThenAnotherAddressIsDialledFirst) {
  for (const bool better : {false, true}) {
    advised_world w(67);
    dns_beside dns(w);
    w.link().dial.ties = stn::dial_settings::order::own;
    w.serve_two();
    w.delay("10.0.3.1", 60ms);
    w.delay("10.0.3.2", 60ms);
    w.start();
    ASSERT_TRUE(w.wait_up()) << w.reason();
    const std::string good = w.where().substr(0, w.where().find(':')), other = good == "10.0.3.1" ? "10.0.3.2" : "10.0.3.1";
    if (better) w.delay(other, 2ms);
    else w.cut(other, true);
    int elsewhere = 0;
    for (int i = 0; i < 60; ++i) {
      w.world.run_for(20s);
      w.dial_again(w.where().substr(0, w.where().find(':')));
      ASSERT_TRUE(w.up());
      elsewhere += w.where() == other + ":443";
      EXPECT_LT(w.dial(), 450ms);
    }
    if (better) EXPECT_GE(elsewhere, 25) << "found within thirty dials";
    else EXPECT_EQ(elsewhere, 0);
    w.end();
  }
}
