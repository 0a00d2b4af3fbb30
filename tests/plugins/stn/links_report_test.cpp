#include "plugins/stn/core/links_report.h"

#include <gtest/gtest.h>

#include "sdk/abi/stn.h"

using namespace tharsis;

namespace {

constexpr int64_t t0 = 1'795'000'000'000'000'000;  // In 2026.

stn::links_report sample() {
  stn::links_report r;
  r.wall = t0;
  r.network = THARSIS_STN_NETWORK_CONNECTED;
  r.weak = true;
  r.weak_because = THARSIS_STN_WEAK_TASK_SLOW;
  r.traffic[1][0] = {3, 300, 2, 200};
  stn::link_report main;
  main.name = "main";
  main.state = THARSIS_STN_UP;
  main.phase = THARSIS_STN_PHASE_READY;
  main.endpoint = "tcps://im.example.com:443";
  main.address = "192.0.2.1:443";
  main.since = t0 - 60'000'000'000;
  main.connects = 3;
  main.rtt = 25ms;
  main.heartbeat = 210s;
  main.heartbeat_from = 2;
  main.bytes_sent = 100;
  main.incidents.push_back({t0 - 70'000'000'000, THARSIS_STN_WHY_DOUBT, "a ping was not answered", main.endpoint, main.address, 600s, 1,
                            {{t0 - 72'000'000'000, THARSIS_STN_WHY_NETWORK_CHANGED, "the network changed from eth0 to wlan0", 1}}});
  main.udp = {stn::udp_state::off, "no datagram came back", {120, 7, 100, 98, 2, 3}, 4, 21, true};
  main.second = {{5, 2, 2, 1}, stn::second_reason::woke, 3};
  main.lanes.use = stn::lane_use::several;
  main.lanes.lanes = 4;
  main.lanes.copies_left = 7;
  r.segments = 1200;
  r.has_outbox = true;
  r.outbox_tasks = 3;
  r.outbox_bytes = 2048;
  r.links = {main};
  stn::link_report other;
  other.name = "with space";
  other.causes = {{t0, THARSIS_STN_WHY_NETWORK_LOST, "100% gone\nreally", 2}};
  r.links.push_back(other);
  return r;
}

}  // namespace

TEST(StnLinksReport, ItsTextIsReadBack) {
  const auto read = stn::parse_links_report(stn::book_text(sample()));
  ASSERT_TRUE(read) << read.failure().text;
  EXPECT_EQ(stn::book_text(*read), stn::book_text(sample()));
  ASSERT_EQ(read->links.size(), 2u);
  EXPECT_EQ(read->traffic, sample().traffic);
  EXPECT_EQ(read->weak_because, uint32_t{THARSIS_STN_WEAK_TASK_SLOW});
  EXPECT_EQ(read->links[1].causes.at(0).text, "100% gone\nreally");
  EXPECT_EQ(read->links[0].incidents.at(0).causes.at(0).text, "the network changed from eth0 to wlan0");
  EXPECT_EQ(stn::udp_text(read->links[0].udp),
            "off: no datagram came back, 120 sent (7 copies), 98 won, 2 lost to the connection, 2.1 % do not come back, 4 dropped; a queue stands in the network");
  EXPECT_NE(stn::status_text(*read, t0).find("datagrams of main: off: no datagram came back"), std::string::npos);
  EXPECT_NE(stn::status_json(*read, t0).find(R"("datagrams":{"state":"off","reason":"no datagram came back","sent":120,"copies":7)"), std::string::npos);
  EXPECT_EQ(stn::udp_text(read->links[1].udp), "") << "nothing was offered";
  const std::string second = "second connections of main: 5 dialled, 2 needed, 2 needless, 1 failed; 3 requests on both; the last one: woke";
  EXPECT_NE(stn::status_text(*read, t0).find(second), std::string::npos) << stn::status_text(*read, t0);
  EXPECT_NE(stn::status_json(*read, t0).find(R"("second":{"dialled":5,"needed":2,"needless":2,"failed":1,"copies":3,"because":"woke"})"), std::string::npos);
  EXPECT_EQ(stn::second_text(read->links[1].second), "") << "there was none";
}

TEST(StnLinksReport, ADamagedTextIsRefusedAndNeverReadWrongly) {
  const std::string good = stn::book_text(sample());
  for (size_t n = 0; n < good.size(); ++n) {
    const auto cut = stn::parse_links_report(good.substr(0, n));
    EXPECT_TRUE(!cut || good[n - 1] == '\n') << n;
    std::string flipped = good;
    flipped[n] = static_cast<char>(flipped[n] ^ 0x80);
    (void)stn::parse_links_report(flipped);  // Under sanitizers.
  }
  EXPECT_FALSE(stn::parse_links_report("something else"));
  EXPECT_FALSE(stn::parse_links_report("tharsis.stn links 1\ntraffic 3 0 1 1 1 1\n")) << "of no kind of network";
  EXPECT_FALSE(stn::parse_links_report("tharsis.stn links 1\ntraffic 0 5 1 1 1 1\n")) << "for nothing";
  EXPECT_FALSE(stn::parse_links_report("tharsis.stn links 1\ncause 1 1 1 x\n")) << "of no link";
  std::string unknown = good;
  unknown.replace(unknown.find("second 5 2 2 1 3 3"), 18, "second 5 2 2 1 3 9");
  EXPECT_FALSE(stn::parse_links_report(unknown)) << "for no reason";
}

TEST(StnLinksReport, StatusShowsEachLinkAndHowOldThisIs) {
  const std::string text = stn::status_text(sample(), t0 + 5'000'000'000);
  EXPECT_NE(text.find("network: connected, weak: task_slow (as stn wrote it 5 s ago)"), std::string::npos) << text;
  EXPECT_NE(text.find("main        up     65 s"), std::string::npos) << text;
  EXPECT_NE(text.find("25 ms  210 s, the server's"), std::string::npos) << text;
  EXPECT_NE(stn::status_json(sample(), t0).find("\"heartbeat_from\":\"server\""), std::string::npos);
}

TEST(StnLinksReport, AsJsonItSaysWhatTrafficWasFor) {
  const std::string json = stn::status_json(sample(), t0);
  EXPECT_NE(json.find("\"wifi\":{\"tasks\":{\"sent\":3,\"bytes_sent\":300,\"received\":2,\"bytes_received\":200}"), std::string::npos) << json;
  EXPECT_NE(json.find("\"weak\":true,\"weak_because\":\"task_slow\""), std::string::npos) << json;
}

TEST(StnLinksReport, ExplainTellsWhatLedToEachLoss) {
  const std::string text = stn::explain_text(sample(), "main", t0);
  EXPECT_NE(text.find("main is up since 60 s"), std::string::npos) << text;
  EXPECT_NE(text.find("after 10 min the connection to tcps://im.example.com:443 (192.0.2.1:443) was lost: a ping was not answered [doubt]"), std::string::npos) << text;
  EXPECT_NE(text.find("the network changed from eth0 to wlan0"), std::string::npos) << text;
  EXPECT_EQ(text.find("with space"), std::string::npos) << "another link";
  const std::string json = stn::explain_json(sample(), "", t0);
  EXPECT_NE(json.find("\"why\":\"doubt\""), std::string::npos) << json;
  EXPECT_NE(json.find("\"mars_reason\":10003"), std::string::npos) << json;
}

TEST(StnLinksReport, StatusShowsWhatCopiesAreLeftHowLargeSegmentsAreAndWhatTheOutboxHas) {
  const auto read = stn::parse_links_report(stn::book_text(sample()));
  ASSERT_TRUE(read) << read.failure().text;
  const std::string text = stn::status_text(*read, t0);
  EXPECT_NE(text.find("lanes of main: 4, 0 opened"), std::string::npos) << text;
  EXPECT_NE(text.find("7 may go now"), std::string::npos) << text;
  EXPECT_NE(text.find("segments on this network: 1200 bytes at most"), std::string::npos) << text;
  EXPECT_NE(text.find("outbox: 3 durable tasks, 2048 B"), std::string::npos) << text;
  const std::string json = stn::status_json(*read, t0);
  EXPECT_NE(json.find(R"("segments":1200,"outbox":{"tasks":3,"bytes":2048})"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("copies_left":7)"), std::string::npos) << json;
}

TEST(StnLinksReport, AStoppedStnIsNotTakenForARunningOne) {
  stn::links_report r = sample();
  r.running = false;
  EXPECT_NE(stn::status_text(r, t0 + 3'000'000'000).find("stn stopped 3 s ago"), std::string::npos);
  EXPECT_NE(stn::status_json(r, t0).find("\"running\":false"), std::string::npos);
}
