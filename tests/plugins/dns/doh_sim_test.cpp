// Servers of DNS over HTTPS that answer as they should, and that do not.
#include <gtest/gtest.h>

#include "tests/plugins/dns/servers_world.h"

using namespace tharsis;
using namespace tharsis::dns;
using namespace tharsis::dns::test;

namespace {

using leaving = doh_server::saying::leaving;
constexpr const char* site = "10.0.0.55";

doh_server::speaker replies(int status, const std::string& type = "application/dns-message", leaving leaves = leaving::stays) {
  return [=](const octets& asked) { return doh_server::saying{status, type, answer_writer(asked).address(truth).bytes, {}, leaves}; };
}
bool names(const network& n, const std::string& text) { return n.reason.find(text) != std::string::npos; }

}  // namespace

TEST(DohSim, AnAnswerIsProvenOverBothVersions) {
  for (const bool http2 : {false, true}) {
    network n(1 + http2);
    n.add_doh(site, http2, replies(200));
    n.start();
    EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1! proven") << n.reason;
    EXPECT_EQ(n.sites[0]->asked, 1u);
  }
}

TEST(DohSim, AnotherStatusOrTypeIsNoAnswerHoweverGoodItsBodyIs) {
  struct {
    int status;
    const char* type;
    const char* reason;
  } const cases[] = {
      {429, "application/dns-message", "it answers too many questions already (HTTP status 429)"},
      {500, "application/dns-message", "it answered with HTTP status 500 "},
      {503, "text/plain", "it answered with HTTP status 503 "},
      {302, "application/dns-message", "it answered with HTTP status 302 "},
      {200, "text/html", "its answer is no DNS message but \"text/html\""},
      {200, "application/dns-json", "its answer is no DNS message but \"application/dns-json\""},
  };
  for (const auto& c : cases)
    for (const bool http2 : {false, true}) {
      SCOPED_TRACE(std::to_string(c.status) + " " + c.type + (http2 ? " HTTP/2" : " HTTP/1.1"));
      network n(10);
      n.add_doh(site, http2, replies(c.status, c.type));
      n.start();
      const instant began = n.world.now();
      EXPECT_EQ(n.ask("im.example.com"), "no_answer");
      EXPECT_TRUE(names(n, c.reason)) << n.reason;
      EXPECT_TRUE(names(n, "https://10.0.0.55")) << n.reason;
      EXPECT_LE(n.world.now() - began, 1s) << "a refusal is not waited for until the end";
    }
}

// It is not asked before the time that it has said, and asked again after it; what it said for a year means minutes.
TEST(DohSim, AServerThatWantsToBeLeftAloneIs) {
  for (const bool http2 : {false, true})
    for (const auto& [status, said, rest] : {std::tuple(429, "30", 30s), std::tuple(503, "30", 30s), std::tuple(429, "31536000", 300s)}) {
      SCOPED_TRACE(std::to_string(status) + " " + said + (http2 ? " HTTP/2" : " HTTP/1.1"));
      network n(20);
      bool busy = true;
      n.add_doh(site, http2, [&, status = status, said = said](const octets& asked) {
        return busy ? doh_server::saying{status, "text/plain", {}, said} : doh_server::saying{200, "application/dns-message", answer_writer(asked).address(truth).bytes};
      });
      n.start();
      EXPECT_EQ(n.ask("a.example.com"), "no_answer");
      const uint64_t asked = n.sites[0]->asked;
      busy = false;
      n.world.run_for(rest - 2s);
      EXPECT_EQ(n.ask("b.example.com"), "no_answer");
      EXPECT_TRUE(names(n, "it wants to be left alone for ")) << n.reason;
      EXPECT_EQ(n.sites[0]->asked, asked) << "it is not asked";
      n.world.run_for(4s);
      EXPECT_EQ(n.ask("c.example.com"), "192.0.2.1! proven");
    }
}

// Its name is proven, but it has said nothing: in guarded mode others are heard, marked as not proven; in strict mode nobody is.
TEST(DohSim, AServerThatRefusesVouchesForNothing) {
  for (const trust mode : {trust::strict, trust::guarded}) {
    network n(20);
    n.s.mode = mode;
    n.add_plain("10.0.0.53", says(lie));
    n.add_doh(site, true, replies(429));
    n.start();
    EXPECT_EQ(n.ask("im.example.com"), mode == trust::strict ? "not_trusted" : "203.0.113.66 single");
  }
}

TEST(DohSim, WhatIsNoDnsMessageIsNoAnswer) {
  for (const bool http2 : {false, true})
    for (const octets& body : {octets{}, octets(11, 0xFF), octets(300, 0xFF), octets(70'000, 0)}) {
      SCOPED_TRACE(std::to_string(body.size()) + " bytes" + (http2 ? " HTTP/2" : " HTTP/1.1"));
      network n(30);
      n.add_doh(site, http2, [&](const octets&) { return doh_server::saying{200, "application/dns-message", body}; });
      n.start();
      EXPECT_EQ(n.ask("im.example.com"), "no_answer");
      EXPECT_TRUE(names(n, body.size() > 65'535 ? "its answer is longer than a DNS message" : "its message ")) << n.reason;
    }
}

TEST(DohSim, AServerThatGoesAwayFinishesWhatItHasBegun) {
  network n(40);
  n.add_doh(site, true, replies(200, "application/dns-message", leaving::after));
  n.start();
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1! proven") << n.reason;
}

TEST(DohSim, AServerThatGoesAwayWithoutAnAnswerIsAFailureAtOnceAndIsAskedAgainLater) {
  for (const leaving how : {leaving::before, leaving::amid}) {
    leaving now = how;
    network n(50);
    n.add_doh(site, true, [&now](const octets& asked) { return replies(200, "application/dns-message", now)(asked); });
    n.start();
    const instant began = n.world.now();
    EXPECT_EQ(n.ask("im.example.com"), "no_answer");
    EXPECT_FALSE(n.reason.empty());
    EXPECT_LE(n.world.now() - began, 1s);
    now = leaving::stays;
    n.world.run_for(10s);
    EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1! proven") << "over a connection of its own: " << n.reason;
  }
}

// The same for TLS alone: what has expired proves nothing, and is told of.
TEST(DohSim, AnExpiredCertificateIsNoProof) {
  for (const bool https : {false, true}) {
    network n(60 + https);
    if (https) n.add_doh(site, true, replies(200));
    else n.add_trusted(site, says(truth));
    n.start();
    EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1! proven") << n.reason;
    n.world.run_for(6 * 24h);
    EXPECT_EQ(n.ask("im.example.com"), "no_answer");
    EXPECT_TRUE(names(n, "certificate") && names(n, "expired")) << n.reason;
  }
}

TEST(DohSim, AChangeOfTheNetworkInTheMiddleOfAQuestionAsksAgain) {
  for (const bool http2 : {false, true}) {
    bool moved = false;
    network n(70 + http2);
    n.add_doh(site, http2, [&](const octets& asked) {
      // On the way of its answer the client moves, which does not hear it.
      if (!std::exchange(moved, true)) n.world.at(n.world.now(), [&n] { n.move(); });
      return replies(200)(asked);
    });
    n.start();
    EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1! proven") << n.reason;
    EXPECT_EQ(n.sites[0]->asked, 2u);
  }
}

// An answer that comes a byte now and then, and never to its end, costs no more than the servers' time; who else is asked is heard meanwhile.
TEST(DohSim, AnAnswerThatDripsIsNotWaitedForPastTheBudget) {
  for (const bool http2 : {false, true})
    for (const bool mute : {false, true}) {
      network n(80 + 2 * http2 + mute);
      n.add_plain("10.0.0.53", says(truth));
      n.add_doh(site, http2, [mute](const octets& asked) {
        doh_server::saying s = replies(200)(asked);
        s.mute = mute;
        s.drips = !mute;
        return s;
      });
      n.start();
      const instant began = n.world.now();
      EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1 single") << n.reason;
      EXPECT_LE(n.world.now() - began, n.s.budget + 100ms);
      EXPECT_EQ(n.sites[0]->asked, 1u);
    }
}

TEST(DohSim, ACertificateOfAnotherNameIsNoProof) {
  for (const bool https : {false, true}) {
    network n(90 + https);
    if (https) n.add_doh(site, true, replies(200));
    else n.add_trusted(site, says(truth));
    n.s.servers.back().name = "other.test";
    n.start();
    EXPECT_EQ(n.ask("im.example.com"), "no_answer");
    EXPECT_TRUE(names(n, "certificate") && names(n, "other.test")) << n.reason;
    if (https) {
      EXPECT_EQ(n.sites[0]->asked, 0u);
    }
  }
}
