// Goal: a server that asks its clients to go elsewhere is followed where it may be, nothing is lost by it and nothing sent twice
// that may not be; where it may not be, the link stays and says why.
#include <random>

#include "tests/plugins/stn/link_world.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using manner = test::scripted_server::manner;
using test::link_world;

namespace {

constexpr const char* spare = "spare.tharsis.test";

// Two servers; the second one is not in the profile, but the first one's certificate names it.
struct two_servers : link_world {
  explicit two_servers(uint64_t seed, const std::string& scheme = "tcps") : link_world(seed, scheme), other(*elsewhere.place, *elsewhere.home->net) {
    world.add_name(spare, {"10.0.0.2"});
    write_ca();
    serve(authority, {name, spare});
    open_other();
    start();
    EXPECT_TRUE(wait_up());
  }
  ~two_servers() {
    if (dispatcher) stop();
    elsewhere.on_strand([&] { other.close(); });
    client.on_strand([&] { dispatcher.reset(); });
  }
  void open_other() {
    std::optional<tls_context> tls;
    if (link().endpoints[0].scheme == "tcps") {
      const auto own = issue_server_certificate(*client.platform.random, authority, {name, spare}, seconds(), 5);
      tls_server_settings shown;
      shown.certificate_chain_pem = own->certificate_pem;
      shown.private_key_pem = own->private_key_pem;
      tls = *tls_context::server(shown);
    }
    elsewhere.on_strand([&] {
      tharsis_address any = *parse_ip("10.0.0.2");
      any.port = 444;
      ASSERT_EQ(other.listen(any, tls), THARSIS_OK);
    });
  }
  void close_other() {
    elsewhere.on_strand([&] { other.close(); });
  }
  std::string to_other(const char* host = spare) const { return settings.links[0].endpoints[0].scheme + "://" + host + ":444"; }
  // It says so behind the answer to a task.
  void say(mars::server_move m) {
    server.move = std::move(m);
    ask("trigger " + std::to_string(++triggers));
  }
  void ask(const std::string& text, const std::string& key = "") {
    ASSERT_EQ(submit(text, key), THARSIS_OK);
    ASSERT_TRUE(world.run_until([&] { return outcomes[text].answers == 1; }, world.now() + 60s));
    EXPECT_EQ(outcomes[text].status, THARSIS_OK) << outcomes[text].reason;
  }
  bool wait_other(duration within = 30s) {
    const int before = other.connections;
    return world.run_until([&] { return other.connections > before && up(); }, world.now() + within) &&
           world.run_until([&] { return on_other(); }, world.now() + within);
  }
  bool on_other() const { return up() && host.states.back().address == "10.0.0.2:444"; }

  test::scripted_server other;
  int triggers = 0;
};

mars::server_move to(const std::string& where, int32_t valid_ms = 0) { return {0, 0, {where}, valid_ms, "better"}; }
mars::server_move drain_to(const std::string& where, int32_t within_ms) { return {1, within_ms, {where}, 0, "a deployment"}; }

}  // namespace

TEST(ServerMoves, ALinkGoesWhereItsServerSendsItBeforeItLeaves) {
  two_servers w(1);
  w.say(to(w.to_other()));
  ASSERT_TRUE(w.wait_other());
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_REPLACED});
  EXPECT_LE(w.host.states.back().gap, 1ms);
  w.client.on_strand([&] { EXPECT_NE(w.dispatcher->links().named("main")->snapshot().reason.find("its server sent it here"), std::string::npos); });
  EXPECT_EQ(w.host.count_servers(THARSIS_STN_SERVER_MOVE), 1u);
  EXPECT_NE(w.host.servers[0].reason.find("asks to go elsewhere (better)"), std::string::npos) << w.host.servers[0].reason;
  w.ask("there");
  EXPECT_EQ(w.other.executions["there"], 1);
}

TEST(ServerMoves, WhatIsUnderWayOnASlowServerIsWaitedForUntilThatEnds) {
  two_servers w(1);  // Of its draw the link goes before the task's own 12 s for a first byte are over.
  w.say(drain_to(w.to_other(), 11'000));
  w.server.unanswered = 1;  // Without a key: it may not be sent twice.
  ASSERT_EQ(w.submit("slow", "", 60'000), THARSIS_OK);
  w.world.run_for(10s);
  EXPECT_EQ(w.outcomes["slow"].answers, 0) << w.outcomes["slow"].reason;
  EXPECT_GE(w.other.connections, 1) << "the new connection is made meanwhile";
  ASSERT_TRUE(w.wait_answers(2, 30s));
  EXPECT_EQ(w.outcomes["slow"].sends, 1u);
  EXPECT_NE(w.outcomes["slow"].reason.find("has taken its place"), std::string::npos) << w.outcomes["slow"].reason;
  EXPECT_TRUE(w.on_other());
}

// While both connections are there either server has the client for its own.
TEST(ServerMoves, APushThatBothConnectionsBringComesOnce) {
  for (const bool once : {true, false}) {
    two_servers w(12);
    w.client.on_strand([&] {
      auto s = w.settings.links[0];
      s.pushes_once = once;
      w.dispatcher->links().named("main")->change(s);
    });
    w.say(drain_to(w.to_other(), 20'000));
    w.server.unanswered = 1;
    ASSERT_EQ(w.submit("slow", "", 60'000), THARSIS_OK);
    ASSERT_TRUE(w.world.run_until([&] { return w.other.hellos > 0; }, w.world.now() + 20s));
    w.world.run_for(1s);
    const auto news = [&] { return std::count(w.host.pushes.begin(), w.host.pushes.end(), "news"); };
    w.elsewhere.on_strand([&] { w.server.push_to_all(9, "news"), w.other.push_to_all(9, "news"); });
    w.world.run_for(1s);
    EXPECT_EQ(news(), once ? 1 : 2);
    EXPECT_EQ(w.host.metrics.counted("pushes_twice"), once ? 1 : 0);
    EXPECT_EQ(w.host.count_measures(THARSIS_STN_MEASURE_PUSH_TWICE), once ? 1u : 0u);
    ASSERT_TRUE(w.wait_answers(2, 60s));
    ASSERT_TRUE(w.world.run_until([&] { return w.on_other(); }, w.world.now() + 15s));
    w.elsewhere.on_strand([&] { w.other.push_to_all(9, "news"); });
    w.world.run_for(1s);
    EXPECT_EQ(news(), once ? 2 : 3) << "it is another one";
  }
}

TEST(ServerMoves, AMoveToADeadServerLeavesTheLinkWhereItIsAndTells) {
  two_servers w(3);
  w.close_other();
  w.say(to(w.to_other()));
  w.world.run_for(20s);
  EXPECT_TRUE(w.up());
  w.ask("still here");
  EXPECT_EQ(w.server.executions["still here"], 1);
  bool told = false;
  for (const std::string& line : w.host.lines) told = told || line.find("did not come up, so it stays at") != std::string::npos;
  EXPECT_TRUE(told);
  w.elsewhere.on_strand([&] { w.server.close(); });
  w.elsewhere.on_strand([&] {
    tharsis_address any = *parse_ip("10.0.0.2");
    any.port = link_world::port;
    const auto own = issue_server_certificate(*w.client.platform.random, w.authority, {link_world::name, spare}, w.seconds(), 5);
    tls_server_settings shown;
    shown.certificate_chain_pem = own->certificate_pem;
    shown.private_key_pem = own->private_key_pem;
    ASSERT_EQ(w.server.listen(any, *tls_context::server(shown)), THARSIS_OK);
  });
  w.ask("back at the profile's", "k");
  EXPECT_EQ(w.server.executions["back at the profile's"], 1);
}

TEST(ServerMoves, WhereItWasSentItStaysNoLongerThanItWasTold) {
  two_servers w(4);
  w.say(to(w.to_other(), 30'000));
  ASSERT_TRUE(w.wait_other());
  w.world.run_for(20s);
  EXPECT_TRUE(w.on_other());
  ASSERT_TRUE(w.world.run_until([&] { return w.up() && !w.on_other(); }, w.world.now() + 15s));
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_REPLACED});
}

TEST(ServerMoves, ADrainWithoutEndpointsLeadsBackToTheProfilesName) {
  two_servers w(5);
  const int before = w.server.connections;
  w.say({1, 4000, {}, 0, ""});
  ASSERT_TRUE(w.world.run_until([&] { return w.server.connections > before; }, w.world.now() + 10s));
  w.world.run_for(2s);
  EXPECT_TRUE(w.up());
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_REPLACED});
}

TEST(ServerMoves, WhatMayNotBeFollowedIsRefusedWithASentence) {
  two_servers w(6);
  const auto refused = [&](mars::server_move m, const char* part) {
    const size_t before = w.host.servers.size();
    w.say(std::move(m));
    w.world.run_for(2s);
    ASSERT_EQ(w.host.servers.size(), before + 1) << part;
    EXPECT_EQ(w.host.servers.back().what, uint32_t{THARSIS_STN_SERVER_MOVE_REFUSED});
    EXPECT_NE(w.host.servers.back().reason.find(part), std::string::npos) << w.host.servers.back().reason;
  };
  w.world.add_name("evil.example.net", {"10.0.0.2"});
  refused(to("tcp://" + std::string(spare) + ":444"), "would send unencrypted");
  refused(to("tcps://evil.example.net:444"), "names the host 'evil.example.net'");
  refused(to("tcps://" + std::string(link_world::name) + ":443"), "where the link is already");
  refused(to("nonsense"), "the scheme is missing");
  refused({0, 0, {}, 1, ""}, "names no endpoint");
  EXPECT_EQ(w.other.connections, 0);
  EXPECT_EQ(w.host.states.back().state, uint32_t{THARSIS_STN_UP});
}

TEST(ServerMoves, ARingIsFollowedThreeTimesAndThenNoMore) {
  two_servers w(7);
  const std::string first = "tcps://" + std::string(link_world::name) + ":443";
  for (int i = 0; i < 20; ++i) {
    w.server.move = to(w.to_other());
    w.other.move = to(first);
    w.ask("round " + std::to_string(i));
    w.world.run_for(3s);
  }
  EXPECT_EQ(w.host.count_servers(THARSIS_STN_SERVER_MOVE), 3u);
  EXPECT_GE(w.host.count_servers(THARSIS_STN_SERVER_MOVE_REFUSED), 1u);
  EXPECT_LE(w.host.count_servers(THARSIS_STN_SERVER_MOVE_REFUSED), 3u) << "a server that repeats itself fills the bus";
  EXPECT_LE(w.server.connections + w.other.connections, 4);
}

TEST(ServerMoves, SwitchedOffALinkStays) {
  two_servers w(8);
  stn::link_settings now = w.link();
  now.moves.follow = false;
  w.client.on_strand([&] { w.dispatcher->change(w.settings.links, {now}); });
  w.say(to(w.to_other()));
  w.world.run_for(5s);
  EXPECT_EQ(w.other.connections, 0);
  EXPECT_EQ(w.host.count_servers(THARSIS_STN_SERVER_MOVE_REFUSED), 1u);
}

namespace {

void be_sent_to_and_fro(uint64_t seed) {
  const bool plain = seed % 2 == 0;
  two_servers w(seed, plain ? "tcp" : "tcps");
  std::mt19937_64 random(seed);
  const std::string other_place = w.to_other(plain ? link_world::name : spare);
  const std::string first_place = (plain ? "tcp://" : "tcps://") + std::string(link_world::name) + ":443";
  size_t sent = w.answers;
  for (int i = 0; i < 40; ++i) {
    const std::string text = "task " + std::to_string(i);
    if (i % 12 == 5) (w.on_other() ? w.other : w.server).move = drain_to(w.on_other() ? first_place : other_place, 5000);
    ASSERT_EQ(w.submit(text, random() % 2 ? "key " + std::to_string(i) : "", 30'000), THARSIS_OK);
    ++sent;
    w.world.run_for(std::chrono::milliseconds(random() % 700));
  }
  ASSERT_TRUE(w.wait_answers(sent));
  for (const auto& [text, o] : w.outcomes) {
    EXPECT_EQ(o.answers, 1) << text;
    EXPECT_EQ(o.status, THARSIS_OK) << text << ": " << o.reason;
    EXPECT_EQ(w.server.executions[text] + w.other.executions[text], 1) << text;
  }
  EXPECT_GE(w.host.count_servers(THARSIS_STN_SERVER_MOVE), 2u);
}

}  // namespace

// Goal: whatever is under way when servers send a link to and fro, each task is answered once, and those without a key are
// carried out once at most; as long as each server lives until it said it would end, none is lost.
TEST(ServerMoves, NoTaskIsLostOrCarriedOutTwiceByMoves) { test::for_each_seed(test::seeds(30), be_sent_to_and_fro); }
