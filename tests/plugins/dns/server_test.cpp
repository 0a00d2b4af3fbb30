#include "plugins/dns/core/server.h"

#include <gtest/gtest.h>

#include "plugins/dns/core/settings.h"
#include "sdk/pure/address.h"

using namespace tharsis;
using namespace tharsis::dns;

namespace {
std::string of(std::string_view text) {
  const auto s = parse_server(text);
  if (!s) return "refused: " + s.failure().text;
  return std::to_string(static_cast<int>(s->by)) + " " + to_text(s->at) + " " + s->name + " " + s->path;
}
}  // namespace

TEST(Server, EachWayHasItsPort) {
  EXPECT_EQ(of("udp://192.0.2.53"), "0 192.0.2.53:53  ");
  EXPECT_EQ(of("tcp://[2001:db8::53]:5353"), "1 [2001:db8::53]:5353  ");
  EXPECT_EQ(of("tls://192.0.2.53#dns.example"), "2 192.0.2.53:853 dns.example ");
  EXPECT_EQ(of("https://192.0.2.53/dns-query#dns.example"), "3 192.0.2.53:443 dns.example /dns-query");
  EXPECT_EQ(of("https://192.0.2.53:8443#dns.example"), "3 192.0.2.53:8443 dns.example /dns-query");
  EXPECT_EQ(of("tls://192.0.2.53"), "2 192.0.2.53:853 192.0.2.53 ") << "the certificate is for the address";
  EXPECT_EQ(parse_server("tls://192.0.2.53#dns.example")->text, "tls://192.0.2.53#dns.example");
}

TEST(Server, VendorsHaveKeysInFiles) {
  const auto t = parse_server("tencent://192.0.2.53?token=/etc/app/token#dns.example");
  ASSERT_TRUE(t.ok()) << t.failure().text;
  EXPECT_EQ(t->key_file, "/etc/app/token");
  EXPECT_TRUE(t->vouched());
  EXPECT_EQ(of("aliyun://192.0.2.53:8443/139450?secret=/etc/app/secret#dns.example"), "5 192.0.2.53:8443 dns.example /139450");
  EXPECT_EQ(of("aliyun://192.0.2.53/139450"), "5 192.0.2.53:443 192.0.2.53 /139450");
  EXPECT_EQ(of("system").substr(0, 1), "6");
  EXPECT_FALSE(parse_server("system")->vouched());
  EXPECT_NE(of("tencent://192.0.2.53#dns.example").find("it wants a token"), std::string::npos);
  EXPECT_NE(of("tencent://192.0.2.53?secret=/x#dns.example").find("behind '?' stands token=FILE"), std::string::npos);
  EXPECT_NE(of("tencent://192.0.2.53/path?token=/x").find("only https:// has a path"), std::string::npos);
  EXPECT_NE(of("aliyun://192.0.2.53#dns.example").find("stands the account"), std::string::npos);
  EXPECT_NE(of("aliyun://192.0.2.53/a/b#dns.example").find("stands the account"), std::string::npos);
}

TEST(Server, WhatIsWrongIsSaid) {
  EXPECT_NE(of("192.0.2.53").find("write udp://"), std::string::npos);
  EXPECT_NE(of("quic://192.0.2.53").find("write udp://"), std::string::npos);
  EXPECT_NE(of("tls://dns.example").find("nobody could resolve its name"), std::string::npos);
  EXPECT_NE(of("udp://").find("nobody could resolve"), std::string::npos);
  EXPECT_NE(of("udp://192.0.2.53#dns.example").find("can prove a name"), std::string::npos);
  EXPECT_NE(of("tcp://192.0.2.53/dns-query").find("only https:// has a path"), std::string::npos);
  EXPECT_NE(of("tls://192.0.2.53#").find("behind '#'"), std::string::npos);
  EXPECT_NE(of("tls://192.0.2.53#a b").find("behind '#'"), std::string::npos);
  EXPECT_NE(of("https://192.0.2.53/dns query#dns.example").find("no path has"), std::string::npos);
  EXPECT_NE(of("udp://192.0.2.53:99999").find("is none"), std::string::npos);
}

TEST(Server, StrictModeNeedsOneThatProvesItsName) {
  settings s;
  s.mode = trust::strict;
  EXPECT_TRUE(s.believes_nobody()) << "not the system's resolver";
  s.servers.push_back(*parse_server("udp://192.0.2.53"));
  EXPECT_TRUE(s.believes_nobody());
  s.servers.push_back(*parse_server("tls://192.0.2.54"));
  EXPECT_FALSE(s.believes_nobody());
  s = {};
  EXPECT_FALSE(s.believes_nobody());
}
