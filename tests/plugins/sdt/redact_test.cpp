#include "plugins/sdt/core/redact.h"

#include <gtest/gtest.h>

#include "plugins/sdt/core/report_json.h"

using namespace tharsis;
using namespace tharsis::sdt;

namespace {

// What becomes of a text that somebody on the way has written.
std::string shown(const std::string& text) {
  report whole;
  whole.seen.timeline = {{1, text}};
  return redacted(whole).seen.timeline.front().text;
}

}  // namespace

TEST(SdtRedact, OfAUrlStaysWhatStandsBeforeItsPath) {
  EXPECT_EQ(shown("http://login.test/a?mac=00:1b:44:11:3a:b7&ssid=Smith&ip=10.0.0.7 came"), "http://login.test/... came");
  EXPECT_EQ(shown("http://login.test/users/smith -> 302 https://ann:secret@login.test:8443/x"), "http://login.test/... -> 302 https://login.test:8443/...");
  EXPECT_EQ(shown("http://login.test/ http://login.test http://login.test#smith"), "http://login.test/ http://login.test http://login.test/...");
  EXPECT_EQ(shown("well? yes"), "well? yes");
  EXPECT_EQ(shown("/login?ssid=Smith"), "/login?");
  report whole;
  http_probe page;
  page.location = "http://login.test/?ssid=Smith";
  whole.seen.pages = {page};
  EXPECT_EQ(redacted(whole).seen.pages[0].location, "http://login.test/...");
  EXPECT_GT(redacted(whole).redactions, 0u);
  whole.seen.pages[0].location = "/smith/home";
  EXPECT_EQ(redacted(whole).seen.pages[0].location, "/...");
}

TEST(SdtRedact, WhoWritesAndWithWhatKeyIsNotShown) {
  EXPECT_EQ(shown("mail ann.smith+wifi@mail.example.com, please"), "mail hidden@hidden, please");
  EXPECT_EQ(shown("ann@localhost"), "hidden@hidden");
  EXPECT_EQ(shown("ann@4915123456789"), "hidden@hidden") << "what stands for one thing makes another of what is beside it";
  EXPECT_EQ(shown("canary@192.0.2.7").find("192.0.2"), std::string::npos) << "an address of IP is one all the same";
  for (const std::string token : {"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "0123456789abcdef0123", "9f86d081884c7d659a2feaa0c55ad015", "490154203237518", "AKIAIOSFODNN7EXAMPLE12",
                                  "dGhpcyBpc3BhIHNlY3JldA", "550e8400-e29b-41d4-a716-446655440000", "001b44113ab7"})
    EXPECT_EQ(shown("said: " + token + "; thus"), "said: hidden; thus") << token;
  for (const char* plain : {"the connection was refused", "sha256", "a-very-long-name-of-a-host.example.com", "im7.example.com", "ECDHE-RSA-AES256-GCM-SHA384", "LetsEncryptAuthorityX3", "TLSv1.3",
                            "2026-11-26T22:51:31Z", "443", "1448 of 1460", "deadbeef", "tls_protocol"})
    EXPECT_EQ(shown(plain), plain);
}

TEST(SdtRedact, WhereAPageSentSomebodyWithinItsSiteIsShownNowhere) {
  for (const std::string path : {"/guest/ann.smith/room12/sid-k9", "login.php;user=ann.smith", "ann.smith"}) {
    report whole;
    whole.seen.about.host = "shop.example.com";
    http_probe page;
    page.location = path;
    whole.seen.pages = {page};
    verdict v;
    v.sentence = "Pages are sent to " + path;
    v.advice = "Open " + path + " in a browser and log in";
    v.detail = "http://canary.example.com/generate_204 -> 302 " + path;
    v.act = {"open_portal", {path}};
    whole.verdicts = {v};
    const report r = redacted(whole);
    EXPECT_EQ(r.seen.pages[0].location, "/...");
    EXPECT_EQ(r.verdicts[0].detail, "http://canary.example.com/... -> 302 /...");
    EXPECT_EQ(r.verdicts[0].act.text(), "open_portal(/...)");
    EXPECT_EQ(render_json(r).find("ann.smith"), std::string::npos) << render_json(r);
    EXPECT_EQ(render_json(redacted(r)).find("ann.smith"), std::string::npos);
  }
}

// Whoever answers chooses his Location: it shall not take words out of others' sentences.
TEST(SdtRedact, APathThatIsAWordLeavesTheRestAsItIs) {
  report whole;
  whole.seen.about.host = "im.example.com";
  for (const char* path : {"e", "im", "im.example.com"}) {
    http_probe page;
    page.location = path;
    whole.seen.pages.push_back(page);
  }
  verdict v;
  v.sentence = "im.example.com does not answer";
  whole.verdicts = {v};
  EXPECT_EQ(redacted(whole).verdicts[0].sentence, "im.example.com does not answer");
}

TEST(SdtRedact, AnAddressWithinANameIsAnAddress) {
  for (const char* text : {"203-0-113-77.dsl.example.net", "of ip-203-0-113-77, denied", "de203.0.113.77", "203.0.113.77.dsl.example.net", "a203.0.113.77b", "de203.0.113.77:80", "1-203-0-113-77.res.example.net", "203-0-113-77-8080"}) {
    EXPECT_EQ(shown(text).find("203.0.113"), std::string::npos) << text << " -> " << shown(text);
    EXPECT_EQ(shown(text).find("203-0-113"), std::string::npos) << text << " -> " << shown(text);
  }
  EXPECT_EQ(shown("203-0-113-77.dsl and 203.0.113.77"), "198-18-0-1.dsl and 198.18.0.1") << "the same one everywhere";
  for (const char* text : {"2026-11-26", "2026-11-27-13-45-10", "1-2-3", "192-168-1-5.lan", "1.2.3"}) EXPECT_EQ(shown(text), text);
}

TEST(SdtRedact, TheValueOfASecretWordIsNotShown) {
  EXPECT_EQ(shown("denied; token=abc123DEF, ok"), "denied; token=hidden, ok");
  EXPECT_EQ(shown("access_token=a.b-c user=ann.smith"), "access_token=hidden user=hidden");
  EXPECT_EQ(shown("mss=1448 code=7 monkey=1 token="), "mss=1448 code=7 monkey=1 token=");
}

TEST(SdtRedact, WhomAForeignCertificateNamesIsNotShown) {
  report whole;
  whole.seen.about.host = "shop.example.com";
  tls_probe own, wild, control, foreign;
  own.sni = wild.sni = foreign.sni = "shop.example.com", control.sni = "canary.example.org";
  own.subject = "CN=shop.example.com,O=Example", wild.subject = "CN=*.example.com", control.subject = "CN=canary.example.org";
  foreign.subject = "CN=anns-macbook-pro.local,emailAddress=x", foreign.issuer = foreign.subject;
  whole.seen.handshakes = {own, wild, control, foreign};
  verdict v;
  v.detail = "subject CN=anns-macbook-pro.local,emailAddress=x, issuer CN=anns-macbook-pro.local,emailAddress=x";
  whole.verdicts = {v};
  const report r = redacted(whole);
  EXPECT_EQ(r.seen.handshakes[0].subject, "CN=shop.example.com,O=Example");
  EXPECT_EQ(r.seen.handshakes[1].subject, "CN=*.example.com");
  EXPECT_EQ(r.seen.handshakes[2].subject, "CN=canary.example.org");
  EXPECT_EQ(r.seen.handshakes[3].subject, "hidden");
  EXPECT_EQ(r.seen.handshakes[3].issuer, "hidden") << "it vouches for itself";
  EXPECT_EQ(r.verdicts[0].detail, "subject hidden, issuer hidden");
}

TEST(SdtRedact, TheNameThatAPersonAskedAboutStays) {
  report whole;
  whole.seen.about.host = "d8f2a01b7c6e4f5590ab.cdn.test";
  whole.seen.timeline = {{1, "d8f2a01b7c6e4f5590ab.cdn.test answers d8f2a01b7c6e4f5590ac"}};
  const report r = redacted(whole);
  EXPECT_EQ(r.seen.about.host, "d8f2a01b7c6e4f5590ab.cdn.test");
  EXPECT_EQ(r.seen.timeline.front().text, "d8f2a01b7c6e4f5590ab.cdn.test answers hidden");
}

TEST(SdtRedact, AnAddressBehindAColonIsAnAddress) {
  for (const char* text : {":203.0.113.5", "from:203.0.113.5", "src:203.0.113.5:443", "abc:203.0.113.5", ":2001:db8:11::1", "via:2001:db8:11::1"}) {
    EXPECT_EQ(shown(text).find("203.0.113"), std::string::npos) << text << " -> " << shown(text);
    EXPECT_EQ(shown(text).find("db8:11:"), std::string::npos) << text << " -> " << shown(text);
  }
  EXPECT_EQ(shown("at 12:30:45: ::1 and a:b"), "at 12:30:45: ::1 and a:b");
}

TEST(SdtRedact, ACardsAddressIsNotShown) {
  EXPECT_EQ(shown("it is 00:1b:44:11:3A:b7."), "it is 00:00:00:00:00:00.");
  EXPECT_EQ(shown("mac:00:1b:44:11:3a:b7"), "mac:00:00:00:00:00:00");
  EXPECT_EQ(shown("it is 00-1B-44-11-3A-b7."), "it is 00-00-00-00-00-00.");
  EXPECT_EQ(shown("it is 001b.4411.3ab7, or (001B.4411.3AB7)."), "it is 0000.0000.0000, or (0000.0000.0000).");
}

TEST(SdtRedact, AnInterfaceThatIsCalledByItsCardKeepsItsKind) {
  report whole;
  whole.seen.about.network.interface_name = "wlx001b44113ab7";
  link_probe link;
  link.name = link.target = "enx001b44113ab7";
  whole.seen.links = {link};
  const report r = redacted(whole);
  EXPECT_EQ(r.seen.about.network.interface_name, "wlx");
  EXPECT_EQ(r.seen.links[0].name, "enx");
  EXPECT_EQ(r.seen.links[0].target, "enx");
  for (const char* text : {"enp0s31f6", "enx00", "wlx001b44113ab7f", "tenx001b44113ab7"}) EXPECT_EQ(shown(text), text);
}

TEST(SdtRedact, WhatCouldBeGuessedOfTheNetworksNameIsGone) {
  report whole;
  whole.seen.about.network.id_hash = "0123456789abcdef";
  EXPECT_EQ(redacted(whole).seen.about.network.id_hash, "");
}
