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

TEST(SdtRedact, BehindTheQuestionMarkOfAnAddressNothingIsLeft) {
  EXPECT_EQ(shown("http://login.test/a?mac=00:1b:44:11:3a:b7&ssid=Smith&ip=10.0.0.7 came"), "http://login.test/a? came");
  EXPECT_EQ(shown("well? yes"), "well? yes");
  EXPECT_EQ(shown("http://login.test/?"), "http://login.test/?");
  report whole;
  http_probe page;
  page.location = "http://login.test/?ssid=Smith";
  whole.seen.pages = {page};
  EXPECT_EQ(redacted(whole).seen.pages[0].location, "http://login.test/?");
  EXPECT_GT(redacted(whole).redactions, 0u);
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
