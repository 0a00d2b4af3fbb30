#include "sdk/pure/url.h"

#include <gtest/gtest.h>

using namespace tharsis;

namespace {

std::string complaint(const std::string& text) {
  const auto u = parse_url(text);
  return u ? "it was taken: " + u->text() : u.failure().text;
}

}  // namespace

TEST(Url, IsTakenApartAndPutTogether) {
  struct example {
    std::string text, host;
    uint16_t port;
    bool secure;
    std::string target, again, authority;
  };
  const std::vector<example> all = {
      {"http://logs.example.com", "logs.example.com", 80, false, "/", "http://logs.example.com/", "logs.example.com"},
      {"HTTPS://Logs.Example.COM:443/In?a=B", "logs.example.com", 443, true, "/In?a=B", "https://logs.example.com/In?a=B", "logs.example.com"},
      {"https://h:8443/%7Ex", "h", 8443, true, "/%7Ex", "https://h:8443/%7Ex", "h:8443"},
      {"http://127.0.0.1:80/", "127.0.0.1", 80, false, "/", "http://127.0.0.1/", "127.0.0.1"},
      {"http://[2001:DB8:0::1]:8080?q", "2001:db8::1", 8080, false, "/?q", "http://[2001:db8::1]:8080/?q", "[2001:db8::1]:8080"},
      {"https://[::1]", "::1", 443, true, "/", "https://[::1]/", "[::1]"},
      {"http://a_b-c.d1/x/../y;p=1,2?x[]=@:!$&'()*+", "a_b-c.d1", 80, false, "/x/../y;p=1,2?x[]=@:!$&'()*+",
       "http://a_b-c.d1/x/../y;p=1,2?x[]=@:!$&'()*+", "a_b-c.d1"},
  };
  for (const example& e : all) {
    SCOPED_TRACE(e.text);
    const auto u = parse_url(e.text);
    ASSERT_TRUE(u) << u.failure().text;
    EXPECT_EQ(u->host, e.host);
    EXPECT_EQ(u->port, e.port);
    EXPECT_EQ(u->secure, e.secure);
    EXPECT_EQ(u->target, e.target);
    EXPECT_EQ(u->text(), e.again);
    EXPECT_EQ(u->authority(), e.authority);
    const auto twice = parse_url(u->text());
    ASSERT_TRUE(twice);
    EXPECT_EQ(twice->text(), u->text());
  }
  EXPECT_EQ(parse_url("https://h/secret?token=1")->origin(), "https://h");
  EXPECT_EQ(parse_url("https://[::1]/")->place(), "[::1]:443");
}

TEST(Url, WhatIsNoneIsToldWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> all = {
      {"", "does not begin with http:// or https://"},
      {"logs.example.com/in", "does not begin with"},
      {"ftp://h/", "neither http nor https"},
      {"http://", "the host is missing"},
      {"http:///x", "the host is missing"},
      {"http://h:/", "the port is not a number"},
      {"http://h:0/", "the port is not a number"},
      {"http://h:65536/", "the port is not a number"},
      {"http://h:80x/", "the port is not a number"},
      {"http://h:-1/", "the port is not a number"},
      {"http://u@h/", "user name or password"},
      {"http://[::1/", "the bracket is not closed"},
      {"http://[::1]80/", "between the bracket and the port"},
      {"http://[fe80::1%25eth0]/", "not an IPv6 address"},
      {"http://[127.0.0.1]/", "not an IPv6 address"},
      {"http://::1/", "the host is missing"},
      {"http://1.2.3/", "looks like an IP address"},
      {"http://1.2.3.256/", "looks like an IP address"},
      {"http://0x7f.1/", "looks like an IP address"},
      {"http://a..b/", "an empty part"},
      {"http://a.b./", "an empty part"},
      {"http://" + std::string(64, 'a') + "/", "longer than 63"},
      {"http://" + std::string(254, 'a') + "/", "longer than 253"},
      {"http://m\xc3\xbcnchen.de/", "xn--"},
      {"http://h h/", "no host has"},
      {"http://h\\x/", "no host has"},
      {"http://h\n/", "no host has"},
      {"http://h/a b", "percent-encoded"},
      {"http://h/a\r\nb", "percent-encoded"},
      {std::string("http://h/a\0b", 12), "percent-encoded"},
      {"http://h/\xc3\xbc", "percent-encoded"},
      {"http://h/<x>", "percent-encoded"},
      {"http://h/%4", "two hexadecimal digits"},
      {"http://h/%zz", "two hexadecimal digits"},
      {"http://h/#top", "fragment"},
      {"http://h#top", "fragment"},
  };
  for (const auto& [text, part] : all) {
    SCOPED_TRACE(text);
    EXPECT_NE(complaint(text).find(part), std::string::npos) << complaint(text);
    EXPECT_NE(complaint(text).find("write it like https://"), std::string::npos);
    for (const char c : complaint(text)) EXPECT_TRUE(c >= ' ' && c < 127) << complaint(text);
  }
}

TEST(Url, NoSentenceRepeatsASecret) {
  for (const std::string text :
       {"https://me:hunter2@h/", "https://me:hunter2?@h/", "https://me:hunter2#@h", "http://h/x y?token=hunter2",
        "https://h:99999/?hunter2", "hunter2@h", "http://h/?a=@b hunter2"})
    EXPECT_EQ(complaint(text).find("hunter2"), std::string::npos) << complaint(text);
  EXPECT_EQ(complaint("https://" + std::string(300, 'x') + ":hunter2@h").find("hunter2"), std::string::npos);
}

TEST(Url, PercentEncodingGoesThereAndBackForEveryByte) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  const std::string encoded = percent_encode(all);
  EXPECT_EQ(*percent_decode(encoded), all);
  EXPECT_TRUE(parse_url("http://h/" + encoded + "?" + encoded + "=" + encoded));
  EXPECT_EQ(percent_encode("a/b c&d=+-._~\xff"), "a%2Fb%20c%26d%3D%2B-._~%FF");
  EXPECT_EQ(*percent_decode("a+b%2fc%2F"), "a+b/c/");
  for (const char* wrong : {"%", "%4", "a%4", "%4g", "%g4", "%%41", "x% 41"}) {
    const auto r = percent_decode(wrong);
    ASSERT_FALSE(r) << wrong;
    EXPECT_NE(r.failure().text.find("byte "), std::string::npos);
  }
}
