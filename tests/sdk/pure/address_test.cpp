#include "sdk/pure/address.h"

#include <gtest/gtest.h>

using namespace tharsis;

TEST(Address, WhatIsParsedIsPrintedInItsShortestForm) {
  for (const auto& [in, out] : std::vector<std::pair<std::string, std::string>>{
           {"127.0.0.1", "127.0.0.1"},
           {"0.0.0.0", "0.0.0.0"},
           {"::", "::"},
           {"::1", "::1"},
           {"fe80::", "fe80::"},
           {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
           {"2001:DB8::0001", "2001:db8::1"},
           {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
           {"::ffff:192.0.2.1", "::ffff:c000:201"},
           {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"}}) {
    const auto a = parse_ip(in);
    ASSERT_TRUE(a.ok()) << in;
    EXPECT_EQ(ip_text(*a), out) << in;
  }
}

TEST(Address, WhatIsNoAddressIsRefused) {
  for (const char* text : {"", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", ":", ":::", "1::2::3",
                           "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "12345::", "::1:", "::1.2.3", "g::",
                           "[::1]", "::1%lo", "1:2:3:4:5:6:7:1.2.3.4"})
    EXPECT_FALSE(parse_ip(text).ok()) << text;
}

TEST(Endpoint, SchemeHostAndPortComeApartAndTogether) {
  const auto e = parse_endpoint("tcps://im.example.com:443");
  ASSERT_TRUE(e.ok());
  EXPECT_EQ(e->scheme, "tcps");
  EXPECT_EQ(e->host, "im.example.com");
  EXPECT_EQ(e->port, 443);
  const auto v6 = parse_endpoint("tcp://[::1]:80");
  ASSERT_TRUE(v6.ok());
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(v6->text(), "tcp://[::1]:80");
}

TEST(Endpoint, AWrongOneIsRefusedWithASentenceThatShowsARightOne) {
  for (const char* text : {"", "im.example.com:443", "tcp://", "tcp://host", "tcp://:80", "tcp://host:", "tcp://host:x",
                           "tcp://host:65536", "tcp://[::1:80", "tcp://[::1]x:80", "tcp://[name]:80", "tcp://a b:80",
                           "tcp://user@host:80"}) {
    const auto e = parse_endpoint(text);
    ASSERT_FALSE(e.ok()) << text;
    EXPECT_NE(e.failure().text.find("tcps://im.example.com:443"), std::string::npos) << e.failure().text;
  }
}

TEST(Address, APlaceIsAnIpWithOrWithoutAPort) {
  for (const auto& [text, port] : {std::pair{"192.0.2.1", 0}, {"192.0.2.1:443", 443}, {"2001:db8::1", 0}, {"[2001:db8::1]:8443", 8443}}) {
    const auto a = parse_place(text);
    ASSERT_TRUE(a) << a.failure().text;
    EXPECT_EQ(a->port, port) << text;
  }
  for (const char* bad : {"", "im.example.com", "im.example.com:443", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "[192.0.2.1", "[2001:db8::1]", ":443"})
    EXPECT_FALSE(parse_place(bad)) << bad;
}
