// Goal: an endpoint's own port is dialled; where it has none (0), the one that dns' signed table has for the name.
#include <algorithm>

#include "tests/plugins/dns/signed_table.h"
#include "tests/plugins/stn/dial_world.h"
#include "tests/plugins/stn/dns_beside.h"

using namespace tharsis;
using test::dial_world;
using test::dns_beside;

namespace {

const dns::table_signer owner = dns::test::signer_of(1);

dns::settings with_keys() {
  dns::settings s;
  s.known.table_keys = {owner.open()};
  return s;
}

// A link whose name is in a table, beside a dns that reads it.
struct table_world : dial_world {
  explicit table_world(uint64_t seed, dns::settings s = with_keys()) : dial_world(seed), beside(*this, "/state", std::move(s)) {}
  ~table_world() {
    if (!dispatcher) return;
    stop();
    client.on_strand([&] { dispatcher.reset(); });
  }
  // "192.0.2.1:443", or without a port, in the order to try.
  void give(std::initializer_list<const char*> places, std::vector<std::string> regions = {}) {
    regions.resize(places.size());
    dns::address_table t;
    t.serial = ++serial_;
    t.from = seconds() - 3600;
    t.until = seconds() + 86'400;
    auto& of = t.names[name];
    of.life = 600;
    for (const char* place : places) of.places.push_back({*parse_place(place), 1, regions[of.places.size()]});
    const std::string text = *dns::write_table(t, owner);
    tharsis_error why = no_error();
    client.on_strand([&] { EXPECT_EQ(beside.table().set_table(beside.table().self, text_of(text), &why), THARSIS_OK) << why.text; });
    world.run_for(100ms);
  }
  // The first way that is up.
  std::string reached() {
    start();
    EXPECT_TRUE(wait_up()) << reason();
    return where();
  }
  dns_beside beside;

 private:
  uint64_t serial_ = 0;
};

// A server of the link that listens at another port.
struct at_port {
  at_port(table_world& w, const std::string& ip, uint16_t to) : here(w.world, w.add_machine(ip), "at a port"), server(*here.place, *here.home->net) {
    here.on_strand([&] { EXPECT_EQ(server.listen(w.at(ip, to), {}), THARSIS_OK); });
  }
  ~at_port() {
    here.on_strand([&] { server.close(); });
    here.on_strand([&] { here.home->close(here.home->self); });
  }
  test::site here;
  test::scripted_server server;
};

}  // namespace

TEST(DialPortSim, AnEndpointWithoutAPortIsDialledAtTheTables) {
  table_world w(60);
  w.link().endpoints[0].port = 0;
  at_port server(w, "10.0.3.1", 8443);
  w.give({"10.0.3.1:8443"});
  EXPECT_EQ(w.reached(), "10.0.3.1:8443");
}

TEST(DialPortSim, AnEndpointsOwnPortStays) {
  table_world w(61);
  w.add_server("10.0.3.1");
  w.give({"10.0.3.1:8443"});
  EXPECT_EQ(w.reached(), "10.0.3.1:443");
}

// What is told is of the port that was dialled, and dns ordered by what is known of the table's.
TEST(DialPortSim, WhatIsKnownOfTheEndpointsPortCountsWhereTheTableHasAnother) {
  table_world w(62);
  w.add_hole("10.0.3.1");
  w.add_server("10.0.3.2");
  w.give({"10.0.3.1:8443", "10.0.3.2:8443"});
  for (int i = 0; i < 12; ++i) {
    SCOPED_TRACE(i);
    if (i == 0) w.reached();
    EXPECT_EQ(w.where(), "10.0.3.2:443");
    if (i > 1) {
      EXPECT_LT(w.host.connects.back().dial, 50ms) << "the other one is known to be silent";
    }
    w.world.run_for(20s);
    w.world.reset_connections(w.client_machine, w.at_machine("10.0.3.2"));
    ASSERT_TRUE(w.wait_down());
    ASSERT_TRUE(w.wait_up()) << w.reason();
  }
}

TEST(DialPortSim, TheOrderOfATableIsMeantAndNoClientsOwn) {
  for (uint64_t seed = 70; seed < 85; ++seed) {
    SCOPED_TRACE(seed);
    dns::settings s = with_keys();
    s.known.region = "eu";
    table_world w(seed, s);
    w.link().dial.ties = stn::dial_settings::order::own;
    for (const char* ip : {"10.0.3.1", "10.0.3.2", "10.0.3.3"}) w.add_server(ip);
    w.give({"10.0.3.1", "10.0.3.2", "10.0.3.3"}, {"us", "eu", "us"});
    EXPECT_EQ(w.reached(), "10.0.3.2:443");
  }
}

TEST(DialPortSim, AddressesForWhichNobodyHasAPortAreLeftOut) {
  table_world w(63);
  w.link().endpoints[0].port = 0;
  at_port server(w, "10.0.3.2", 8443);
  w.add_server("10.0.3.1");
  w.give({"10.0.3.1", "10.0.3.2:8443"});
  EXPECT_EQ(w.reached(), "10.0.3.2:8443");
}

TEST(DialPortSim, WhereNobodyHasAPortASentenceSaysWhatToDo) {
  table_world w(64);
  w.link().endpoints[0].port = 0;
  w.give({"10.0.3.1"});
  w.start();
  ASSERT_TRUE(w.wait_down());
  EXPECT_EQ(w.down().status, THARSIS_E_NOT_FOUND);
  EXPECT_NE(w.reason().find("tcp://im.tharsis.test:0 leaves the port to dns' table, and it says none for 10.0.3.1; "
                            "write the endpoint with its port, like tcp://im.tharsis.test:443"),
            std::string::npos)
      << w.reason();
}

// A proxy is told a name and a port, and reads no table.
TEST(DialPortSim, ThroughAProxyAnEndpointHasAPort) {
  table_world w(65);
  w.link().endpoints[0].port = 0;
  w.link().proxy.from = stn::proxy_settings::source::named;
  w.link().proxy.named = *parse_proxy("socks5://10.0.9.1:1080");
  w.give({"10.0.3.1:8443"});
  w.start();
  ASSERT_TRUE(w.wait_down());
  EXPECT_NE(w.reason().find("which resolves the name, does not read it"), std::string::npos) << w.reason();
}

TEST(DialPortSim, AProxyThatCannotBeToldThePortIsLeftOutAndHasNotFailed) {
  table_world w(67);
  w.link().endpoints[0].port = 0;
  w.link().proxy.from = stn::proxy_settings::source::named;
  w.link().proxy.named = *parse_proxy("socks5://10.0.9.1:1080");
  w.link().proxy.direct = true;
  at_port server(w, "10.0.3.1", 8443);
  w.give({"10.0.3.1:8443"});
  EXPECT_EQ(w.reached(), "10.0.3.1:8443");
  EXPECT_TRUE(std::none_of(w.host.lines.begin(), w.host.lines.end(), [](const std::string& l) { return l.find("trying without the proxy") != std::string::npos; }));
}

TEST(DialPortSim, AnAddressOfABackupHasItsOwnPort) {
  table_world w(66);
  w.link().endpoints[0].port = 0;
  at_port server(w, "10.0.3.3", 9443);
  w.link().backup.addresses = {w.at("10.0.3.3", 9443)};
  w.give({"10.0.3.1"});
  EXPECT_EQ(w.reached(), "10.0.3.3:9443");
}

TEST(DialPortSim, AnIpIsInNoTableAndNeedsAPort) {
  const auto ip = stn::link_endpoint("tcps://192.0.2.1:0", {}, "links.main");
  ASSERT_FALSE(ip);
  EXPECT_EQ(ip.failure().text, "'tcps://192.0.2.1:0' has port 0, for which dns' table says one, and there are only names in it; write the port");
  EXPECT_TRUE(stn::link_endpoint("tcps://im.example.com:0", {}, "links.main"));
  EXPECT_FALSE(stn::link_endpoint("tcps://im.example.com", {}, "links.main")) << "a port that was forgotten is no wish";
}
