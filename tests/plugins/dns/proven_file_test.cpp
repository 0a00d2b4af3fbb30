#include "plugins/dns/core/proven_file.h"

#include <gtest/gtest.h>

#include "sdk/pure/address.h"

using namespace tharsis;
using namespace tharsis::dns;

namespace {

constexpr instant t0{100h};
constexpr int64_t wall = 1'767'225'600;

answer says(std::initializer_list<const char*> ips, const std::string& source = "https://192.0.2.53/dns-query#dns.example") {
  answer a{THARSIS_OK, THARSIS_DNS_SERVERS, {}, {}};
  for (const char* ip : ips) {
    a.addresses.push_back(*parse_ip(ip));
    a.candidates.push_back({*parse_ip(ip), source, true, "it says so"});
  }
  a.trusted = true;
  a.verdict = "proven";
  a.life = 60s;
  return a;
}
void fill(cache& c, int names) {
  for (int i = 0; i < names; ++i)
    (void)c.put({"name" + std::to_string(i) + ".example.com", i % 2 == 0 ? 0u : 4u}, says({"192.0.2.1", i % 2 == 0 ? "2001:db8::1" : "192.0.2.2"}), t0, true);
}
std::string text(const std::vector<cache::proof>& all) {
  std::string t;
  for (const auto& p : all) {
    t += p.about.name + "/" + std::to_string(p.about.family) + " " + std::to_string(nanoseconds(p.what.learned)) + " " + std::to_string(p.life.count());
    for (const auto& c : p.what.candidates) t += " " + ip_text(c.address) + ":" + std::to_string(c.address.port) + " " + c.source + (c.proven ? "!" : "");
    t += "\n";
  }
  return t;
}
answer pinned(answer a) {
  a.source = THARSIS_DNS_PINNED;
  return a;
}

}  // namespace

TEST(ProvenFile, WhatIsWrittenIsReadWithItsAgeOnAnotherClock) {
  cache c({});
  fill(c, 3);
  answer with_port = says({"192.0.2.7"});
  with_port.addresses[0].port = with_port.candidates[0].address.port = 8443;
  (void)c.put({"port.example.com", 0}, with_port, t0, true);
  const std::string file = write_proven(c, {}, t0 + 90s, wall);
  const proven_records r = read_proven(file, instant{5s}, wall + 600);
  ASSERT_EQ(r.damage.status, THARSIS_OK) << r.damage.text;
  ASSERT_EQ(r.whole.size(), 4u);
  EXPECT_EQ(r.whole[0].about.name, "port.example.com");
  EXPECT_EQ(r.whole[0].what.addresses[0].port, 8443);
  EXPECT_EQ(r.whole[0].life, 60s);
  for (const auto& p : r.whole) EXPECT_EQ(instant{5s} - p.what.learned, 690s);
  EXPECT_EQ(r.whole[3].what.candidates[1].source, "https://192.0.2.53/dns-query#dns.example");
}

TEST(ProvenFile, OnlyWhatIsProvenIsWritten) {
  cache c({});
  answer plain = says({"203.0.113.66"}, "udp://192.0.2.53");
  plain.trusted = plain.candidates[0].proven = false;
  (void)c.put({"plain.test", 0}, plain, t0, true);
  (void)c.put({"im.test", 0}, says({"192.0.2.1"}), t0, true);
  (void)c.put({"im.test", 0}, plain, t0 + 2h, true);
  c.fix({"pinned.test", 0}, pinned(says({"127.0.0.1"})), {never, never, never});
  const std::string file = write_proven(c, {}, t0 + 2h, wall);
  EXPECT_EQ(file.find("203.0.113.66"), std::string::npos);
  EXPECT_EQ(file.find("pinned"), std::string::npos);
  EXPECT_NE(file.find("192.0.2.1"), std::string::npos);
}

// Whom the profile does not name any more has proved nothing, also where the same line has an address of somebody whom it names.
TEST(ProvenFile, AddressesOfServersThatAreNoneAnyMoreAreLeftOutOneByOne) {
  const auto line = [](const std::string& name, const std::string& addresses) { return proven_line(name + " 4 " + std::to_string(wall - 10) + " 3600 " + addresses); };
  const std::string file = "tharsis dns proven 2\n" + line("both.test", "192.0.2.1|tls://192.0.2.53#a 203.0.113.66|tls://192.0.2.54#b") + line("gone.test", "203.0.113.66|tls://192.0.2.54#b") +
                           line("shown.test", "203.0.113.66|tls://192.0.2.54#b 192.0.2.7|udp://192.0.2.55") +
                           proven_line("+tls 6e shown.test 192.0.2.7 " + std::to_string(wall + 100)) + "end 4\n";
  proven_records r = read_proven(file, t0, wall);
  ASSERT_EQ(r.damage.status, THARSIS_OK) << r.damage.text;
  keep_vouched(r, t0, [](const std::string&, const std::string& source) { return source == "tls://192.0.2.53#a"; });
  ASSERT_EQ(r.whole.size(), 2u);
  for (const auto& [at, ip] : {std::pair(0, "192.0.2.1"), std::pair(1, "192.0.2.7")}) {
    ASSERT_EQ(r.whole[static_cast<size_t>(at)].what.addresses.size(), 1u) << ip;
    ASSERT_EQ(r.whole[static_cast<size_t>(at)].what.candidates.size(), 1u) << ip;
    EXPECT_EQ(ip_text(r.whole[static_cast<size_t>(at)].what.addresses[0]), ip);
  }
  keep_vouched(r, t0 + 101s, [](const std::string&, const std::string& source) { return source == "tls://192.0.2.53#a"; });
  EXPECT_EQ(r.whole.size(), 1u) << "what was shown counts for a while";
}

// As a file that a process was killed over, or that a disk has lost the end of.
TEST(ProvenFile, CutAtEveryByteItGivesOnlyWhatIsTrue) {
  cache c({});
  fill(c, 6);
  const std::string file = write_proven(c, {}, t0, wall);
  const std::string all = text(read_proven(file, t0, wall).whole);
  for (size_t size = 0; size < file.size(); ++size) {
    const proven_records r = read_proven(std::string_view(file).substr(0, size), t0, wall);
    ASSERT_NE(r.damage.status, THARSIS_OK) << size;
    ASSERT_NE(r.damage.text, "");
    ASSERT_EQ(all.substr(0, text(r.whole).size()), text(r.whole)) << size;
  }
}

TEST(ProvenFile, AByteThatChangedIsNoticedWhereverItIs) {
  cache c({});
  fill(c, 4);
  const std::string file = write_proven(c, {}, t0, wall);
  const std::string all = text(read_proven(file, t0, wall).whole);
  for (size_t at = 0; at < file.size(); ++at)
    for (const int flip : {1, 32, 128}) {
      std::string other = file;
      other[at] = static_cast<char>(other[at] ^ flip);
      const proven_records r = read_proven(other, t0, wall);
      ASSERT_NE(r.damage.status, THARSIS_OK) << at;
      ASSERT_EQ(all.substr(0, text(r.whole).size()), text(r.whole)) << at;
    }
}

TEST(ProvenFile, ItIsBoundedAndKeepsWhatWasUsedLast) {
  settings::cache_settings s;
  s.entries = 10'000;
  s.memory = 100 << 20;
  cache c(s);
  fill(c, 5000);
  const std::string file = write_proven(c, {}, t0, wall);
  EXPECT_LE(file.size(), proven_file_max);
  const proven_records r = read_proven(file, t0, wall);
  EXPECT_EQ(r.damage.status, THARSIS_OK);
  EXPECT_GE(r.whole.size(), 1000u);
  EXPECT_EQ(r.whole[0].about.name, "name4999.example.com");
}

TEST(ProvenFile, WhoSetsTheClockMakesNothingYoungerThanNow) {
  cache c({});
  fill(c, 1);
  const std::string file = write_proven(c, {}, t0, wall);
  const proven_records r = read_proven(file, t0, wall - 1000);
  ASSERT_EQ(r.whole.size(), 1u);
  EXPECT_EQ(r.whole[0].what.learned, t0);
}

// What addresses have shown stands beside the names, ends when it ends, and a byte that changed is noticed there too.
TEST(ProvenFile, WhatAddressesHaveShownIsKeptWithItsEnd) {
  cache c({});
  fill(c, 2);
  const std::vector<tls_proof> shown = {{"home network\n\x01", "im.example.com", *parse_ip("192.0.2.1"), t0 + 3h}, {"other", "im.example.com", *parse_ip("2001:db8::1"), t0 + 1h, t0 + 5h}};
  const std::string file = write_proven(c, shown, t0, wall);
  const proven_records r = read_proven(file, instant{5s}, wall + 1800);
  ASSERT_EQ(r.damage.status, THARSIS_OK) << r.damage.text;
  EXPECT_EQ(r.whole.size(), 2u);
  ASSERT_EQ(r.shown.size(), 2u);
  EXPECT_EQ(r.shown[0].network, shown[0].network);
  EXPECT_EQ(r.shown[0].name, "im.example.com");
  EXPECT_EQ(ip_text(r.shown[0].at), "192.0.2.1");
  EXPECT_EQ(r.shown[0].until, instant{5s} + 2h + 30min);
  EXPECT_EQ(r.shown[1].until, instant{5s} + 30min);
  EXPECT_EQ(r.shown[0].certificate_until, never);
  EXPECT_EQ(r.shown[1].certificate_until, instant{5s} + 4h + 30min);
  const size_t from = file.find("+tls");
  for (size_t at = from; at < file.size(); ++at) {
    std::string other = file;
    other[at] = static_cast<char>(other[at] ^ 1);
    const proven_records damaged = read_proven(other, t0, wall);
    ASSERT_NE(damaged.damage.status, THARSIS_OK) << at;
    for (size_t i = 0; i < damaged.shown.size(); ++i) ASSERT_EQ(damaged.shown[i].until, shown[i].until) << at;
  }
}

TEST(ProvenFile, WhatAddressesHaveShownLeavesRoomForNames) {
  cache c({});
  fill(c, 3);
  std::vector<tls_proof> shown(5000, {"home", "im.example.com", *parse_ip("192.0.2.1"), t0 + 3h});
  const std::string file = write_proven(c, shown, t0, wall);
  EXPECT_LE(file.size(), proven_file_max / 4 + 2000);
  const proven_records r = read_proven(file, t0, wall);
  EXPECT_EQ(r.damage.status, THARSIS_OK);
  EXPECT_EQ(r.whole.size(), 3u);
  EXPECT_GE(r.shown.size(), 500u);
}
