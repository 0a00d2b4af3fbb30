#include "plugins/dns/translation.h"

#include <gtest/gtest.h>

#include "sdk/pure/address.h"

using namespace tharsis;
using namespace tharsis::dns;

namespace {

answer of(const std::vector<std::string>& ips) {
  answer a;
  a.trusted = true;
  for (const auto& ip : ips) a.addresses.push_back(*parse_ip(ip));
  describe(a, "tls://192.0.2.53", true, "a trusted server says so");
  return a;
}
std::string shown(const std::string& prefix, int bits, uint32_t family, const std::vector<std::string>& ips) {
  answer a = of(ips);
  translate({*parse_ip(prefix), bits}, family, a);
  std::string all;
  for (const auto& one : a.addresses) all += ip_text(one) + " ";
  for (const auto& one : a.addresses)
    EXPECT_TRUE(std::any_of(a.candidates.begin(), a.candidates.end(), [&](const candidate& c) { return same_ip(c.address, one); })) << ip_text(one);
  return all + (a.trusted ? "kept" : "of this network");
}

}  // namespace

// Bits of RFC 6052, 2.4, and of networks that use their own prefix.
TEST(Translation, Ipv4AddressesAreReachedThroughTheNetworksPrefix) {
  EXPECT_EQ(shown("64:ff9b::", 96, 0, {"192.0.2.33"}), "64:ff9b::c000:221 of this network");
  EXPECT_EQ(shown("2001:db8:122:344::", 64, 0, {"192.0.2.33"}), "2001:db8:122:344:c0:2:2100:0 of this network");
  EXPECT_EQ(shown("2001:db8:100::", 40, 0, {"192.0.2.33"}), "2001:db8:1c0:2:21:: of this network");
}

// Goal: whoever tells the prefix decides where the connection goes: nothing behind one of his choice is proven, and strict mode has
// only what has proved itself.
TEST(Translation, WhatLiesBehindANetworksOwnPrefixIsNotProvenByWhoGaveTheAddress) {
  const auto made = [](const std::string& prefix, trust mode, bool proved) {
    answer a = of({"2001:db8::1", "192.0.2.33"});
    const auto own = translate({*parse_ip(prefix), 96}, 0, a);
    for (candidate& c : a.candidates) c.proven = c.proven || proved;
    settle_translated("im.example.com", mode, own, a);
    std::string all;
    for (const candidate& c : a.candidates) all += ip_text(c.address) + (c.proven ? "! " : " ");
    EXPECT_EQ(a.addresses.size(), a.candidates.size());
    return all + a.verdict + (a.refused.empty() ? "" : " without " + ip_text(a.refused[0].address));
  };
  EXPECT_EQ(made("64:ff9b::", trust::strict, false), "2001:db8::1! 64:ff9b::c000:221! proven");
  EXPECT_EQ(made("2001:db8:66::", trust::guarded, false), "2001:db8::1! 2001:db8:66::c000:221 single");
  EXPECT_EQ(made("2001:db8:66::", trust::strict, false), "2001:db8::1! proven without 2001:db8:66::c000:221");
  for (const trust mode : {trust::strict, trust::guarded}) EXPECT_EQ(made("2001:db8:66::", mode, true), "2001:db8::1! 2001:db8:66::c000:221! proven");
  answer alone = of({"192.0.2.33"});
  const auto own = translate({*parse_ip("2001:db8:66::"), 96}, 6, alone);
  settle_translated("im.example.com", trust::strict, own, alone);
  EXPECT_EQ(alone.status, THARSIS_E_DENIED);
  EXPECT_EQ(alone.verdict, "not_trusted");
  EXPECT_NE(alone.reason.find("translator"), std::string::npos) << alone.reason;
}

TEST(Translation, WhatNeedsNoneComesFirstAndAloneWhereOnlyIpv6WasAskedFor) {
  EXPECT_EQ(shown("64:ff9b::", 96, 0, {"192.0.2.33", "2001:db8::1"}), "2001:db8::1 64:ff9b::c000:221 of this network");
  EXPECT_EQ(shown("64:ff9b::", 96, 6, {"2001:db8::1", "192.0.2.33"}), "2001:db8::1 kept");
  EXPECT_EQ(shown("64:ff9b::", 96, 6, {"192.0.2.33"}), "64:ff9b::c000:221 of this network");
  EXPECT_EQ(shown("64:ff9b::", 96, 4, {"192.0.2.33"}), "192.0.2.33 kept") << "who asks for IPv4 gets it";
}
