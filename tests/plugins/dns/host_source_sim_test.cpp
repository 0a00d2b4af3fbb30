// The application's own source beside servers: in time, late, wrong, gone.
#include "plugins/dns/host_source.h"

#include <gtest/gtest.h>

#include "tests/plugins/dns/servers_world.h"

using namespace tharsis;
using namespace tharsis::dns;
using namespace tharsis::dns::test;

namespace {

// A plugin that keeps its promise, at the time that the test says.
struct own_source {
  struct question {
    tharsis_handle number;
    std::string name;
    uint32_t family;
    tharsis_dns_own_done done;
    void* context;
  };
  own_source() : table{sizeof table, this, ask, cancel} {}

  static tharsis_status ask(void* self, tharsis_handle number, tharsis_text name, uint32_t family, int64_t patience, tharsis_dns_own_done done, void* context,
                            tharsis_error* e) {
    own_source& s = *static_cast<own_source*>(self);
    EXPECT_GT(patience, 0);
    if (s.refuses) return fail(e, THARSIS_E_UNSUPPORTED, "not one of mine");
    s.open.push_back({number, std::string(view(name)), family, done, context});
    if (s.at_once) s.answer_all();
    return THARSIS_OK;
  }
  static void cancel(void* self, tharsis_handle number) {
    own_source& s = *static_cast<own_source*>(self);
    ++s.cancelled;
    for (size_t i = 0; i < s.open.size(); ++i)
      if (s.open[i].number == number) return s.answer(i, THARSIS_E_CANCELLED);
  }
  void answer(size_t i, tharsis_status s) {
    const question q = open[i];
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(i));
    tharsis_dns_own_answer a{};
    a.size = sizeof a;
    a.status = s;
    a.addresses = addresses.data();
    a.count = addresses.size();
    a.life = std::chrono::nanoseconds(60s).count();
    a.reason = text_of("the backend is down");
    q.done(q.context, q.number, &a);
  }
  void answer_all() {
    while (!open.empty()) answer(0, status);
  }

  tharsis_dns_own_source table;
  std::vector<question> open;
  std::vector<tharsis_address> addresses = {*parse_ip(truth)};
  tharsis_status status = THARSIS_OK;
  bool at_once = true, refuses = false;
  int cancelled = 0;
};

struct own_network : network {
  own_network(uint64_t seed, bool trusted, bool with_liar) : network(seed), own(box.tables(), *box.place) {
    if (with_liar) add_plain("10.0.0.53", says(lie));
    server to;
    to.by = way::host;
    to.text = "host";
    to.trusted_host = trusted;
    s.servers.push_back(to);
    own.use(&source.table);
    start();
  }
  ~own_network() {
    box.send([this] { asked->close(), own.use(nullptr); });
    world.run_for(1s);
  }
  // As network's, but with the source.
  void start() {
    asked.emplace(box.tables(), *box.place, s);
    asked->use(own);
    box.send([this] { asked->open(0); });
    world.run_for(1s);
  }
  own_source source;
  host_source own;
};

}  // namespace

TEST(HostSourceSim, ATrustedOneDecidesAndAnUntrustedOneHasAVote) {
  own_network trusted(1, true, true);
  EXPECT_EQ(trusted.ask("im.example.com"), "192.0.2.1! proven") << trusted.reason;
  own_network plain(2, false, false);
  EXPECT_EQ(plain.ask("im.example.com"), "192.0.2.1 single") << plain.reason;
}

TEST(HostSourceSim, AnAnswerMayComeLaterAndOnlyOnce) {
  own_network n(3, true, false);
  n.source.at_once = false;
  n.world.at(n.world.now() + 500ms, [&] {
    const auto q = n.source.open.at(0);
    n.source.answer_all();
    // Once more, against the contract: nobody hears it.
    n.source.open.push_back(q);
    n.source.answer_all();
  });
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1! proven") << n.reason;
}

TEST(HostSourceSim, WhoNeverAnswersIsNotWaitedForAndIsTold) {
  own_network n(4, true, true);
  n.source.at_once = false;
  const instant began = n.world.now();
  EXPECT_EQ(n.ask("im.example.com"), "203.0.113.66 single") << n.reason;
  EXPECT_LE(n.world.now() - began, 2s);
  n.world.run_for(1s);
  EXPECT_TRUE(n.source.open.empty()) << "it was told, and has answered";
  EXPECT_EQ(n.source.cancelled, 1);
}

TEST(HostSourceSim, WhatItSaysIsLookedAt) {
  own_network n(5, true, false);
  n.source.addresses = {*parse_ip("2001:db8::1"), *parse_place("192.0.2.1:443"), *parse_ip("10.0.0.1")};
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1! hijack") << "of the family that was asked for, without ports, and no private one";
  n.source.addresses.assign(500, *parse_ip("192.0.2.1"));
  EXPECT_EQ(n.ask("many.example.com"), "192.0.2.1! proven");
  n.source.status = THARSIS_E_NETWORK;
  EXPECT_EQ(n.ask("down.example.com"), "no_answer");
  EXPECT_NE(n.reason.find("host: it could not find out (network): the backend is down"), std::string::npos) << n.reason;
  n.source.status = THARSIS_E_NOT_FOUND;
  EXPECT_EQ(n.ask("none.example.com"), "not_found");
  n.source.refuses = true;
  EXPECT_EQ(n.ask("other.example.com"), "no_answer");
  EXPECT_NE(n.reason.find("it refused the question (unsupported): not one of mine"), std::string::npos) << n.reason;
}

TEST(HostSourceSim, WhenItsPluginGoesNobodyWaitsForIt) {
  own_network n(6, true, true);
  n.source.at_once = false;
  n.world.at(n.world.now() + 300ms, [&] {
    n.box.send([&n] {
      n.source.status = THARSIS_E_CANCELLED;
      n.source.answer_all();
      n.own.use(nullptr);
    });
  });
  const instant began = n.world.now();
  EXPECT_EQ(n.ask("im.example.com"), "203.0.113.66 single") << n.reason;
  EXPECT_LE(n.world.now() - began, 600ms);
  EXPECT_EQ(n.ask("other.example.com"), "203.0.113.66 single");
}
