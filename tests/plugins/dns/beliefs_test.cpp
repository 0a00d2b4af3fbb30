// What is known of who speaks, and of what they give, changes what is made of it.
#include <gtest/gtest.h>

#include "plugins/dns/core/consensus.h"
#include "plugins/dns/core/proof_queue.h"
#include "sdk/pure/address.h"

using namespace tharsis;
using namespace tharsis::dns;

namespace {

const question asked{.name = "im.example.com", .kind = type::a};
const tharsis_address lie = *parse_ip("203.0.113.66"), truth = *parse_ip("192.0.2.1"), other = *parse_ip("198.51.100.7");

testimony gives(const std::string& source, const tharsis_address& a, bool vouched = false) {
  testimony t{.source = source, .vouched = vouched};
  t.what.what = findings::kind::found;
  t.what.addresses = {a};
  t.what.life = 60;
  return t;
}
testimony dead(const std::string& source) {
  testimony t{.source = source, .vouched = true};
  t.what.why = "it is down";
  return t;
}
std::string judged(const std::vector<testimony>& heard, const beliefs& known, trust mode = trust::guarded, silence silent = {}) {
  const ruling r = judge(asked, mode, heard, silent, known);
  std::string all;
  for (const auto& c : r.candidates) all += ip_text(c.address) + (c.proven ? "! " : " ");
  for (const auto& c : r.refused) all += "-" + ip_text(c.address) + " ";
  return all + r.verdict();
}

}  // namespace

TEST(Beliefs, ARefutedAddressIsRefusedWhoeverGivesItButATrustedServer) {
  beliefs b;
  b.not_its = {{lie, "its certificate is for another"}};
  EXPECT_EQ(judged({gives("a", lie)}, b), "-203.0.113.66 hijack");
  EXPECT_EQ(judged({gives("a", lie), gives("b", lie), gives("c", truth)}, b), "192.0.2.1 -203.0.113.66 -203.0.113.66 hijack");
  EXPECT_EQ(judged({gives("t", lie, true)}, b), "203.0.113.66! proven") << "then it is the way there that lies";
  EXPECT_EQ(judged({gives("a", lie)}, b, trust::open), "203.0.113.66 single") << "open mode asks for no proofs";
}

// A name without TLS may lie at a machine that shows its hoster's certificate: it does not die of that.
TEST(Beliefs, WhatOnlyACertificateSpeaksAgainstGivesWayToOthersButIsNotLost) {
  beliefs b;
  b.not_its = {{truth, "its certificate is for hoster.example", {}, false}};
  EXPECT_EQ(judged({gives("a", truth), gives("b", truth)}, b), "192.0.2.1 agreed");
  EXPECT_EQ(judged({gives("a", truth), gives("b", other)}, b), "198.51.100.7 -192.0.2.1 hijack");
  EXPECT_EQ(judged({gives("a", truth), gives("t", other, true)}, b), "198.51.100.7! -192.0.2.1 hijack");
  EXPECT_EQ(judged({gives("a", truth)}, b, trust::strict), "-192.0.2.1 not_trusted");
  testimony none{.source = "b"};
  none.what.what = findings::kind::no_name;
  EXPECT_EQ(judged({gives("a", truth), none}, b), "192.0.2.1 disputed") << "one liar's denial erases nothing";
  b.liars = {"b"};
  EXPECT_EQ(judged({gives("a", truth), gives("b", other)}, b), "192.0.2.1 -198.51.100.7 single") << "nor does a liar's address take its place";
  b.liars.clear();
  b.not_its.push_back({other, "its certificate is for another", {}, false});
  b.not_its.push_back({lie, "its certificate is for thief.example", {}, false});
  const std::vector<testimony> both = {gives("a", truth), gives("b", other)};
  EXPECT_EQ(judged(both, b), "192.0.2.1 198.51.100.7 disputed");
  const ruling r = judge(asked, trust::guarded, both, {}, b);
  ASSERT_EQ(r.candidates.size(), 2u);
  EXPECT_NE(r.candidates[0].why.find("its certificate is for hoster.example"), std::string::npos) << r.candidates[0].why;
}

TEST(Beliefs, WhatOnlyACertificateSpeaksAgainstStandsBehindTheOtherFamily) {
  ruling v6, v4;
  v6.status = v4.status = THARSIS_OK;
  v6.candidates = {{*parse_ip("2001:db8::1"), "a", false, "the only server says so", {}, {}, true}};
  v4.candidates = {{truth, "a", false, "the only server says so"}};
  const ruling all = both(v6, v4);
  ASSERT_EQ(all.candidates.size(), 2u);
  EXPECT_EQ(ip_text(all.candidates[0].address), "192.0.2.1");
}

TEST(Beliefs, WhereOneSourcesLandingServerIsOthersMayStillPoint) {
  beliefs b;
  b.not_its = {{other, "names that do not exist lead there", "a"}};
  EXPECT_EQ(judged({gives("a", other)}, b), "-198.51.100.7 hijack");
  EXPECT_EQ(judged({gives("b", other)}, b), "198.51.100.7 single");
  b.its = {other};
  EXPECT_EQ(judged({gives("a", other)}, b), "198.51.100.7! proven");
}

TEST(Beliefs, AnAddressThatProvedItselfIsProvenWhoeverGivesIt) {
  beliefs b;
  b.its = {other};
  EXPECT_EQ(judged({gives("a", other)}, b), "198.51.100.7! proven");
  EXPECT_EQ(judged({gives("a", other), gives("t", truth, true)}, b), "192.0.2.1! 198.51.100.7! proven");
  EXPECT_EQ(judged({gives("a", other)}, b, trust::strict), "198.51.100.7! proven") << "a certificate is a proof in strict mode too";
  testimony none{.source = "t", .vouched = true};
  none.what.what = findings::kind::no_name;
  EXPECT_EQ(judged({gives("a", other), none}, b), "-198.51.100.7 not_found") << "a trusted server that denies the name counts for more";
}

TEST(Beliefs, WhoLiedHasNoVoteWhereOthersSpeakOrATrustedServerWasAsked) {
  beliefs b;
  b.liars = {"liar"};
  EXPECT_EQ(judged({gives("liar", lie), gives("a", truth)}, b), "192.0.2.1 -203.0.113.66 single");
  EXPECT_EQ(judged({gives("liar", lie), dead("t")}, b), "-203.0.113.66 not_trusted");
  EXPECT_EQ(judged({gives("liar", lie)}, b, trust::guarded, {.vouched = 1}), "-203.0.113.66 not_trusted");
  EXPECT_EQ(judged({gives("liar", lie)}, b), "203.0.113.66 single") << "nobody else is there at all";
  EXPECT_EQ(judged({gives("liar", lie), gives("t", truth, true)}, b), "192.0.2.1! -203.0.113.66 disputed");
}

TEST(Beliefs, WhereOnlyProofsCountNobodysWordDoes) {
  beliefs b;
  b.only_proven = true;
  EXPECT_EQ(judged({gives("a", truth), gives("b", truth)}, b), "-192.0.2.1 -192.0.2.1 not_trusted");
  EXPECT_EQ(judged({gives("a", lie), gives("t", truth, true)}, b), "192.0.2.1! -203.0.113.66 disputed");
}

TEST(Beliefs, WhoeverAnswersFirstIsNotBelievedWhereTheNetworkIsKnownToLie) {
  beliefs b;
  EXPECT_EQ(judged({gives("a", lie), gives("t", truth, true)}, b, trust::open).substr(0, 12), "203.0.113.66");
  b.only_proven = true;
  EXPECT_EQ(judged({gives("a", lie), gives("t", truth, true)}, b, trust::open), "192.0.2.1! -203.0.113.66 disputed");
  EXPECT_EQ(judged({gives("a", lie)}, b, trust::open, {.vouched = 1}), "-203.0.113.66 not_trusted");
}

TEST(ProofQueue, SixAMinuteAndNoneTwiceInAWhile) {
  proof_queue q(proof_settings{});
  const instant begin = later(instant{}, 1h);
  instant now = begin;
  for (int i = 0; i < 20; ++i) q.add({"n" + std::to_string(i), truth, "a"}, now), q.add({"n" + std::to_string(i), truth, "a"}, now);
  EXPECT_EQ(q.waiting(), 20u);
  int taken = 0;
  for (; q.take(now); ++taken) {
  }
  EXPECT_EQ(taken, 6);
  EXPECT_EQ(q.deadline() - begin, 60s);
  now = q.deadline();
  EXPECT_TRUE(q.take(now).has_value());
  q.clear();
  EXPECT_EQ(q.deadline(), never);
  q.add({"n", truth, "a"}, now);
  now = later(now, 61s);
  ASSERT_TRUE(q.take(now).has_value());
  q.add({"n", truth, "a"}, now);
  EXPECT_EQ(q.waiting(), 0u) << "it was asked for just now";
  q.add({"n", truth, "a"}, later(now, 11min));
  EXPECT_EQ(q.waiting(), 1u);
  proof_queue off({.per_minute = 0});
  off.add({"n", truth, "a"}, now);
  EXPECT_EQ(off.waiting(), 0u);
}
