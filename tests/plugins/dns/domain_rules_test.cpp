#include "plugins/dns/core/domain_rules.h"

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::dns;

namespace {
domain_rule rule_for(const std::string& domain) {
  domain_rule r;
  r.domain = domain;
  return r;
}
std::string domain_of(const domain_rules& rules, const std::string& name) {
  const domain_rule* r = rules.find(name);
  return r == nullptr ? "none" : r->domain;
}
bool inside(const std::string& range, const std::string& ip) { return parse_range(range)->has(*parse_ip(ip)); }
}  // namespace

TEST(DomainRules, TheLongestDomainCounts) {
  domain_rules rules;
  for (const char* domain : {"example.com", "im.example.com", "com", "b.a.example.com"}) EXPECT_TRUE(rules.add(rule_for(domain)));
  EXPECT_FALSE(rules.add(rule_for("com"))) << "once";
  EXPECT_EQ(domain_of(rules, "example.com"), "example.com");
  EXPECT_EQ(domain_of(rules, "www.example.com"), "example.com");
  EXPECT_EQ(domain_of(rules, "im.example.com"), "im.example.com");
  EXPECT_EQ(domain_of(rules, "x.im.example.com"), "im.example.com");
  EXPECT_EQ(domain_of(rules, "a.example.com"), "example.com") << "on the way to a longer one";
  EXPECT_EQ(domain_of(rules, "c.b.a.example.com"), "b.a.example.com");
  EXPECT_EQ(domain_of(rules, "notexample.com"), "com") << "labels, not letters";
  EXPECT_EQ(domain_of(rules, "example.org"), "none");
  EXPECT_EQ(domain_of(domain_rules(), "example.com"), "none");
}

TEST(AddressRange, HasTheAddressesWithItsBits) {
  EXPECT_TRUE(inside("192.0.2.0/24", "192.0.2.255"));
  EXPECT_FALSE(inside("192.0.2.0/24", "192.0.3.0"));
  EXPECT_TRUE(inside("192.0.2.128/25", "192.0.2.129"));
  EXPECT_FALSE(inside("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(inside("0.0.0.0/0", "203.0.113.1"));
  EXPECT_FALSE(inside("0.0.0.0/0", "2001:db8::1")) << "of one family";
  EXPECT_TRUE(inside("2001:db8::/32", "2001:db8:ffff::1"));
  EXPECT_FALSE(inside("2001:db8::/32", "2001:db9::1"));
  EXPECT_TRUE(inside("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(inside("192.0.2.1", "192.0.2.2"));
}

TEST(AddressRange, WhatIsNoneIsTold) {
  for (const char* bad : {"", "192.0.2/24", "192.0.2.0/33", "2001:db8::/129", "192.0.2.0/", "192.0.2.0/-1", "192.0.2.0/24/8", "example.com", "192.0.2.1/24"}) {
    const auto r = parse_range(bad);
    ASSERT_FALSE(r.ok()) << bad;
    EXPECT_NE(r.failure().text.find("is no range of addresses"), std::string::npos);
  }
  EXPECT_NE(parse_range("192.0.2.1/24").failure().text.find("its address has bits behind the first 24"), std::string::npos);
}
