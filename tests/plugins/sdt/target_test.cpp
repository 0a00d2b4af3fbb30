#include "plugins/sdt/core/target.h"

#include <gtest/gtest.h>

#include "plugins/sdt/core/http_date.h"
#include "plugins/sdt/core/wish.h"
#include "plugins/sdt/diagnose_line.h"
#include "sdk/pure/address.h"

using namespace tharsis;
using namespace tharsis::sdt;

TEST(SdtTarget, EachWayOfSayingItIsUnderstood) {
  struct expected {
    std::string text, scheme, host;
    uint16_t port;
  };
  const expected all[] = {{"im.Example.com", "tcps", "im.example.com", 443},
                          {"192.0.2.1:9", "tcp", "192.0.2.1", 9},
                          {"[2001:db8::1]:80", "tcp", "2001:db8::1", 80},
                          {"im.example.com:8080", "tcp", "im.example.com", 8080},
                          {"tcp://im:1", "tcp", "im", 1},
                          {"tcps://im.example.com:443", "tcps", "im.example.com", 443},
                          {"http://im.example.com", "http", "im.example.com", 80},
                          {"https://im.example.com/a?b", "https", "im.example.com", 443}};
  for (const expected& e : all) {
    const auto a = parse_aim(e.text);
    ASSERT_TRUE(a) << e.text << ": " << a.failure().text;
    EXPECT_EQ(a->scheme, e.scheme) << e.text;
    EXPECT_EQ(a->host, e.host) << e.text;
    EXPECT_EQ(a->port, e.port) << e.text;
    EXPECT_EQ(a->given, e.text);
  }
  EXPECT_EQ(parse_aim("https://im.example.com/a?b")->page, "/a?b");
  EXPECT_TRUE(parse_aim("127.0.0.1:1")->loopback);
  EXPECT_TRUE(parse_aim("[::1]:1")->loopback);
  EXPECT_TRUE(parse_aim("tcp://localhost:1")->loopback);
  EXPECT_FALSE(parse_aim("192.0.2.1:1")->loopback);
}

TEST(SdtTarget, WhatMeansNothingIsRefusedWithASentence) {
  for (const std::string text : {"", " ", "foo bar", "192.0.2.1", "1.2.3", "im:", "im:0", "im:70000", "ftp://im", "tcp://", "tcp://im", "http://",
                                 "http://user:secret@im/", "..", "a..b", "2001:db8::1", "[::1", "tcps://im:443/page"}) {
    const auto a = parse_aim(text);
    ASSERT_FALSE(a) << text;
    EXPECT_EQ(a.status(), THARSIS_E_INVALID) << text;
    EXPECT_NE(a.failure().text.find("is no target"), std::string::npos) << a.failure().text;
    EXPECT_EQ(a.failure().text.find("secret"), std::string::npos) << "what stands before an '@' is nobody's business" << a.failure().text;
  }
  EXPECT_FALSE(parse_aim(std::string(300, 'a')));
}

TEST(SdtTarget, ResolversAndCanariesHaveAddresses) {
  const auto doh = parse_resolver("https://192.0.2.53/dns-query#dns.example");
  ASSERT_TRUE(doh) << doh.failure().text;
  EXPECT_EQ(doh->over, name_transport::https);
  EXPECT_EQ(to_text(doh->at), "192.0.2.53:443");
  EXPECT_EQ(doh->name, "dns.example");
  EXPECT_EQ(doh->path, "/dns-query");
  EXPECT_EQ(to_text(parse_resolver("tls://[2001:db8::53]:8853#d")->at), "[2001:db8::53]:8853");
  EXPECT_EQ(parse_resolver("udp://192.0.2.53")->at.port, 53);
  for (const std::string text : {"", "192.0.2.53", "https://dns.example/dns-query", "udp://192.0.2.53/path", "quic://192.0.2.53"})
    EXPECT_FALSE(parse_resolver(text)) << text;
  const auto c = parse_canary("http://canary.example/generate_204@192.0.2.7@2001:db8::7");
  ASSERT_TRUE(c) << c.failure().text;
  EXPECT_EQ(c->page.target, "/generate_204");
  ASSERT_EQ(c->at.size(), 2u);
  EXPECT_EQ(to_text(c->at[1]), "[2001:db8::7]:80");
  for (const std::string text : {"", "canary", "http://canary.example/@", "http://canary.example/@here"}) EXPECT_FALSE(parse_canary(text)) << text;
}

TEST(SdtTarget, ACommandTakesOneTargetAndKnownDepths) {
  const settings s;
  const auto line = parse_diagnose_line({"tcps://im.example.com:443", "--depth", "light", "--control", "192.0.2.9:443", "--json"}, s.diagnose);
  ASSERT_TRUE(line) << line.failure().text;
  EXPECT_EQ(line->asked.how_deep, depth::light);
  EXPECT_EQ(line->asked.controls.size(), 1u);
  EXPECT_TRUE(line->json);
  EXPECT_TRUE(parse_diagnose_line({}, s.diagnose)) << "the network as a whole";
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"a.test", "b.test"}, {"a.test", "--depth", "abyss"}, {"a.test", "--control", "192.0.2.9"}, {"a.test", "--pin", "x"}, {"a b"}, {"--colour"}})
    EXPECT_EQ(parse_diagnose_line(words, s.diagnose).status(), THARSIS_E_INVALID) << words[0];
}

TEST(SdtTarget, AClosedPortAndANameThatTellsWhoAskedAreOfTheProfileOrTheLine) {
  settings::diagnose_settings profile;
  const auto line = parse_diagnose_line({"a.test", "--closed", "192.0.2.7:8080", "--identity", "who.example.com"}, profile);
  ASSERT_TRUE(line) << line.failure().text;
  EXPECT_EQ(to_text(*line->asked.closed), "192.0.2.7:8080");
  EXPECT_EQ(line->asked.identity_name, "who.example.com");
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"--closed", "192.0.2.7"}, {"--closed", "a.test:80"}, {"--identity", "a..b"}, {"--identity", ""}})
    EXPECT_EQ(parse_diagnose_line(words, profile).status(), THARSIS_E_INVALID) << words[1];
  profile.closed = "192.0.2.7";
  EXPECT_NE(wish_from(profile).failure().text.find("sdt.diagnose.closed: '192.0.2.7'"), std::string::npos) << wish_from(profile).failure().text;
  profile.closed.clear();
  profile.identity_name = "a b";
  EXPECT_NE(wish_from(profile).failure().text.find("sdt.diagnose.identity_name: 'a b'"), std::string::npos) << wish_from(profile).failure().text;
}

// Without its key a gateway's page could be anybody's, and would accuse the network.
TEST(SdtTarget, AGatewaysCanaryNeedsItsKey) {
  settings::diagnose_settings profile;
  const std::vector<std::string> words = {"a.test", "--canary", "http://canary.example/canary/@192.0.2.7"};
  const auto none = parse_diagnose_line(words, profile);
  EXPECT_EQ(none.status(), THARSIS_E_INVALID);
  EXPECT_NE(none.failure().text.find("--canary-key"), std::string::npos) << none.failure().text;
  EXPECT_TRUE(parse_diagnose_line({"a.test", "--canary", words[2], "--canary-key", "k"}, profile));
  profile.canaries = {words[2]};
  EXPECT_EQ(wish_from(profile).status(), THARSIS_E_INVALID);
  EXPECT_NE(wish_from(profile).failure().text.find("sdt.diagnose.canary_key"), std::string::npos) << wish_from(profile).failure().text;
  EXPECT_TRUE(parse_diagnose_line({"a.test", "--canary-key", "k"}, profile)) << "the key may be the command's";
  profile.canary_key = "k";
  EXPECT_TRUE(wish_from(profile));
  EXPECT_TRUE(parse_diagnose_line(words, profile));
}

TEST(SdtTarget, ADateOfAServerIsReadInTheFormThatTheyWrite) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
  EXPECT_EQ(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
  for (const std::string text : {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nox 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
                                 "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, -6 Nov 1994 08:49:37 GMT"})
    EXPECT_FALSE(parse_http_date(text)) << text;
}
