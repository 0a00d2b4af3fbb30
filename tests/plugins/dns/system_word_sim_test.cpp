// Where no server is named the system's resolver is asked: what it says is weighed all the same, and what the machine's owner has
// written himself is not.
#include <gtest/gtest.h>

#include "plugins/dns/core/own_words.h"
#include "tests/plugins/dns/servers_world.h"

using namespace tharsis;
using namespace tharsis::dns;
using namespace tharsis::dns::test;

namespace {

struct plain_profile : network {
  explicit plain_profile(uint64_t seed) : network(seed) {
    box.on_publish = [this](const void* payload) {
      const auto& h = *static_cast<const tharsis_dns_hijack*>(payload);
      told += std::string(view(h.name)) + " " + std::string(view(h.source)) + " " + std::string(view(h.said)) + "; ";
    };
    at_start = [this] { asked->tell_on({1, 0}, 0); };
  }
  void write(const std::string& path, const std::string& text) {
    const tharsis_files& files = *client.platform()->files;
    (void)files.make_folder(files.self, text_of("/etc"), nullptr);
    ASSERT_EQ(files.replace(files.self, text_of(path), tharsis::bytes_of(as_bytes(text)), nullptr), THARSIS_OK);
  }
  std::string told;
};

}  // namespace

TEST(SystemWord, APublicNameHasNoAddressThatIsNoHosts) {
  plain_profile n(1);
  for (const char* ip : {"0.0.0.0", "127.0.0.1", "169.254.1.1", "224.0.0.1", "255.255.255.255"}) {
    n.world.add_name("www.bank.example.com", {ip});
    if (!n.asked) n.start();
    n.told.clear();
    EXPECT_EQ(n.ask("www.bank.example.com"), "hijack") << ip;
    EXPECT_EQ(n.refused, std::string(ip) + " ");
    EXPECT_NE(n.reason.find("class local"), std::string::npos) << n.reason;
    EXPECT_EQ(n.told, "www.bank.example.com system " + std::string(ip) + "; ");
    n.world.run_for(5s);
  }
  for (const char* ip : {"::", "::1", "fe80::1", "::ffff:127.0.0.1", "ff02::1"}) {
    n.world.add_name("six.example.com", {ip});
    EXPECT_EQ(n.ask("six.example.com", 6), "hijack") << ip;
    n.world.run_for(5s);
  }
  n.world.add_name("mixed.example.com", {"127.9.9.9", "203.0.113.7"});
  EXPECT_EQ(n.ask("mixed.example.com"), "203.0.113.7 hijack");
  EXPECT_EQ(n.refused, "127.9.9.9 ");
}

// An intranet has names of its own, below whatever domain.
TEST(SystemWord, ANetworksOwnNamesHaveTheirAddresses) {
  plain_profile n(2);
  for (const char* name : {"printer", "nas.local", "router.lan", "x.home.arpa", "im.example.com"}) n.world.add_name(name, {"10.9.9.9"});
  n.world.add_name("desk.tunnel.example.com", {"100.64.0.1"});
  n.start();
  for (const char* name : {"printer", "nas.local", "router.lan", "x.home.arpa", "im.example.com"}) EXPECT_EQ(n.ask(name), "10.9.9.9 single") << name;
  EXPECT_EQ(n.ask("desk.tunnel.example.com"), "100.64.0.1 single");
  EXPECT_EQ(n.ask("localhost"), "127.0.0.1! proven") << "nobody is asked";
  EXPECT_EQ(n.told, "");
}

TEST(SystemWord, WhatTheHostsFileSaysIsItsOwnersWord) {
  plain_profile n(3);
  for (const char* name : {"dev.example.com", "ads.example.com", "other.example.com"}) n.world.add_name(name, {"169.254.9.9", "127.0.0.1", "0.0.0.0"});
  n.write("/etc/hosts", "127.0.0.1 localhost\n127.0.0.1 dev.example.com  # here\n0.0.0.0 ads.example.com\n");
  n.start();
  EXPECT_EQ(n.ask("dev.example.com"), "127.0.0.1 hijack") << "that line, and nothing else of it";
  EXPECT_EQ(n.ask("ads.example.com"), "hijack") << "no host has it";
  EXPECT_EQ(n.ask("other.example.com"), "hijack");
}

TEST(SystemWord, OpenModeTakesWhatComes) {
  plain_profile n(5);
  n.s.mode = trust::open;
  n.world.add_name("im.example.com", {"10.9.9.9"});
  n.start();
  EXPECT_EQ(n.ask("im.example.com"), "10.9.9.9 single");
}

TEST(SystemWord, StrictModeBelievesItNothing) {
  plain_profile n(6);
  n.s.mode = trust::strict;
  n.world.add_name("im.example.com", {truth});
  n.world.add_name("printer", {"10.9.9.9"});
  n.start();
  EXPECT_EQ(n.ask("im.example.com"), "not_trusted");
  EXPECT_NE(n.reason.find("strict mode"), std::string::npos) << n.reason;
  EXPECT_EQ(n.ask("printer"), "not_trusted");
}

// An answer that is being looked at when the network changes is of a network of before.
TEST(SystemWord, WhatIsLookedAtWhileTheNetworkChangesIsAskedAnew) {
  for (duration after = 4ms; after < 8ms; after += 200us) {
    SCOPED_TRACE(after.count());
    plain_profile n(7);
    n.world.add_name("im.example.com", {"127.9.9.9"}, 5ms);
    n.start();
    n.world.at(n.world.now() + after, [&n] {
      n.world.add_name("im.example.com", {truth}, 5ms);
      n.move();
    });
    const std::string said = n.ask("im.example.com");
    EXPECT_TRUE(said == "192.0.2.1 single" || said == "hijack") << said;
    n.world.run_for(5s);
    EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1 single");
  }
}
