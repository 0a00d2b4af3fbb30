#include "plugins/dns/core/proven_memory.h"

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::dns;

namespace {

constexpr instant t0{};
const subject im{"im.example.com", 4};

answer says(const char* ip, bool trusted) {
  answer a{THARSIS_OK, THARSIS_DNS_SERVERS, {*parse_ip(ip)}, {}};
  a.candidates = {{*parse_ip(ip), "a server", trusted, "it says so"}};
  a.trusted = trusted;
  a.verdict = trusted ? "proven" : "single";
  a.life = 60s;
  return a;
}
answer fails(tharsis_status status, bool trusted = false) {
  answer a{status, THARSIS_DNS_SERVERS, {}, "a reason"};
  a.trusted = trusted;
  a.verdict = "not_found";
  return a;
}
std::string first(const answer& a) { return a.addresses.empty() ? "none" : ip_text(a.addresses[0]) + (a.stale ? " stale" : ""); }

}  // namespace

TEST(ProvenMemory, WhatIsNotProvenNeverTakesThePlaceOfWhatWas) {
  proven_memory m(72h, 4);
  EXPECT_EQ(first(m.weigh(im, says("203.0.113.66", false), t0)), "203.0.113.66") << "nothing is known yet";
  EXPECT_EQ(first(m.weigh(im, says("192.0.2.1", true), t0)), "192.0.2.1");
  const answer again = m.weigh(im, says("203.0.113.66", false), t0 + 1h);
  EXPECT_EQ(first(again), "192.0.2.1 stale");
  EXPECT_TRUE(again.candidates[0].proven);
  EXPECT_EQ(again.learned, t0) << "its age is seen";
  EXPECT_EQ(again.life, 30s);
  ASSERT_EQ(again.refused.size(), 1u);
  EXPECT_EQ(ip_text(again.refused[0].address), "203.0.113.66");
  for (const tharsis_status s : {THARSIS_E_NOT_FOUND, THARSIS_E_NETWORK, THARSIS_E_DENIED})
    EXPECT_EQ(first(m.weigh(im, fails(s), t0 + 2h)), "192.0.2.1 stale") << status_name(s);
}

// One family is proven now, the other is a stranger's: what was proven before is no better.
TEST(ProvenMemory, WhatIsProvenInPartIsNewerThanWhatWasProven) {
  proven_memory m(72h, 4);
  (void)m.weigh(im, says("192.0.2.1", true), t0);
  answer half = says("203.0.113.66", false);
  half.addresses.push_back(*parse_ip("192.0.2.2"));
  half.candidates.push_back({*parse_ip("192.0.2.2"), "a trusted server", true, "it says so"});
  EXPECT_FALSE(m.weigh(im, half, t0 + 1h).stale);
  EXPECT_EQ(first(m.weigh(im, fails(THARSIS_E_NETWORK), t0 + 2h)), "192.0.2.1 stale") << "nor does it take its place";
}

TEST(ProvenMemory, ATrustedServerChangesItAndTakesItAway) {
  proven_memory m(72h, 4);
  (void)m.weigh(im, says("192.0.2.1", true), t0);
  EXPECT_EQ(first(m.weigh(im, says("192.0.2.2", true), t0 + 1h)), "192.0.2.2");
  EXPECT_EQ(first(m.weigh(im, fails(THARSIS_E_NETWORK), t0 + 2h)), "192.0.2.2 stale");
  EXPECT_EQ(m.weigh(im, fails(THARSIS_E_NOT_FOUND, true), t0 + 3h).status, THARSIS_E_NOT_FOUND);
  EXPECT_EQ(m.weigh(im, fails(THARSIS_E_NETWORK), t0 + 4h).status, THARSIS_E_NETWORK);
  EXPECT_EQ(m.size(), 0u);
}

TEST(ProvenMemory, NothingIsUsedForEver) {
  proven_memory m(72h, 4);
  (void)m.weigh(im, says("192.0.2.1", true), t0);
  EXPECT_EQ(first(m.weigh(im, fails(THARSIS_E_NETWORK), t0 + 72h)), "192.0.2.1 stale");
  EXPECT_EQ(m.weigh(im, fails(THARSIS_E_NETWORK), t0 + 73h).status, THARSIS_E_NETWORK);
  EXPECT_EQ(m.size(), 0u);
}

TEST(ProvenMemory, TheLongestUnusedGoesFirst) {
  proven_memory m(72h, 2);
  (void)m.weigh({"a", 0}, says("192.0.2.1", true), t0);
  (void)m.weigh({"b", 0}, says("192.0.2.2", true), t0);
  (void)m.weigh({"a", 0}, fails(THARSIS_E_NETWORK), t0);
  (void)m.weigh({"c", 0}, says("192.0.2.3", true), t0);
  EXPECT_EQ(m.size(), 2u);
  EXPECT_EQ(first(m.weigh({"a", 0}, fails(THARSIS_E_NETWORK), t0)), "192.0.2.1 stale");
  EXPECT_EQ(first(m.weigh({"b", 0}, fails(THARSIS_E_NETWORK), t0)), "none");
}
