#include "sdk/pure/cookies.h"

#include <gtest/gtest.h>

using namespace tharsis;

namespace {

constexpr int64_t now = 1'700'000'000;

url at(std::string_view text) { return *parse_url(text); }

struct jar : cookie_jar {
  using cookie_jar::cookie_jar;
  bool set(std::string_view from, std::string_view field, int64_t when = now) { return take(at(from), field, when); }
  std::string get(std::string_view to, int64_t when = now) { return header(at(to), when); }
};

}  // namespace

TEST(Cookies, DatesAsServersWriteThem) {
  EXPECT_EQ(parse_cookie_date("Wed, 21 Oct 2015 07:28:00 GMT"), 1445412480);
  EXPECT_EQ(parse_cookie_date("Wednesday, 21-Oct-15 07:28:00 GMT"), 1445412480);
  EXPECT_EQ(parse_cookie_date("Wed Oct 21 07:28:00 2015"), 1445412480);
  EXPECT_EQ(parse_cookie_date("Wed, 21-Oct-2015 07:28:00 GMT"), 1445412480);
  EXPECT_EQ(parse_cookie_date("7:28:0 21 october 2015"), 1445412480);
  EXPECT_EQ(parse_cookie_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
  EXPECT_EQ(parse_cookie_date("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
  EXPECT_EQ(parse_cookie_date("01 Jan 69 00:00:00"), 3124224000);
  for (const char* wrong : {"", "now", "21 Oct 2015", "07:28:00 21 2015", "24:00:00 21 Oct 2015", "07:60:00 21 Oct 2015",
                            "07:28:00 31 Feb 2015", "07:28:00 21 Oct 1600", "07:28:00 0 Oct 2015", "07:28 21 Oct 2015",
                            "07:28:00 21 Oct 20155", "999:28:00 21 Oct 2015"})
    EXPECT_FALSE(parse_cookie_date(wrong)) << wrong;
}

TEST(Cookies, ACookieGoesBackToItsHostAndNoOther) {
  jar j;
  EXPECT_TRUE(j.set("https://a.test/", "s=1"));
  EXPECT_EQ(j.get("https://a.test/x"), "s=1");
  EXPECT_EQ(j.get("http://a.test:8080/"), "s=1") << "ports do not tell cookies apart";
  EXPECT_EQ(j.get("https://b.a.test/"), "");
  EXPECT_EQ(j.get("https://test/"), "");
  EXPECT_EQ(j.get("https://xa.test/"), "");
}

TEST(Cookies, ADomainReachesWhatLiesBelowIt) {
  jar j;
  EXPECT_TRUE(j.set("https://x.a.test/", "s=1; Domain=.A.Test"));
  EXPECT_EQ(j.get("https://a.test/"), "s=1");
  EXPECT_EQ(j.get("https://y.a.test/"), "s=1");
  EXPECT_EQ(j.get("https://ya.test/"), "");
  EXPECT_FALSE(j.set("https://a.test/", "s=1; Domain=b.test")) << "somebody else's";
  EXPECT_FALSE(j.set("https://a.test/", "s=1; Domain=x.a.test")) << "below the own";
  EXPECT_FALSE(j.set("https://a.test/", "s=1; Domain=test")) << "everybody's";
  EXPECT_TRUE(j.set("https://a.test/", "t=2; Domain=")) << "as if it were not there";
  EXPECT_EQ(j.get("https://y.a.test/"), "s=1");
}

TEST(Cookies, AddressesAreNoDomains) {
  jar j;
  EXPECT_FALSE(j.set("https://10.0.0.1/", "s=1; Domain=0.0.1"));
  EXPECT_TRUE(j.set("https://10.0.0.1/", "s=1; Domain=10.0.0.1"));
  EXPECT_EQ(j.get("https://10.0.0.1/"), "s=1");
  EXPECT_EQ(j.get("https://9.10.0.0.1.test/"), "");
}

TEST(Cookies, PathsCountByWholeParts) {
  jar j;
  EXPECT_TRUE(j.set("https://a.test/one/two?x=/y", "s=1"));
  EXPECT_EQ(j.get("https://a.test/one"), "s=1");
  EXPECT_EQ(j.get("https://a.test/one/x"), "s=1");
  EXPECT_EQ(j.get("https://a.test/onex"), "");
  EXPECT_EQ(j.get("https://a.test/"), "");
  EXPECT_TRUE(j.set("https://a.test/deep/down/here", "r=2; Path=/"));
  EXPECT_TRUE(j.set("https://a.test/", "n=3; Path=relative"));
  EXPECT_EQ(j.get("https://a.test/one/x"), "s=1; r=2; n=3") << "longer paths first, then the older";
}

TEST(Cookies, SecureOnesTravelInConfidence) {
  jar j;
  EXPECT_FALSE(j.set("http://a.test/", "s=1; Secure"));
  EXPECT_TRUE(j.set("https://a.test/", "s=1; Secure"));
  EXPECT_EQ(j.get("http://a.test/"), "");
  EXPECT_FALSE(j.set("http://a.test/", "s=2")) << "replaced from outside";
  EXPECT_EQ(j.get("https://a.test/"), "s=1");
  EXPECT_FALSE(j.set("https://a.test/", "__Secure-x=1"));
  EXPECT_TRUE(j.set("https://a.test/", "__Secure-x=1; Secure"));
  EXPECT_FALSE(j.set("https://b.a.test/", "__Host-x=1; Secure; Path=/; Domain=a.test"));
  EXPECT_FALSE(j.set("https://a.test/x/y", "__Host-x=1; Secure"));
  EXPECT_TRUE(j.set("https://a.test/x/y", "__Host-x=1; Secure; Path=/"));
}

TEST(Cookies, TimesEnd) {
  jar j;
  EXPECT_TRUE(j.set("https://a.test/", "s=1; Max-Age=10"));
  EXPECT_EQ(j.get("https://a.test/", now + 9), "s=1");
  EXPECT_EQ(j.get("https://a.test/", now + 10), "");
  EXPECT_TRUE(j.set("https://a.test/", "s=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT")) << "Max-Age is stronger";
  EXPECT_EQ(j.size(), 1u);
  EXPECT_TRUE(j.set("https://a.test/", "s=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"));
  EXPECT_EQ(j.size(), 0u) << "that is how a server takes one away";
  EXPECT_TRUE(j.set("https://a.test/", "t=1; Max-Age=-1"));
  EXPECT_TRUE(j.set("https://a.test/", "u=1; Max-Age=0"));
  EXPECT_EQ(j.size(), 0u);
  EXPECT_TRUE(j.set("https://a.test/", "v=1; Max-Age=99999999999999999999999; Expires=nonsense"));
  EXPECT_TRUE(j.set("https://a.test/", "w=1; Max-Age=+5x"));
  EXPECT_EQ(j.get("https://a.test/"), "v=1; w=1");
}

TEST(Cookies, TheSameNameReplacesAndKeepsItsPlace) {
  jar j;
  j.set("https://a.test/", "a=1");
  j.set("https://a.test/", "b=1");
  j.set("https://a.test/", "a=2");
  EXPECT_EQ(j.get("https://a.test/"), "a=2; b=1");
}

TEST(Cookies, WhatIsNoCookieIsNotKept) {
  jar j;
  for (const std::string& wrong : {std::string(""), std::string("novalue"), std::string("=x"), std::string(" ; a=1"),
                                   std::string("a=\x01"), std::string("a=1; Path=/\r\nX: y"), "a=" + std::string(5000, 'x')})
    EXPECT_FALSE(j.set("https://a.test/", wrong)) << wrong;
  EXPECT_EQ(j.size(), 0u);
  EXPECT_TRUE(j.set("https://a.test/", " a = \"b=c\" ;;; unknown; HttpOnly; SameSite=Lax"));
  EXPECT_EQ(j.get("https://a.test/"), "a=\"b=c\"");
}

TEST(Cookies, AJarIsBounded) {
  jar j({4096, 3, 5});
  for (int i = 0; i < 4; ++i) j.set("https://a.test/", "c" + std::to_string(i) + "=1");
  EXPECT_EQ(j.get("https://a.test/"), "c1=1; c2=1; c3=1") << "the one that was not used for longest went";
  for (int i = 0; i < 9; ++i) j.set("https://h" + std::to_string(i) + ".test/", "c=1");
  EXPECT_EQ(j.size(), 5u);
  EXPECT_EQ(j.get("https://h8.test/"), "c=1");
}
