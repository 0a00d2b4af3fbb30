// Connections to trusted servers outlive a question, carry many at once, are closed when idle, and one that is dead costs nobody his
// answer.
#include <gtest/gtest.h>

#include "tests/plugins/dns/servers_world.h"

using namespace tharsis;
using namespace tharsis::dns;
using namespace tharsis::dns::test;

namespace {

using leaving = doh_server::saying::leaving;
constexpr const char* site = "10.0.0.55";

doh_server::saying right(const octets& asked, leaving leaves = leaving::stays) {
  return {200, "application/dns-message", answer_writer(asked).address(truth).bytes, {}, leaves};
}

}  // namespace

TEST(KeptConnections, ManyQuestionsShareOne) {
  for (const bool https : {false, true}) {
    SCOPED_TRACE(https ? "https" : "tls");
    network n(1 + https);
    if (https) n.add_doh(site, true, [](const octets& asked) { return right(asked); });
    else n.add_trusted(site, says(truth));
    n.start();
    EXPECT_EQ(n.ask_all(1), 1u);
    EXPECT_EQ(n.ask_all(300), 300u) << "more than an HTTP/2 connection takes at once";
    n.world.run_for(10s);
    EXPECT_EQ(n.ask_all(3), 3u);
    EXPECT_EQ(https ? n.sites[0]->connections : n.servers[0]->connections, 1u);
  }
}

TEST(KeptConnections, QuestionsThatComeAtOnceMakeOneToo) {
  network n(3);
  n.add_doh(site, true, [](const octets& asked) { return right(asked); });
  n.start();
  EXPECT_EQ(n.ask_all(20), 20u);
  EXPECT_EQ(n.sites[0]->connections, 1u);
}

TEST(KeptConnections, AnIdleOneIsClosedAndNobodyIsWokenForIt) {
  for (const bool https : {false, true}) {
    network n(4 + https);
    if (https) n.add_doh(site, true, [](const octets& asked) { return right(asked); });
    else n.add_trusted(site, says(truth));
    n.start();
    EXPECT_EQ(n.ask_all(1), 1u);
    n.world.run_for(30s);
    tharsis_strand_audit audit{sizeof audit, 0, 0, 0, 0};
    n.box.own->audit(n.box.own->self, &audit);
    EXPECT_EQ(audit.sockets, 0u);
    EXPECT_EQ(n.ask_all(1), 1u);
    EXPECT_EQ(https ? n.sites[0]->connections : n.servers[0]->connections, 2u);
  }
}

// The server goes away with the question unread, or ends the connection: it is asked once more over a fresh one.
TEST(KeptConnections, WhatADeadOneDidNotAnswerIsAskedOverAFreshOne) {
  for (const bool https : {false, true}) {
    SCOPED_TRACE(https ? "https" : "tls");
    network n(6 + https);
    leaving next = leaving::stays;
    if (https) n.add_doh(site, true, [&next](const octets& asked) { return right(asked, std::exchange(next, leaving::stays)); });
    else n.add_trusted(site, says(truth));
    n.start();
    EXPECT_EQ(n.ask_all(1), 1u);
    next = leaving::before;
    if (!https) n.servers[0]->hangs_up = true;
    EXPECT_EQ(n.ask_all(1), 1u);
    EXPECT_EQ(https ? n.sites[0]->connections : n.servers[0]->connections, 2u);
  }
}

// A box between has forgotten the connection and says nothing: after 400 ms a fresh one is tried.
TEST(KeptConnections, OneThatIsSilentAfterAPauseIsNotWaitedForToTheEnd) {
  network n(8);
  bool silent = false;
  n.add_trusted(site, [&silent](const octets& asked) { return std::exchange(silent, false) ? std::vector<dns_server::saying>() : says(truth)(asked); });
  n.start();
  EXPECT_EQ(n.ask_all(1), 1u);
  n.world.run_for(5s);
  silent = true;
  const instant began = n.world.now();
  EXPECT_EQ(n.ask_all(1), 1u);
  EXPECT_LE(n.world.now() - began, 600ms);
  EXPECT_EQ(n.servers[0]->connections, 2u);
}

TEST(KeptConnections, OnAnotherNetworkTheyAreMadeAnew) {
  network n(9);
  n.add_doh(site, true, [](const octets& asked) { return right(asked); });
  n.start();
  EXPECT_EQ(n.ask_all(1), 1u);
  n.move();
  n.world.run_for(1s);
  EXPECT_EQ(n.ask_all(1), 1u);
  EXPECT_EQ(n.sites[0]->connections, 2u);
}

// HTTP/1.1 carries one question at a time: a few connections for many, and the next ones go over those.
TEST(KeptConnections, OverHttp1AFewCarryAllOneQuestionAfterTheOther) {
  for (const bool vendor : {false, true}) {
    SCOPED_TRACE(vendor ? "a vendor's page" : "DNS messages");
    network n(10 + vendor);
    if (vendor) n.add_vendor("tencent://", site, "?token=/token", "key", false, [](const octets&) { return doh_server::saying{200, "text/plain", octets{'1', '9', '2', '.', '0', '.', '2', '.', '1', ',', '6', '0'}}; });
    else n.add_doh(site, false, [](const octets& asked) { return right(asked); });
    n.start();
    for (int i = 0; i < 5; ++i) EXPECT_EQ(n.ask_all(1), 1u);
    EXPECT_EQ(n.sites[0]->connections, 1u);
    EXPECT_EQ(n.ask_all(50), 50u);
    EXPECT_LE(n.sites[0]->connections, 6u);
    EXPECT_GE(n.sites[0]->connections, 2u);
    const uint64_t before = n.sites[0]->connections;
    EXPECT_EQ(n.ask_all(30), 30u);
    EXPECT_EQ(n.sites[0]->connections, before);
    EXPECT_EQ(n.sites[0]->asked, 85u);
    n.world.run_for(45s);
    tharsis_strand_audit audit{sizeof audit, 0, 0, 0, 0};
    n.box.own->audit(n.box.own->self, &audit);
    EXPECT_EQ(audit.sockets, 0u) << "idle ones are closed";
    EXPECT_EQ(n.ask_all(1), 1u);
  }
}

// The server has closed it, or says nothing any more: the question goes over a fresh one, once.
TEST(KeptConnections, ADeadOneOfHttp1CostsNobodyItsAnswer) {
  network n(12);
  bool silent = false;
  n.add_doh(site, false, [&silent](const octets& asked) {
    doh_server::saying s = right(asked);
    s.mute = std::exchange(silent, false);
    return s;
  });
  n.start();
  EXPECT_EQ(n.ask_all(1), 1u);
  n.world.run_for(5s);
  silent = true;
  const instant began = n.world.now();
  EXPECT_EQ(n.ask_all(1), 1u);
  EXPECT_LE(n.world.now() - began, 600ms);
  EXPECT_EQ(n.sites[0]->connections, 2u);
  n.move();
  n.world.run_for(1s);
  EXPECT_EQ(n.ask_all(1), 1u);
  EXPECT_EQ(n.sites[0]->connections, 3u) << "on another network it is made anew";
}
