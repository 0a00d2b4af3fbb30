#include "plugins/dns/core/consensus.h"

#include <gtest/gtest.h>

#include "plugins/dns/core/domain_rules.h"
#include "sdk/pure/address.h"
#include "sdk/pure/dice.h"

using namespace tharsis;
using namespace tharsis::dns;

namespace {

const question asked{.name = "im.example.com", .kind = type::a};

std::vector<tharsis_address> ips(const std::vector<std::string>& texts) {
  std::vector<tharsis_address> all;
  for (const auto& t : texts) all.push_back(*parse_ip(t));
  return all;
}
testimony says(const std::string& source, const std::vector<std::string>& texts, bool vouched = false) {
  testimony t{.source = source, .vouched = vouched};
  t.what.what = findings::kind::found;
  t.what.addresses = ips(texts);
  t.what.life = 60;
  return t;
}
testimony denies(const std::string& source, bool vouched = false, findings::kind what = findings::kind::no_name) {
  testimony t{.source = source, .vouched = vouched};
  t.what.what = what;
  return t;
}
testimony fails(const std::string& source, bool vouched = false) {
  testimony t{.source = source, .vouched = vouched};
  t.what.why = "it is down";
  return t;
}
std::string used(const ruling& r) {
  std::string all;
  for (const auto& c : r.candidates) all += (all.empty() ? "" : " ") + ip_text(c.address) + (c.proven ? "!" : "");
  return all;
}
std::string dropped(const ruling& r) {
  std::string all;
  for (const auto& c : r.refused) all += (all.empty() ? "" : " ") + ip_text(c.address) + "@" + c.source;
  return all;
}
ruling of(trust mode, const std::vector<testimony>& heard, silence silent = {}) { return judge(asked, mode, heard, silent); }

}  // namespace

TEST(Consensus, OnePlainServerIsBelievedAndNotCalledProven) {
  const auto r = of(trust::guarded, {says("a", {"203.0.113.1", "203.0.113.2"})});
  EXPECT_EQ(used(r), "203.0.113.1 203.0.113.2");
  EXPECT_EQ(r.verdict(), "single");
  EXPECT_EQ(r.life, 60u);
  EXPECT_EQ(of(trust::open, {says("a", {"203.0.113.1"})}).verdict(), "single");
}

TEST(Consensus, NobodyButThisMachineIsLocalhost) {
  for (const trust mode : {trust::strict, trust::guarded, trust::open}) {
    const auto r = judge({.name = "web.localhost", .kind = type::a}, mode, std::vector<testimony>{says("a", {"203.0.113.1", "127.0.0.1"}, true)}, {});
    EXPECT_EQ(used(r), "127.0.0.1!");
    EXPECT_EQ(dropped(r), "203.0.113.1@a");
  }
}

TEST(Consensus, ATrustedServerDecides) {
  const auto r = of(trust::guarded, {says("lie", {"203.0.113.66"}), says("lie too", {"203.0.113.66"}), says("t", {"192.0.2.1"}, true)});
  EXPECT_EQ(used(r), "192.0.2.1!");
  EXPECT_EQ(dropped(r), "203.0.113.66@lie 203.0.113.66@lie too");
  EXPECT_EQ(r.verdict(), "disputed");
  EXPECT_EQ(of(trust::guarded, {says("a", {"192.0.2.1"}), says("t", {"192.0.2.1"}, true)}).verdict(), "proven");
}

TEST(Consensus, APrivateAddressThatTheDomainAllowsIsAsGoodAsOthers) {
  const auto within = *parse_range("10.0.0.0/8");
  const domain_rule rule{.domain = "example.com", .allowed = {within}};
  beliefs b;
  b.rule = &rule;
  for (const trust mode : {trust::guarded, trust::strict}) {
    EXPECT_EQ(used(judge(asked, mode, std::vector{says("t", {"10.1.2.3"}, true)}, {}, b)), "10.1.2.3!");
    EXPECT_EQ(judge(asked, mode, std::vector{says("t", {"192.168.1.1"}, true)}, {}, b).verdict(), "hijack") << "another private one is not";
  }
  EXPECT_EQ(used(judge(asked, trust::guarded, std::vector{says("a", {"10.1.2.3"})}, {}, b)), "10.1.2.3");
}

TEST(Consensus, WhoHidesANameThatATrustedServerKnowsHijacks) {
  const auto r = of(trust::guarded, {denies("lie"), says("t", {"192.0.2.1"}, true)});
  EXPECT_EQ(used(r), "192.0.2.1!");
  EXPECT_EQ(r.verdict(), "hijack");
  const auto gone = of(trust::guarded, {says("ads", {"203.0.113.66"}), denies("t", true)});
  EXPECT_EQ(gone.status, THARSIS_E_NOT_FOUND);
  EXPECT_EQ(dropped(gone), "203.0.113.66@ads") << "a wildcard that leads to advertisements";
}

TEST(Consensus, MostPlainServersWinAndADrawIsForTheAddresses) {
  EXPECT_EQ(used(of(trust::guarded, {says("lie", {"203.0.113.66"}), says("a", {"192.0.2.1"}), says("b", {"192.0.2.1"})})), "192.0.2.1");
  EXPECT_EQ(used(of(trust::guarded, {denies("lie"), says("a", {"192.0.2.1"})})), "192.0.2.1");
  EXPECT_EQ(of(trust::guarded, {denies("a"), denies("b"), says("c", {"192.0.2.1"})}).status, THARSIS_E_NOT_FOUND);
  const auto draw = of(trust::guarded, {says("a", {"192.0.2.1"}), says("b", {"203.0.113.66"})});
  EXPECT_EQ(used(draw), "192.0.2.1 203.0.113.66") << "nobody can tell; whoever connects finds out by TLS";
  EXPECT_EQ(draw.verdict(), "disputed");
}

TEST(Consensus, NeighboursSupportEachOther) {
  const auto r = of(trust::guarded, {says("a", {"192.0.2.1"}), says("b", {"192.0.2.9"}), says("lie", {"203.0.113.66"})});
  EXPECT_EQ(used(r), "192.0.2.1 192.0.2.9") << "parts of one list";
  EXPECT_EQ(dropped(r), "203.0.113.66@lie");
  const auto close = of(trust::guarded, {says("a", {"192.0.2.1"}), says("b", {"192.0.2.1"}), says("lie", {"192.0.2.66"})});
  EXPECT_EQ(used(close), "192.0.2.1") << "where most say the very same, a neighbour is just another address";
  const auto ridden = of(trust::guarded, {says("a", {"192.0.2.1"}), says("b", {"192.0.2.1"}), says("lie", {"192.0.2.1", "203.0.113.66"})});
  EXPECT_EQ(used(ridden), "192.0.2.1") << "a true address beside it makes a wrong one no better";
}

TEST(Consensus, AddressesOfNoPublicNameAreDroppedWhoeverGivesThem) {
  for (const char* ip : {"0.0.0.0", "10.0.0.1", "127.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "169.254.1.1", "240.0.0.1", "255.255.255.255", "224.0.0.1"}) {
    const auto r = of(trust::guarded, {says("a", {ip, "192.0.2.1"}, true)});
    EXPECT_EQ(used(r), "192.0.2.1!") << ip;
    EXPECT_EQ(r.verdict(), "hijack");
    EXPECT_EQ(of(trust::strict, {says("a", {ip}, true)}).status, THARSIS_E_NOT_FOUND) << ip;
    EXPECT_EQ(used(of(trust::open, {says("a", {ip})})), ip) << "in open mode anything goes";
  }
  for (const char* ip : {"::", "::1", "fc00::1", "fd00::1", "fe80::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1"})
    EXPECT_EQ(used(of(trust::guarded, {says("a", {ip})})), "") << ip;
  for (const char* ip : {"192.0.2.1", "198.51.100.1", "203.0.113.1", "172.32.0.1", "100.128.0.1", "2001:db8::1", "64:ff9b::c000:201"})
    EXPECT_EQ(dropped(of(trust::guarded, {says("a", {ip})})), "") << ip;
}

TEST(Consensus, ALocalNameMayHaveAPrivateAddress) {
  for (const char* name : {"printer", "nas.local", "box.home.arpa", "a.b.lan"}) {
    const question q{.name = name, .kind = type::a};
    const std::vector<testimony> heard{says("a", {"192.168.1.2"})};
    EXPECT_EQ(used(judge(q, trust::guarded, heard, {})), "192.168.1.2") << name;
  }
}

TEST(Consensus, StrictModeBelievesOnlyWhoProvedItself) {
  const auto r = of(trust::strict, {says("a", {"192.0.2.1"}), says("b", {"192.0.2.1"}), fails("t", true)});
  EXPECT_EQ(r.status, THARSIS_E_DENIED);
  EXPECT_EQ(used(r), "");
  EXPECT_EQ(dropped(r), "192.0.2.1@a 192.0.2.1@b");
  EXPECT_EQ(r.verdict(), "not_trusted");
  EXPECT_EQ(used(of(trust::strict, {says("a", {"203.0.113.66"}), says("t", {"192.0.2.1"}, true)})), "192.0.2.1!");
}

TEST(Consensus, WhereNobodyAnswersTheReasonNamesEachServer) {
  const auto r = of(trust::guarded, {fails("a"), fails("b", true)});
  EXPECT_EQ(r.status, THARSIS_E_NETWORK);
  EXPECT_EQ(r.verdict(), "no_answer");
  EXPECT_NE(r.reason.find("a: it is down; b: it is down"), std::string::npos) << r.reason;
  EXPECT_NE(of(trust::guarded, {}, {1, 1}).reason.find("in time"), std::string::npos);
}

TEST(Consensus, ForgedAnswersAreEvidence) {
  testimony t = says("a", {"192.0.2.1"});
  t.forged.push_back(says("a", {"203.0.113.66"}).what);
  const auto r = of(trust::guarded, {t});
  EXPECT_EQ(used(r), "192.0.2.1");
  EXPECT_EQ(dropped(r), "203.0.113.66@a");
  EXPECT_EQ(r.verdict(), "injection");
}

TEST(Consensus, OneWaitsNoLongerThanAnAnswerNeeds) {
  const auto done = [](trust mode, const std::vector<testimony>& heard, silence silent) { return decided(asked, mode, heard, silent); };
  const auto plain = says("a", {"192.0.2.1"});
  EXPECT_TRUE(done(trust::open, {plain}, {1, 1}));
  EXPECT_FALSE(done(trust::guarded, {plain}, {1, 0})) << "a trusted one may still answer";
  EXPECT_TRUE(done(trust::guarded, {says("t", {"192.0.2.1"}, true)}, {1, 3}));
  EXPECT_TRUE(done(trust::guarded, {denies("t", true)}, {0, 3}));
  EXPECT_FALSE(done(trust::guarded, {fails("t", true)}, {0, 1}));
  EXPECT_TRUE(done(trust::guarded, {plain, says("b", {"192.0.2.1"})}, {0, 1})) << "two of three";
  EXPECT_FALSE(done(trust::guarded, {plain, says("b", {"203.0.113.66"})}, {0, 1}));
  EXPECT_FALSE(done(trust::guarded, {plain, says("b", {"192.0.2.66"})}, {0, 1})) << "neighbours, but not the same";
  EXPECT_FALSE(done(trust::strict, {plain, plain}, {1, 0}));
  EXPECT_TRUE(done(trust::strict, {plain}, {0, 0}));
}

TEST(Consensus, BothFamiliesComeInTurn) {
  ruling v6 = of(trust::guarded, {says("a", {"2001:db8::1", "2001:db8::2"})}), v4 = of(trust::guarded, {says("a", {"192.0.2.1"})});
  EXPECT_EQ(used(both(v6, v4)), "2001:db8::1 192.0.2.1 2001:db8::2");
  EXPECT_EQ(used(both(of(trust::guarded, {denies("a", false, findings::kind::no_data)}), v4)), "192.0.2.1");
  EXPECT_EQ(both(of(trust::guarded, {denies("a")}), of(trust::guarded, {denies("a")})).verdict(), "not_found");
  EXPECT_EQ(both(of(trust::guarded, {fails("a")}), of(trust::guarded, {denies("a")})).status, THARSIS_E_NETWORK) << "half an answer proves no absence";
}

// Goal: whatever liars say, and in whatever order answers come, an address of theirs is never used while one honest trusted
// server answers; and without one never while most are honest. Method: random casts from seeds.
TEST(Consensus, LiarsNeverWinAgainstATrustedServerOrAMajority) {
  uint64_t proven = 0, outvoted = 0;
  for (uint64_t seed = 1; seed <= 20'000; ++seed) {
    dice d(seed);
    std::vector<testimony> cast;
    const bool trusted = d.below(2) == 0;
    const size_t honest = d.below(4), liars = d.below(trusted ? 6 : std::max<size_t>(honest, 1));
    if (trusted) cast.push_back(says("t", {"192.0.2.1", "192.0.2.2"}, true));
    for (size_t i = 0; i < honest; ++i) cast.push_back(says("h" + std::to_string(i), {d.below(2) == 0 ? "192.0.2.1" : "192.0.2.2"}));
    for (size_t i = 0; i < liars; ++i) switch (d.below(4)) {
        case 0: cast.push_back(denies("l" + std::to_string(i))); break;
        case 1: cast.push_back(says("l" + std::to_string(i), {"10.0.0.1"})); break;
        case 2: cast.push_back(says("l" + std::to_string(i), {"192.0.2.1", "203.0.113.66"})); break;
        default: cast.push_back(says("l" + std::to_string(i), {"203.0.113.66"}));
      }
    for (size_t i = cast.size(); i > 1; --i) std::swap(cast[i - 1], cast[d.below(i)]);
    const ruling r = of(trust::guarded, cast);
    for (const auto& c : r.candidates) ASSERT_NE(ip_text(c.address), "203.0.113.66") << "seed " << seed;
    for (const auto& c : r.candidates) ASSERT_NE(ip_text(c.address), "10.0.0.1") << "seed " << seed;
    if (trusted || honest > 0) {
      ASSERT_FALSE(r.candidates.empty()) << "seed " << seed;
      ++(trusted ? proven : outvoted);
    }
    for (size_t i = 0; i < r.candidates.size(); ++i)
      for (size_t j = 0; j < i; ++j) ASSERT_FALSE(same_ip(r.candidates[i].address, r.candidates[j].address)) << "one candidate per address";
  }
  EXPECT_GT(proven, 5'000u);
  EXPECT_GT(outvoted, 3'000u);
}

namespace {

testimony hints(const std::string& source, const std::vector<std::string>& texts, bool vouched = false) {
  testimony t{.source = source, .vouched = vouched};
  t.what.what = findings::kind::found;
  t.what.services.push_back({.priority = 1, .hints = ips(texts)});
  t.what.texts = {source};
  return t;
}
std::string hinted_of(const record_ruling& r) {
  std::string all;
  for (const candidate& c : hinted(r)) all += ip_text(c.address) + " ";
  for (const refusal& c : r.refused) all += "-" + ip_text(c.address) + " ";
  return all;
}
const question records{.name = "im.example.com", .kind = type::https};

}  // namespace

// Hints of HTTPS records are addresses: what no public name has, what lies outside of the profile's ranges and what was refuted is
// refused there too, whoever gives it.
TEST(Consensus, HintsOfServiceRecordsAreWeighedAsAddresses) {
  beliefs known;
  known.not_its = {{*parse_ip("203.0.113.66"), "its certificate is for another"}};
  for (const bool vouched : {false, true}) {
    const std::vector<testimony> heard = {hints("udp://10.0.0.53", {"10.1.2.3", "203.0.113.66", "192.0.2.1"}, vouched)};
    EXPECT_EQ(hinted_of(judge_records(records, trust::guarded, heard, known)), vouched ? "203.0.113.66 192.0.2.1 -10.1.2.3 " : "192.0.2.1 -10.1.2.3 -203.0.113.66 ");
    EXPECT_EQ(hinted_of(judge_records(records, trust::open, heard, known)), "10.1.2.3 203.0.113.66 192.0.2.1 ");
    domain_rule rule{.domain = "example.com"};
    rule.allowed.push_back(*parse_range("198.51.100.0/24"));
    beliefs bound = known;
    bound.rule = &rule;
    EXPECT_EQ(hinted_of(judge_records(records, trust::open, heard, bound)), "-10.1.2.3 -203.0.113.66 -192.0.2.1 ");
  }
}

// Who lied on this network, and where sdt says so everybody who proves nothing, is not believed about other records either.
TEST(Consensus, RecordsOfWhoIsNotBelievedDoNotCount) {
  const std::vector<testimony> two = {hints("udp://10.0.0.53", {"192.0.2.66"}), hints("udp://10.0.0.54", {"192.0.2.1"})};
  beliefs known;
  known.liars = {"udp://10.0.0.53"};
  EXPECT_EQ(judge_records(records, trust::guarded, two, known).source, "udp://10.0.0.54");
  const std::vector<testimony> alone = {two[0]};
  EXPECT_EQ(judge_records(records, trust::guarded, alone, known).status, THARSIS_OK) << "nobody else speaks, and nobody trusted was asked";
  const std::vector<testimony> dead = {two[0], fails("tls://10.0.0.55", true)};
  EXPECT_EQ(judge_records(records, trust::guarded, dead, known).status, THARSIS_E_DENIED);
  known = {};
  known.only_proven = true;
  for (const trust mode : {trust::guarded, trust::open, trust::strict}) EXPECT_EQ(judge_records(records, mode, two, known).status, THARSIS_E_DENIED);
  EXPECT_EQ(judge_records(records, trust::open, two).source, "udp://10.0.0.53");
}
