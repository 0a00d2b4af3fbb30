#include "plugins/dns/core/known_names.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/plugins/dns/signed_table.h"

using namespace tharsis;
using namespace tharsis::dns;
using namespace tharsis::dns::test;

namespace {

const table_signer owner = signer_of(1);

std::string texts(const std::optional<answer>& a) {
  if (!a) return "nothing";
  std::string all = a->verdict;
  for (const auto& c : a->candidates) all += " " + (c.address.port != 0 ? to_text(c.address) : ip_text(c.address)) + (c.proven ? "!" : "");
  return all;
}

known_names with_table(const std::string& region, uint64_t seed) {
  known_names k({owner.open()}, region, seed);
  k.on_clock(table_day);
  EXPECT_EQ(k.offer_table(some_text(7, owner), "t").status, THARSIS_OK);
  return k;
}

}  // namespace

TEST(HostsFile, HasAddressesAndTheirNames) {
  hosts_file f;
  EXPECT_EQ(f.read("# a comment\n127.0.0.1\tlocalhost\r\n::1 localhost ip6-localhost # more\n\n192.0.2.1 IM.example.com im\n192.0.2.2 im.example.com"), 0u);
  ASSERT_NE(f.find("localhost"), nullptr);
  EXPECT_EQ(f.find("localhost")->size(), 2u);
  ASSERT_NE(f.find("im.example.com"), nullptr);
  EXPECT_EQ(f.find("im.example.com")->size(), 2u);
  EXPECT_NE(f.find("im"), nullptr);
  EXPECT_EQ(f.find("nobody"), nullptr);
}

TEST(HostsFile, LinesThatMeanNothingAreLeftOut) {
  hosts_file f;
  EXPECT_EQ(f.read("fe80::1%lo0 localhost\n192.0.2.1\nwhat ever\n192.0.2.1 a..b good.example\n192.0.2.3 192.0.2.4\n"), 5u);
  EXPECT_EQ(f.size(), 1u);
  EXPECT_NE(f.find("good.example"), nullptr);
}

TEST(KnownNames, ATableIsProvenAndHasPortsAndALife) {
  known_names k = with_table("eu", 1);
  const auto a = k.find({"im.example.com", 4});
  EXPECT_EQ(texts(a), "proven 192.0.2.1:443! 192.0.2.2!");
  EXPECT_EQ(a->source, uint32_t{THARSIS_DNS_TABLE});
  EXPECT_EQ(*a->life, 600s);
  EXPECT_EQ(a->candidates[0].why, "the signed table says so, serial 7, region eu");
  EXPECT_EQ(texts(k.find({"im.example.com", 6})), "proven 2001:db8::1!");
  EXPECT_EQ(texts(k.find({"unknown.example.com", 0})), "nothing");
  EXPECT_EQ(k.find({"push.example.com", 6})->reason, "'push.example.com' has no IPv6 address: the signed table gives it only others");
  k.on_clock(table_day + 90'000);
  EXPECT_EQ(texts(k.find({"im.example.com", 4})), "nothing") << "its time is over: others are asked";
}

TEST(KnownNames, HostsFilesAreStrongerThanTheTable) {
  known_names k = with_table("", 1);
  hosts_file f;
  f.read("192.0.2.77 im.example.com\n");
  EXPECT_TRUE(k.set_hosts(f));
  EXPECT_FALSE(k.set_hosts(f)) << "nothing new";
  EXPECT_EQ(texts(k.find({"im.example.com", 0})), "proven 192.0.2.77!");
  EXPECT_EQ(k.find({"im.example.com", 6})->status, THARSIS_E_NOT_FOUND);
}

TEST(KnownNames, WeightsAreShares) {
  known_names k({owner.open()}, "", 7);
  k.on_clock(table_day);
  address_table t = some_table(7);
  t.names["im.example.com"].places = {{*parse_ip("192.0.2.1"), 6, ""}, {*parse_ip("192.0.2.2"), 3, ""}, {*parse_ip("192.0.2.3"), 1, ""}};
  ASSERT_EQ(k.offer_table(*write_table(t, owner), "t").status, THARSIS_OK);
  std::map<std::string, int> first;
  for (int i = 0; i < 10'000; ++i) {
    const auto a = k.find({"im.example.com", 4});
    ASSERT_EQ(a->addresses.size(), 3u);
    ++first[ip_text(a->addresses[0])];
  }
  EXPECT_NEAR(first["192.0.2.1"], 6000, 250);
  EXPECT_NEAR(first["192.0.2.2"], 3000, 250);
  EXPECT_NEAR(first["192.0.2.3"], 1000, 250);
}

TEST(RegionChoice, StaysUntilAnotherIsClearlyFasterThreeTimes) {
  region_choice r;
  EXPECT_EQ(r.first({"eu", "us"}), "");
  r.on_connected("eu", 100ms);
  EXPECT_EQ(r.chosen(), "eu");
  for (int i = 0; i < 20; ++i) r.on_connected("us", 90ms);
  EXPECT_EQ(r.chosen(), "eu") << "a tenth is nothing";
  region_choice close;
  close.on_connected("eu", 40ms);
  for (int i = 0; i < 20; ++i) close.on_connected("us", 28ms);
  EXPECT_EQ(close.chosen(), "eu") << "12 ms are nothing";
  region_choice far;
  far.on_connected("eu", 100ms);
  far.on_connected("us", 60ms);
  far.on_connected("us", 60ms);
  EXPECT_EQ(far.chosen(), "eu");
  far.on_connected("us", 400ms);
  far.on_connected("us", 60ms);
  EXPECT_EQ(far.chosen(), "eu") << "not in a row";
  for (int i = 0; i < 12; ++i) far.on_connected("us", 60ms);
  EXPECT_EQ(far.chosen(), "us");
  far.on_network();
  EXPECT_EQ(far.chosen(), "");
  EXPECT_EQ(region_choice("asia").first({"eu"}), "asia");
}

TEST(RegionChoice, LooksAtTheOthersOnceInTwentyTimes) {
  region_choice r;
  r.on_connected("eu", 100ms);
  std::map<std::string, int> first;
  for (int i = 0; i < 200; ++i) ++first[r.first({"eu", "us", "asia", ""})];
  EXPECT_EQ(first["eu"], 190);
  EXPECT_GT(first["us"], 0);
  EXPECT_GT(first["asia"], 0);
}
