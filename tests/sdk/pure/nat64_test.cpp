// Goal: the addresses of RFC 6052, section 2.4, and the prefixes they come from, are found by RFC 7050.
#include "sdk/pure/nat64.h"

#include <gtest/gtest.h>

#include "sdk/pure/address.h"

using namespace tharsis;

namespace {
struct sample {
  int bits;
  const char *prefix, *of_documentation, *of_known;
};
const sample samples[] = {{32, "2001:db8::", "2001:db8:c000:221::", "2001:db8:c000:aa::"},
                          {40, "2001:db8:100::", "2001:db8:1c0:2:21::", "2001:db8:1c0:0:aa::"},
                          {48, "2001:db8:122::", "2001:db8:122:c000:2:2100::", "2001:db8:122:c000:0:aa00::"},
                          {56, "2001:db8:122:300::", "2001:db8:122:3c0:0:221::", "2001:db8:122:3c0:0:aa::"},
                          {64, "2001:db8:122:344::", "2001:db8:122:344:c0:2:2100::", "2001:db8:122:344:c0:0:aa00::"},
                          {96, "2001:db8:122:344::", "2001:db8:122:344::192.0.2.33", "2001:db8:122:344::192.0.0.170"},
                          {96, "64:ff9b::", "64:ff9b::192.0.2.33", "64:ff9b::192.0.0.171"}};
}  // namespace

TEST(Nat64, TheExamplesOfRfc6052) {
  for (const sample& s : samples) {
    SCOPED_TRACE(s.of_documentation);
    tharsis_address v4 = *parse_ip("192.0.2.33");
    v4.port = 443;
    const auto prefix = find_nat64_prefix(std::vector{*parse_ip("2001:db8:9::1"), *parse_ip(s.of_known)});
    ASSERT_TRUE(prefix);
    EXPECT_EQ(prefix->bits, s.bits);
    const tharsis_address a = through_nat64(*prefix, v4);
    EXPECT_EQ(ip_text(a), ip_text(*parse_ip(s.of_documentation)));
    EXPECT_EQ(a.port, 443);
  }
}

TEST(Nat64, WithoutTheKnownAddressesThereIsNone) {
  EXPECT_FALSE(find_nat64_prefix({}));
  EXPECT_FALSE(find_nat64_prefix(std::vector{*parse_ip("192.0.0.170"), *parse_ip("192.0.0.171")}));
  EXPECT_FALSE(find_nat64_prefix(std::vector{*parse_ip("2001:db8::1"), *parse_ip("64:ff9b::192.0.0.172")}));
}
