// Goal: what a host says of links does what sdk/abi/stn_links.h promises, and wrong words are refused with a sentence.
#include <random>

#include "plugins/stn/links_service.h"
#include "sdk/abi/stn_auth.h"
#include "tests/plugins/stn/link_world.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using manner = test::scripted_server::manner;
using test::link_world;

namespace {

constexpr uint16_t other_port = 444;

// Two servers; the profile knows the first.
struct two_servers : link_world {
  explicit two_servers(uint64_t seed, bool first_serves = true)
      : link_world(seed, "tcp"), app(world, client_machine, "app"), other(*elsewhere.place, *elsewhere.home->net) {
    if (first_serves) serve();
  }
  ~two_servers() {
    if (dispatcher) stop();
    elsewhere.on_strand([&] { other.close(); });
    client.on_strand([&] { service.reset(); });
    app.on_strand([&] { app.home->close(app.home->self); });
    client.on_strand([&] { dispatcher.reset(); });
  }
  void serve_other() {
    elsewhere.on_strand([&] {
      tharsis_address any = *parse_ip("10.0.0.2");
      any.port = other_port;
      ASSERT_EQ(other.listen(any, std::nullopt), THARSIS_OK);
    });
  }
  void begin() {
    start();
    client.on_strand([&] { service.emplace(host.tables(), *dispatcher); });
  }
  const tharsis_stn_links& links() { return *service->table(); }
  tharsis_status set_endpoints(std::vector<std::string> to, const char* link_name = "main") {
    tharsis_status status = THARSIS_PENDING;
    tharsis_error why = no_error();
    app.on_strand([&] {
      std::vector<tharsis_text> texts;
      for (const std::string& t : to) texts.push_back(text_of(t));
      status = links().set_endpoints(links().self, text_of(link_name), texts.data(), static_cast<uint32_t>(texts.size()), &why);
    });
    last_error = why.text;
    return status;
  }
  std::string other_endpoint() const { return "tcp://" + std::string(name) + ":" + std::to_string(other_port); }
  tharsis_status heartbeat(uint32_t ms, const char* link_name = "main") {
    tharsis_error why = no_error();
    const tharsis_status status = links().set_heartbeat(links().self, text_of(link_name), ms, &why);
    last_error = why.text;
    return status;
  }
  size_t times_down() const {
    size_t count = 0;
    for (const auto& s : host.states) count += s.state == THARSIS_STN_DOWN;
    return count;
  }
  bool moves(duration within) {
    return world.run_until([&] { return times_down() > 0 && up(); }, world.now() + within);
  }

  test::site app;
  test::scripted_server other;
  std::optional<stn::links_service> service;
};

struct heard {
  static void on_push(void* self, tharsis_text link, uint32_t command, tharsis_bytes body) {
    static_cast<heard*>(self)->all.push_back(std::string(view(link)) + "/" + std::to_string(command) + "/" + std::string(as_text(view(body))));
  }
  std::vector<std::string> all;
};

tharsis_handle subscribe(two_servers& w, heard& who, uint32_t from, uint32_t to, const char* link = "") {
  tharsis_handle id = 0;
  w.app.on_strand([&] {
    tharsis_stn_push_filter f{sizeof f, from, to, 0, text_of(link), heard::on_push, &who};
    EXPECT_EQ(w.links().subscribe(w.links().self, &f, &id, nullptr), THARSIS_OK);
  });
  w.world.run_for(10ms);
  return id;
}

}  // namespace

TEST(LinksService, OtherEndpointsAreReachedBeforeTheOldOnesAreLeft) {
  two_servers w(1);
  w.serve_other();
  w.begin();
  ASSERT_TRUE(w.wait_up());
  ASSERT_EQ(w.set_endpoints({w.other_endpoint()}), THARSIS_OK);
  for (int i = 0; i < 50; ++i) {
    const std::string title = "t" + std::to_string(i);
    ASSERT_EQ(w.submit(title, ""), THARSIS_OK);
    w.world.run_for(20ms);
  }
  ASSERT_TRUE(w.wait_answers(50));
  for (const auto& [title, o] : w.outcomes) EXPECT_EQ(o.status, THARSIS_OK) << title << ": " << o.reason;
  EXPECT_EQ(w.times_down(), 1u);
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_REPLACED});
  EXPECT_EQ(w.host.states.back().gap, duration::zero());
  EXPECT_GT(w.server.executions.size(), 0u);
  EXPECT_GT(w.other.executions.size(), 0u);
  EXPECT_EQ(w.other.hellos, 1);
  EXPECT_EQ(w.host.connects.back().because, uint32_t{THARSIS_STN_WHY_REPLACED});
}

TEST(LinksService, WhereTheNewEndpointsDoNotComeUpTheOldOnesStayAndALineSaysSo) {
  two_servers w(2);
  w.begin();
  ASSERT_TRUE(w.wait_up());
  const size_t lines = w.host.lines.size();
  ASSERT_EQ(w.set_endpoints({w.other_endpoint()}), THARSIS_OK);
  w.world.run_for(20s);
  EXPECT_EQ(w.times_down(), 0u);
  ASSERT_EQ(w.submit("still", ""), THARSIS_OK);
  EXPECT_TRUE(w.wait_answers(1));
  EXPECT_EQ(w.outcomes["still"].status, THARSIS_OK);
  size_t told = 0;
  for (size_t i = lines; i < w.host.lines.size(); ++i) told += w.host.lines[i].find("did not come up") != std::string::npos;
  EXPECT_EQ(told, 1u) << "once, not at every attempt";
  w.serve_other();  // It is tried again, until it is there.
  ASSERT_TRUE(w.moves(60s));
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_REPLACED});
}

TEST(LinksService, WhoDoesNotProveItselfTakesNothingOver) {
  for (const manner how : {manner::mute, manner::refuse_hello, manner::garbage}) {
    two_servers w(3);
    w.serve_other();
    w.other.how = how;
    w.begin();
    ASSERT_TRUE(w.wait_up());
    ASSERT_EQ(w.set_endpoints({w.other_endpoint()}), THARSIS_OK);
    w.world.run_for(40s);
    EXPECT_EQ(w.times_down(), 0u);
    EXPECT_GT(w.other.connections, 0);
    EXPECT_TRUE(w.other.executions.empty());
    w.other.how = manner::honest;
    EXPECT_TRUE(w.moves(60s));
  }
}

TEST(LinksService, AnAnswerThatIsOnItsWayIsWaitedForButNotForEver) {
  two_servers w(4);
  w.serve_other();
  w.begin();
  ASSERT_TRUE(w.wait_up());
  w.server.unanswered = 1;
  ASSERT_EQ(w.submit("slow", ""), THARSIS_OK);
  w.world.run_for(50ms);
  ASSERT_EQ(w.set_endpoints({w.other_endpoint()}), THARSIS_OK);
  w.world.run_for(2s);
  ASSERT_EQ(w.submit("next", ""), THARSIS_OK);
  EXPECT_EQ(w.times_down(), 0u) << "what was sent may still be answered";
  ASSERT_TRUE(w.moves(10s));
  ASSERT_TRUE(w.wait_answers(2));
  EXPECT_EQ(w.outcomes["next"].status, THARSIS_OK);
  EXPECT_EQ(w.other.executions["next"], 1);
  EXPECT_EQ(w.outcomes["slow"].why, uint32_t{THARSIS_STN_LOST});
}

// The wait for what was sent on the old connection ends with it, however it ends.
TEST(LinksService, ALinkWhoseOldConnectionDiesInTheMoveRestsOnItsNewOne) {
  two_servers w(17);
  w.serve_other();
  w.begin();
  ASSERT_TRUE(w.wait_up());
  w.server.unanswered = 1;
  ASSERT_EQ(w.submit("slow", "key"), THARSIS_OK);
  w.world.run_for(50ms);
  ASSERT_EQ(w.set_endpoints({w.other_endpoint()}), THARSIS_OK);
  w.world.run_for(2s);
  EXPECT_EQ(w.other.hellos, 1) << "it is there, and the old one still has an answer to bring";
  EXPECT_EQ(w.times_down(), 0u);
  w.elsewhere.on_strand([&] { w.server.close(); });
  ASSERT_TRUE(w.wait_answers(1));
  EXPECT_EQ(w.outcomes["slow"].status, THARSIS_OK);
  const uint64_t steps = w.world.steps();
  const instant end = w.world.now() + 30s;
  const bool busy = w.world.run_until([&] { return w.world.steps() > steps + 10'000; }, end);
  EXPECT_FALSE(busy) << "nothing is to be done, and it never rests";
}

// While it waits for the last answers a link sends nothing; when the host changes its mind, it goes on at once.
TEST(LinksService, WhatWasHeldForAMoveLeavesWhenTheMoveIsTakenBack) {
  two_servers w(18);
  w.serve_other();
  w.begin();
  ASSERT_TRUE(w.wait_up());
  w.server.unanswered = 1;
  ASSERT_EQ(w.submit("slow", "key"), THARSIS_OK);
  w.world.run_for(50ms);
  ASSERT_EQ(w.set_endpoints({w.other_endpoint()}), THARSIS_OK);
  w.world.run_for(2s);
  ASSERT_EQ(w.submit("held", ""), THARSIS_OK);
  w.world.run_for(100ms);
  EXPECT_EQ(w.server.executions.count("held"), 0u);
  ASSERT_EQ(w.set_endpoints({"tcp://" + std::string(link_world::name) + ":" + std::to_string(link_world::port)}), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1, 500ms));
  EXPECT_EQ(w.server.executions["held"], 1);
  EXPECT_EQ(w.times_down(), 0u);
}

TEST(LinksService, ALinkThatIsDownGoesToItsNewEndpointsAtOnce) {
  two_servers w(5, false);
  w.serve_other();
  w.begin();
  w.world.run_for(20s);
  ASSERT_EQ(w.set_endpoints({w.other_endpoint()}), THARSIS_OK);
  EXPECT_TRUE(w.wait_up(1s));
}

TEST(LinksService, ALinkThatIsBeingMadeTurnsToItsNewEndpoints) {
  two_servers w(6);
  w.serve_other();
  w.server.how = manner::mute;
  w.begin();
  w.world.run_for(2s);
  ASSERT_EQ(w.set_endpoints({w.other_endpoint()}), THARSIS_OK);
  EXPECT_TRUE(w.wait_up(1s));
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_REPLACED});
}

TEST(LinksService, WhenTheOldConnectionDiesMeanwhileTheNewEndpointsAreTried) {
  two_servers w(7);
  w.serve_other();
  w.other.how = manner::mute;
  w.begin();
  ASSERT_TRUE(w.wait_up());
  ASSERT_EQ(w.set_endpoints({w.other_endpoint()}), THARSIS_OK);
  w.world.run_for(1s);
  w.other.how = manner::honest;
  w.server.how = manner::hang_up;
  ASSERT_EQ(w.submit("cut", "key"), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1));
  EXPECT_EQ(w.outcomes["cut"].status, THARSIS_OK);
  EXPECT_EQ(w.other.executions["cut"], 1);
}

TEST(LinksService, TheApplicationProvesItselfOnTheNewConnectionFirst) {
  struct app {
    static void begin(void* self, const tharsis_stn_auth_question* q) {
      ++static_cast<app*>(self)->begun;
      const tharsis_stn_auth_word w{sizeof w, THARSIS_STN_AUTH_SEND, 2, 0, bytes_of(as_bytes("token")), {}};
      q->give(q->context, q->question, &w);
    }
    static void judge(void*, const tharsis_stn_auth_question* q) {
      const tharsis_stn_auth_word w{sizeof w, THARSIS_STN_AUTH_ACCEPTED, 0, 0, {}, {}};
      q->give(q->context, q->question, &w);
    }
    int begun = 0;
  } a;
  const tharsis_stn_auth table{sizeof table, &a, app::begin, app::judge};
  two_servers w(8);
  w.serve_other();
  w.client.on_strand([&] { w.host.provide_auth(&table); });
  w.begin();
  ASSERT_TRUE(w.wait_up());
  ASSERT_EQ(w.set_endpoints({w.other_endpoint()}), THARSIS_OK);
  ASSERT_TRUE(w.moves(5s));
  EXPECT_EQ(a.begun, 2);
  EXPECT_EQ(w.other.proofs.size(), 1u);
  ASSERT_EQ(w.submit("x", ""), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1));
  EXPECT_EQ(w.other.executions["x"], 1);
  w.stop();
  w.client.on_strand([&] { w.host.provide_auth(nullptr); });
  w.client.on_strand([&] { w.service.reset(), w.dispatcher.reset(); });
}

// The connection that is made beside the old one speaks for whoever is logged in when it is made.
TEST(LinksService, OnTheNewConnectionSpeaksWhoIsLoggedInThen) {
  struct app {
    static void begin(void* self, const tharsis_stn_auth_question* q) {
      static_cast<app*>(self)->users.emplace_back(view(q->user));
      const tharsis_stn_auth_word w{sizeof w, THARSIS_STN_AUTH_SEND, 2, 0, bytes_of(as_bytes("token")), {}};
      q->give(q->context, q->question, &w);
    }
    static void judge(void*, const tharsis_stn_auth_question* q) {
      const tharsis_stn_auth_word w{sizeof w, THARSIS_STN_AUTH_ACCEPTED, 0, 0, {}, {}};
      q->give(q->context, q->question, &w);
    }
    std::vector<std::string> users;
  } a;
  const tharsis_stn_auth table{sizeof table, &a, app::begin, app::judge};
  two_servers w(19);
  w.link().user.clear();
  w.host.network.account = "ann";
  w.client.on_strand([&] { w.host.provide_auth(&table); });
  w.begin();
  ASSERT_TRUE(w.wait_up());
  ASSERT_EQ(w.set_endpoints({w.other_endpoint()}), THARSIS_OK);
  w.world.run_for(1s);
  EXPECT_EQ(a.users, (std::vector<std::string>{"ann"}));
  w.host.network.account = "bob";
  w.client.on_strand([&] { w.host.network.tell(); });
  w.serve_other();
  ASSERT_TRUE(w.moves(60s));
  EXPECT_EQ(a.users, (std::vector<std::string>{"ann", "bob"}));
  w.stop();
  w.client.on_strand([&] { w.host.provide_auth(nullptr); });
  w.client.on_strand([&] { w.service.reset(), w.dispatcher.reset(); });
}

TEST(LinksService, WrongEndpointsAreRefusedWithASentence) {
  two_servers w(9);
  w.link().plain_allowed = false;
  w.link().endpoints = {{"tcp", "127.0.0.1", 9}};
  w.link().tls.ca.clear();
  w.begin();
  const std::pair<std::vector<std::string>, const char*> wrong[] = {
      {{}, "at least one endpoint"},
      {{"nonsense"}, "nonsense"},
      {{"http://a:80"}, "neither tcps:// nor tcp://"},
      {{"tcp://192.0.2.1:80"}, "unencrypted"},
      {{"tcps://im.example.com:443"}, "no certificate is trusted"},
      {std::vector<std::string>(65, "tcp://127.0.0.1:9"), "at most 64"},
  };
  for (const auto& [to, sentence] : wrong) {
    EXPECT_EQ(w.set_endpoints(to), THARSIS_E_INVALID);
    EXPECT_NE(w.last_error.find(sentence), std::string::npos) << w.last_error;
  }
  EXPECT_EQ(w.set_endpoints({"tcp://127.0.0.1:9"}, "other"), THARSIS_E_NOT_FOUND);
  EXPECT_NE(w.last_error.find("'other'"), std::string::npos);
}

TEST(LinksService, TheServersHeartbeatHoldsUntilItIsTakenBack) {
  two_servers w(10);
  w.begin();
  ASSERT_TRUE(w.wait_up());
  for (const uint32_t wrong : {1u, 999u, 3'600'001u}) EXPECT_EQ(w.heartbeat(wrong), THARSIS_E_INVALID) << wrong;
  EXPECT_EQ(w.heartbeat(5000, "other"), THARSIS_E_NOT_FOUND);
  ASSERT_EQ(w.heartbeat(5000), THARSIS_OK);
  w.world.run_for(51s);
  EXPECT_EQ(w.server.pings, 10);
  ASSERT_EQ(w.heartbeat(0), THARSIS_OK);
  w.world.run_for(100s);
  EXPECT_EQ(w.server.pings, 10);
}

TEST(LinksService, ReconnectMakesAnotherConnectionAtOnceAlsoWhereItWasRefused) {
  two_servers w(11);
  w.begin();
  ASSERT_TRUE(w.wait_up());
  tharsis_error why = no_error();
  EXPECT_EQ(w.links().reconnect(w.links().self, text_of("other"), &why), THARSIS_E_NOT_FOUND);
  ASSERT_EQ(w.links().reconnect(w.links().self, text_of("main"), nullptr), THARSIS_OK);
  ASSERT_TRUE(w.wait_down());
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_RECONNECT});
  ASSERT_TRUE(w.wait_up(1s));
  w.server.how = manner::refuse_hello;
  ASSERT_EQ(w.links().reconnect(w.links().self, text_of("main"), nullptr), THARSIS_OK);
  w.world.run_for(300s);
  w.server.how = manner::honest;
  ASSERT_EQ(w.links().reconnect(w.links().self, text_of("main"), nullptr), THARSIS_OK);
  EXPECT_TRUE(w.wait_up(1s));
}

TEST(LinksService, ASignallingBurstGoesOverTheLinkForAsLongAsTheProfileSays) {
  two_servers w(16);
  w.link().signalling = {stn::signalling_settings::way::link, 5s, 20s};
  w.begin();
  tharsis_error why = no_error();
  EXPECT_EQ(w.links().keep_signalling(w.links().self, text_of("main"), &why), THARSIS_OK) << "a link that is down does nothing";
  ASSERT_TRUE(w.wait_up());
  w.world.run_for(30s);
  ASSERT_EQ(w.links().keep_signalling(w.links().self, text_of("main"), nullptr), THARSIS_OK);
  w.world.run_for(60s);
  EXPECT_GE(w.server.kept_awake, 3);
  EXPECT_LE(w.server.kept_awake, 5);
}

TEST(LinksService, PushesComeByCommandAndLinkInOrderUntilNobodyWantsThem) {
  two_servers w(12);
  w.begin();
  ASSERT_TRUE(w.wait_up());
  heard some, all, of_main;
  const tharsis_handle first = subscribe(w, some, 100, 200);
  subscribe(w, all, 0, UINT32_MAX);
  subscribe(w, of_main, 150, 150, "main");
  w.server.pushes = {{99, "a"}, {100, "b"}, {200, "c"}, {150, "d"}, {201, "e"}};
  ASSERT_EQ(w.submit("x", ""), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1));
  w.world.run_for(10ms);
  EXPECT_EQ(some.all, (std::vector<std::string>{"main/100/b", "main/200/c", "main/150/d"}));
  EXPECT_EQ(all.all.size(), 5u);
  EXPECT_EQ(of_main.all, (std::vector<std::string>{"main/150/d"}));
  w.app.on_strand([&] { w.links().unsubscribe(w.links().self, first); });
  w.app.on_strand([&] { w.links().unsubscribe(w.links().self, first); });
  w.app.on_strand([&] { w.links().unsubscribe(w.links().self, 4711); });
  ASSERT_EQ(w.submit("y", ""), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(2));
  w.world.run_for(10ms);
  EXPECT_EQ(some.all.size(), 3u);
  EXPECT_EQ(all.all.size(), 10u);
}

TEST(LinksService, WhoUnsubscribesInsideAPushHearsNoMore) {
  struct once {
    two_servers* w;
    tharsis_handle id = 0;
    int heard = 0;
    static void on_push(void* self, tharsis_text, uint32_t, tharsis_bytes) {
      auto& o = *static_cast<once*>(self);
      ++o.heard;
      o.w->links().unsubscribe(o.w->links().self, o.id);
    }
  };
  two_servers w(13);
  w.begin();
  ASSERT_TRUE(w.wait_up());
  once o{&w};
  w.app.on_strand([&] {
    tharsis_stn_push_filter f{sizeof f, 0, 1000, 0, {}, once::on_push, &o};
    ASSERT_EQ(w.links().subscribe(w.links().self, &f, &o.id, nullptr), THARSIS_OK);
  });
  w.server.pushes = {{1, "a"}, {2, "b"}, {3, "c"}};
  ASSERT_EQ(w.submit("x", ""), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1));
  w.world.run_for(10ms);
  EXPECT_EQ(o.heard, 1);
}

TEST(LinksService, WrongSubscriptionsAreRefusedWithASentence) {
  two_servers w(14);
  w.begin();
  heard who;
  tharsis_error why = no_error();
  w.app.on_strand([&] {
    const auto refused = [&](const tharsis_stn_push_filter* f) { return w.links().subscribe(w.links().self, f, nullptr, &why); };
    tharsis_stn_push_filter f{sizeof f, 0, 1, 0, {}, nullptr, &who};
    EXPECT_EQ(refused(nullptr), THARSIS_E_INVALID);
    EXPECT_EQ(refused(&f), THARSIS_E_INVALID);
    f.on_push = heard::on_push;
    f.command_from = 2;
    EXPECT_EQ(refused(&f), THARSIS_E_INVALID);
    f.command_from = 0;
    f.link = text_of("other");
    EXPECT_EQ(refused(&f), THARSIS_E_NOT_FOUND);
    f.link = {};
    f.size = 8;
    EXPECT_EQ(refused(&f), THARSIS_E_INVALID);
    f.size = sizeof f;
    for (int i = 0; i < stn::subscriptions_max; ++i) ASSERT_EQ(refused(&f), THARSIS_OK);
    EXPECT_EQ(refused(&f), THARSIS_E_BUSY);
  });
  EXPECT_EQ(w.links().keep_signalling(w.links().self, text_of("other"), &why), THARSIS_E_NOT_FOUND);
}

TEST(LinksService, AfterTheStopEveryCallSaysThatItIsGone) {
  two_servers w(15);
  w.begin();
  ASSERT_TRUE(w.wait_up());
  heard who;
  subscribe(w, who, 0, 1000);
  w.client.on_strand([&] { w.service->stop(); });
  w.stop();
  EXPECT_EQ(w.set_endpoints({w.other_endpoint()}), THARSIS_E_GONE);
  EXPECT_EQ(w.heartbeat(5000), THARSIS_E_GONE);
  EXPECT_EQ(w.links().reconnect(w.links().self, text_of("main"), nullptr), THARSIS_E_GONE);
  w.app.on_strand([&] {
    tharsis_stn_push_filter f{sizeof f, 0, 1000, 0, {}, heard::on_push, &who};
    EXPECT_EQ(w.links().subscribe(w.links().self, &f, nullptr, nullptr), THARSIS_E_GONE);
  });
  w.client.on_strand([&] { w.service.reset(), w.dispatcher.reset(); });
}

namespace {

// Endpoints change, connections are cut, networks come and go, with tasks under way.
void change_about(uint64_t seed) {
  std::mt19937_64 random(seed);
  two_servers w(seed);
  w.world.between(w.client_machine, w.server_machine).delay = std::chrono::milliseconds(random() % 60);
  w.serve_other();
  if (random() % 2 == 0) w.link().user.clear();
  w.begin();
  size_t started = 0;
  const std::string first = "tcp://" + std::string(two_servers::name) + ":443";
  for (size_t i = 0; i < 20; ++i) {
    switch (random() % 8) {
      case 0: EXPECT_EQ(w.set_endpoints({random() % 2 == 0 ? first : w.other_endpoint()}), THARSIS_OK); break;
      case 1: EXPECT_EQ(w.set_endpoints({"tcp://" + std::string(two_servers::name) + ":9", w.other_endpoint()}), THARSIS_OK); break;
      case 2: w.links().reconnect(w.links().self, text_of("main"), nullptr); break;
      case 3: w.client.on_strand([&] { w.host.network.move(random() % 4 == 0 ? "" : "if" + std::to_string(random() % 2)); }); break;
      default: {
        const std::string title = "t" + std::to_string(i);
        started += w.submit(title, random() % 2 == 0 ? title : "") == THARSIS_OK;
      }
    }
    if (random() % 2 == 0) w.world.run_for(std::chrono::milliseconds(random() % 300));
  }
  w.client.on_strand([&] { w.host.network.move("if9"); });
  ASSERT_TRUE(w.wait_answers(started)) << w.answers << " of " << started;
  for (const auto& [title, o] : w.outcomes) EXPECT_EQ(o.answers, 1) << title;
  ASSERT_EQ(w.set_endpoints({w.other_endpoint()}), THARSIS_OK);
  w.world.run_for(60s);
  EXPECT_TRUE(w.up());
  ASSERT_EQ(w.submit("last", ""), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(started + 1));
  EXPECT_EQ(w.other.executions["last"], 1) << "the last endpoints are those that hold";
}

}  // namespace

TEST(LinksService, EachTaskEndsOnceWhileEndpointsChange) { test::for_each_seed(test::seeds(300), change_about); }
