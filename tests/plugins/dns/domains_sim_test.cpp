// Domains with rules of their own, and addresses for when all else has failed, as the service answers them.
#include <gtest/gtest.h>

#include "tests/plugins/dns/servers_world.h"

using namespace tharsis;
using namespace tharsis::dns;
using namespace tharsis::dns::test;

namespace {

domain_rule rule_for(const std::string& domain) {
  domain_rule r;
  r.domain = domain;
  return r;
}
domain_rule only_in(const std::string& domain, const std::string& range) {
  domain_rule r = rule_for(domain);
  r.allowed = {*parse_range(range)};
  return r;
}
constexpr const char* inside_office = "10.1.2.3";

}  // namespace

// The network's resolver is the only one, and it lies: without the rule it would be believed.
TEST(DomainsSim, AnAddressOutsideOfItsDomainsRangesIsAHijackInEachMode) {
  for (const trust mode : {trust::guarded, trust::open}) {
    network n(1);
    n.s.mode = mode;
    n.add_plain("10.0.0.53", says(lie));
    n.s.domains.add(only_in("example.com", "192.0.2.0/24"));
    n.start();
    EXPECT_EQ(n.ask("im.example.com"), "hijack") << n.reason;
    EXPECT_EQ(n.refused, "203.0.113.66 ");
    EXPECT_EQ(n.ask("im.example.org"), "203.0.113.66 single") << "another domain";
  }
}

TEST(DomainsSim, ATrustedServerHasNoRightToAddressesOutsideEither) {
  network n(2);
  n.add_plain("10.0.0.53", says(truth));
  n.add_trusted("10.0.0.54", says(lie));
  n.s.domains.add(only_in("example.com", "192.0.2.0/24"));
  n.start();
  EXPECT_EQ(n.ask("im.example.com").find("203.0.113.66"), std::string::npos) << n.said;
}

TEST(DomainsSim, ALocalDomainAsksTheSystemsResolverAndNobodyElse) {
  network n(3);
  n.world.add_name("wiki.office.example", {inside_office});
  n.add_trusted("10.0.0.54", says(truth));
  domain_rule r = rule_for("office.example");
  r.mode = trust::guarded;
  r.local = true;
  n.s.domains.add(r);
  n.start();
  EXPECT_EQ(n.ask("wiki.office.example"), "10.1.2.3 single") << n.reason;
  EXPECT_EQ(n.servers[0]->asked, 0u) << "its names are nobody else's business";
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1! proven") << n.reason;
}

TEST(DomainsSim, ADomainHasItsOwnServersAndMode) {
  network n(4);
  n.add_plain("10.0.0.53", says(lie));
  n.add("10.0.0.99", says("192.0.2.9")).serve();
  domain_rule r = rule_for("example.com");
  r.servers = {*parse_server("udp://10.0.0.99")};
  r.mode = trust::open;
  n.s.domains.add(r);
  domain_rule strict = rule_for("bank.example");
  strict.mode = trust::strict;
  n.s.domains.add(strict);
  n.start();
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.9 single") << n.reason;
  EXPECT_EQ(n.ask("www.bank.example"), "not_trusted") << n.reason;
  EXPECT_EQ(n.ask("other.example.org"), "203.0.113.66 single");
}

// Before a login the network's own names are asked of its resolver alone: their ranges hold there too.
TEST(DomainsSim, ALocalNameLiesInItsRangesAlsoBeforeALogin) {
  network n(9);
  n.add_trusted("10.0.0.55", says(truth)).down = true;
  domain_rule r = rule_for("office.test");
  r.local = true;
  r.allowed.push_back(*parse_range("10.1.0.0/16"));
  n.s.domains.add(r);
  n.world.add_name("printer.office.test", {"10.1.0.9"});
  n.world.add_name("files.office.test", {"203.0.113.5"});
  n.start();
  EXPECT_EQ(n.asked->table()->advise(n.asked->table()->self, THARSIS_DNS_PORTAL, text_of(""), duration(1h).count(), nullptr), THARSIS_OK);
  n.world.run_for(10ms);
  EXPECT_EQ(n.ask("printer.office.test"), "10.1.0.9 single");
  EXPECT_EQ(n.ask("files.office.test"), "hijack");
  EXPECT_EQ(n.refused, "203.0.113.5 ");
}

TEST(DomainsSim, AFamilyIsAskedForWhereTheCallerLeavesItOpen) {
  std::vector<uint16_t> kinds;
  network n(5);
  n.add_plain("10.0.0.53", [&](const octets& asked) {
    kinds.push_back(kind_of(asked));
    return says(truth)(asked);
  });
  domain_rule r = rule_for("example.com");
  r.family = 4;
  n.s.domains.add(r);
  n.start();
  EXPECT_EQ(n.ask("im.example.com", 0), "192.0.2.1 single") << n.reason;
  EXPECT_EQ(kinds, std::vector<uint16_t>{type::a});
}

TEST(DomainsSim, WhereAllElseFailsTheLastResortIsUsedAndProvesNothing) {
  network n(6);
  bool up = false;
  n.add_plain("10.0.0.53", [&](const octets& asked) { return up ? says(truth)(asked) : std::vector<dns_server::saying>(); });
  n.s.last_resort["im.example.com"] = {*parse_ip("192.0.2.200")};
  n.start();
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.200 single") << n.reason;
  EXPECT_EQ(n.source, uint32_t{THARSIS_DNS_LAST_RESORT});
  EXPECT_EQ(n.ask("im.example.com", 6), "no_answer") << "it has none of this family";
  EXPECT_EQ(n.ask("other.example.com"), "no_answer");
  up = true;
  n.world.run_for(5s);
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1 single") << "as soon as somebody answers";
}

TEST(DomainsSim, WhoIsTrustedMaySayThatThereIsNothing) {
  network n(7);
  n.add_trusted("10.0.0.54", [](const octets& asked) { return std::vector<dns_server::saying>{{answer_writer(asked, rcode::no_name).bytes, 0s}}; });
  n.s.last_resort["im.example.com"] = {*parse_ip("192.0.2.200")};
  n.start();
  EXPECT_EQ(n.ask("im.example.com"), "not_found") << n.said;
}

TEST(DomainsSim, ADomainMayForbidWhatIsStale) {
  for (const bool forbids : {false, true}) {
    network n(8 + forbids);
    bool up = true;
    n.add_trusted("10.0.0.54", [&](const octets& asked) { return up ? says(truth)(asked) : std::vector<dns_server::saying>(); });
    if (forbids) {
      domain_rule r = rule_for("example.com");
      r.stale_max = 0s;
      n.s.domains.add(r);
    }
    n.start();
    EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1! proven") << n.reason;
    up = false;
    n.world.run_for(120s);
    EXPECT_EQ(n.ask("im.example.com").find("192.0.2.1"), forbids ? std::string::npos : 0u) << n.said;
  }
}
