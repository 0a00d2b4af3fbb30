// tharsis.http/1 and short links over HTTP/2: many calls on one connection, which ends, is slow, refuses or falls silent.
#include "tests/plugins/stn/http2_world.h"
#include "tests/plugins/stn/short_world.h"

using namespace tharsis;
using test::http2_site;
using test::http2_world;
using test::http_ending;
using test::http_question;

namespace {

void expect_end(const http_ending& e, tharsis_status status, uint32_t http_status, std::string_view reason_part = {}) {
  EXPECT_EQ(e.ends, 1);
  EXPECT_EQ(status_name(e.status), status_name(status)) << e.reason;
  EXPECT_EQ(e.http_status, http_status) << e.reason;
  EXPECT_NE(e.reason.find(reason_part), std::string::npos) << e.reason;
}

http_question question(std::string path, std::string method = "GET") { return {std::move(method), "https://web.test" + std::move(path)}; }

// Says what was asked: "GET /path|body".
void mirror2(http2_site::connection& c, int32_t id) {
  const auto& r = c.peer.requests[id];
  c.peer.answer(id, {{":status", "200"}, {"x-authority", std::string(r.field(":authority"))}}, std::string(r.field(":method")) + " " + std::string(r.field(":path")) + "|" + r.body);
}

task<void> say_hello(http1_exchange& x) {
  auto body = co_await x.read_all(1 << 20);
  if (body) co_await x.answer(200, "hello over HTTP/1.1");
}

std::vector<size_t> ask_many(http2_world& w, int n, std::string method = "GET") {
  std::vector<size_t> all;
  for (int i = 0; i < n; ++i) all.push_back(w.ask(question("/" + std::to_string(i), method)));
  return all;
}

}  // namespace

TEST(Http2Sim, ManyCallsAtOnceShareOneConnectionAndItIsKept) {
  http2_world w(1);
  w.site.on_request = mirror2;
  w.serve_http2();
  w.start();
  for (int round = 0; round < 2; ++round) {
    const auto all = ask_many(w, 50);
    ASSERT_TRUE(w.wait(all));
    for (size_t i = 0; i < all.size(); ++i) {
      expect_end(w.of(all[i]), THARSIS_OK, 200);
      EXPECT_EQ(w.of(all[i]).body, "GET /" + std::to_string(i) + "|");
      EXPECT_EQ(w.of(all[i]).version, 20u);
      EXPECT_EQ(http1::value_of(w.of(all[i]).fields, "X-Authority"), "web.test");
    }
  }
  EXPECT_EQ(w.servers.accepted, 1u);
  w.world.run_for(w.settings.pool.idle + 1s);
  EXPECT_EQ(w.service->connections().size(), 0u);
  EXPECT_TRUE(w.site.connections[0]->over);
  expect_end(w.get(question("/")), THARSIS_OK, 200);
  EXPECT_EQ(w.servers.accepted, 2u);
}

TEST(Http2Sim, AnOlderServerIsAskedOnceWhatItSpeaksAndThenByManyConnections) {
  for (const bool settles : {true, false}) {
    http2_world w(2);
    w.serve_tls(say_hello);
    if (settles) w.settings.versions = {true, false};
    w.start();
    const auto all = ask_many(w, 20);
    ASSERT_TRUE(w.wait(all));
    for (const size_t i : all) {
      expect_end(w.of(i), THARSIS_OK, 200);
      EXPECT_EQ(w.of(i).version, 11u);
    }
    EXPECT_EQ(w.servers.accepted, static_cast<size_t>(w.settings.pool.per_origin));
  }
}

TEST(Http2Sim, WhoCannotBeReachedIsTriedOnceForAllThatWait) {
  http2_world w(3);
  w.serve_http2(444);
  w.start();
  const auto all = ask_many(w, 20);
  ASSERT_TRUE(w.wait(all, 5s));
  for (const size_t i : all) {
    expect_end(w.of(i), THARSIS_E_REFUSED, 0, "cannot reach web.test:443");
    EXPECT_EQ(w.of(i).at, w.of(all[0]).at);
  }
  w.world.between(w.client_machine, w.server_machine).black_hole = true;
  http_question quick = question("/"), slow = question("/");
  quick.connect_ms = 1'000;
  slow.connect_ms = 30'000;
  const size_t a = w.ask(slow), b = w.ask(quick);
  w.world.run_for(1'500ms);
  expect_end(w.of(b), THARSIS_E_TIMEOUT, 0, "cannot reach web.test:443");
  EXPECT_EQ(w.of(a).ends, 0);
  w.cancel(a);
  ASSERT_TRUE(w.wait({a}));
  w.world.run_for(1s);
  EXPECT_EQ(w.service->connections().size(), 0u) << "nobody waits for it any more";
}

TEST(Http2Sim, AConnectionThatIsMadeForOneWithLittleTimeGoesOnForTheOthers) {
  http2_world w(4);
  w.site.on_request = mirror2;
  w.world.between(w.client_machine, w.server_machine).delay = 400ms;
  w.serve_http2();
  w.start();
  http_question quick = question("/quick");
  quick.connect_ms = 1'000;
  const size_t a = w.ask(quick), b = w.ask(question("/patient"));
  ASSERT_TRUE(w.wait({a, b}));
  expect_end(w.of(a), THARSIS_E_TIMEOUT, 0);
  expect_end(w.of(b), THARSIS_OK, 200);
}

TEST(Http2Sim, WhatAServerThatGoesAwayHasNotLookedAtGoesElsewhereEvenAPost) {
  http2_world w(5);
  w.site.on_request = [&](http2_site::connection& c, int32_t id) {
    if (w.site.connections.size() > 1) return mirror2(c, id);
    if (c.requests == 1) c.peer.go_away(id), mirror2(c, id);
  };
  w.serve_http2();
  w.start();
  const auto all = ask_many(w, 10, "POST");
  ASSERT_TRUE(w.wait(all));
  for (size_t i = 0; i < all.size(); ++i) {
    expect_end(w.of(all[i]), THARSIS_OK, 200);
    EXPECT_EQ(w.of(all[i]).body, "POST /" + std::to_string(i) + "|");
  }
  EXPECT_EQ(w.servers.accepted, 2u);
}

TEST(Http2Sim, AServerThatRefusesForEverIsNotAskedForEver) {
  http2_world w(6);
  w.site.on_request = [](http2_site::connection& c, int32_t id) { c.peer.reset(id, NGHTTP2_REFUSED_STREAM); };
  w.serve_http2();
  w.start();
  expect_end(w.get(question("/", "POST")), THARSIS_E_RESET, 0, "REFUSED_STREAM");
  EXPECT_EQ(w.site.requests(), 4u);
}

TEST(Http2Sim, ACallThatIsCancelledEndsItsExchangeAlone) {
  http2_world w(7);
  w.site.on_request = [](http2_site::connection& c, int32_t id) {
    if (c.peer.requests[id].field(":path") != "/poll") mirror2(c, id);
  };
  w.serve_http2();
  w.start();
  const size_t poll = w.ask(question("/poll"));
  expect_end(w.get(question("/other")), THARSIS_OK, 200);
  EXPECT_EQ(w.of(poll).ends, 0);
  w.cancel(poll);
  ASSERT_TRUE(w.wait({poll}));
  w.world.run_for(1s);
  EXPECT_EQ(w.site.connections[0]->peer.requests[1].code, static_cast<uint32_t>(NGHTTP2_CANCEL));
  expect_end(w.get(question("/again")), THARSIS_OK, 200);
  EXPECT_EQ(w.servers.accepted, 1u);
}

TEST(Http2Sim, WhoHoldsHisAnswerHoldsNobodyElse) {
  http2_world w(8);
  w.site.on_request = [](http2_site::connection& c, int32_t id) { c.peer.answer(id, {{":status", "200"}}, std::string(3'000'000, 'z')); };
  w.serve_http2();
  w.start();
  http_question held = question("/held");
  held.streams_answer = true;
  held.hold_after = 1;
  const size_t i = w.ask(held);
  w.world.run_for(20s);
  EXPECT_EQ(w.of(i).ends, 0);
  EXPECT_LE(w.site.connections[0]->peer.requests[1].out_from, size_t{1} << 20) << "the server had to stop";
  const http_ending& other = w.get(question("/other"));
  expect_end(other, THARSIS_OK, 200);
  EXPECT_EQ(other.body.size(), 3'000'000u);
  w.resume(i);
  ASSERT_TRUE(w.wait({i}));
  expect_end(w.of(i), THARSIS_OK, 200);
  EXPECT_TRUE(w.of(i).body == std::string(3'000'000, 'z'));
  EXPECT_EQ(w.servers.accepted, 1u);
}

TEST(Http2Sim, BodiesGoInPiecesAndMayWaitToBeInvited) {
  http2_world w(9);
  w.site.on_request = mirror2;
  w.serve_http2();
  w.start();
  http_question q = question("/up", "POST");
  q.body = std::string(300'000, 'u');
  q.streams_body = true;
  EXPECT_TRUE(w.get(q).body == "POST /up|" + q.body);
  EXPECT_EQ(w.site.connections[0]->peer.requests[1].field("content-length"), "");
  q.body_size = 300'000;
  q.piece = 70'000;
  EXPECT_TRUE(w.get(q).body == "POST /up|" + q.body);
  EXPECT_EQ(w.site.connections[0]->peer.requests[3].field("content-length"), "300000");
  q.body_size = 300'001;
  expect_end(w.get(q), THARSIS_E_INVALID, 0, "missing");
  http_question polite = question("/polite", "PUT");
  polite.fields = {{"Expect", "100-continue"}};
  polite.body = "asked first";
  EXPECT_EQ(w.get(polite).body, "PUT /polite|asked first");
  EXPECT_EQ(w.servers.accepted, 1u);
}

TEST(Http2Sim, AnAnswerBeforeTheBodyIsSentIsTaken) {
  http2_world w(10);
  w.site.how.takes_by_itself = false;
  w.serve_http2();
  w.start();
  http_question q = question("/up", "POST");
  q.body = std::string(5 << 20, 'b');
  const size_t i = w.ask(q);
  w.world.run_for(2s);
  w.there([](http2_site::connection& c) { c.peer.answer(1, {{":status", "413"}}, "no"); });
  ASSERT_TRUE(w.wait({i}));
  expect_end(w.of(i), THARSIS_OK, 413);
  EXPECT_EQ(w.of(i).body, "no");
}

TEST(Http2Sim, TheServersNumberOfExchangesIsKeptTo) {
  http2_world w(11);
  w.site.how.exchanges_max = 2;
  size_t most = 0;
  w.site.on_request = [&](http2_site::connection& c, int32_t id) {
    size_t open = 0;
    for (const auto& [other, r] : c.peer.requests) open += !r.closed;
    most = std::max(most, open);
    mirror2(c, id);
  };
  w.serve_http2();
  w.start();
  expect_end(w.get(question("/first")), THARSIS_OK, 200);
  const auto all = ask_many(w, 20, "POST");
  ASSERT_TRUE(w.wait(all));
  for (const size_t i : all) expect_end(w.of(i), THARSIS_OK, 200);
  EXPECT_EQ(w.servers.accepted, 1u);
  EXPECT_LE(most, 2u);
}

TEST(Http2Sim, AConnectionThatTurnsOutToBeDeadCostsOneMoreAttempt) {
  http2_world w(12);
  w.site.on_request = [&](http2_site::connection& c, int32_t id) {
    if (w.site.connections.size() == 1 && c.requests > 1) return c.wire->end(), c.over = true, void();
    mirror2(c, id);
  };
  w.serve_http2();
  w.start();
  expect_end(w.get(question("/first")), THARSIS_OK, 200);
  const size_t once = w.ask(question("/post", "POST"));
  ASSERT_TRUE(w.wait({once}));
  expect_end(w.of(once), THARSIS_E_RESET, 0, "did not come");
  w.site.connections[0]->requests = 0;
  const auto all = ask_many(w, 5);
  ASSERT_TRUE(w.wait(all));
  for (const size_t i : all) expect_end(w.of(i), THARSIS_OK, 200);
  EXPECT_EQ(w.servers.accepted, 2u);
}

TEST(Http2Sim, AConnectionThatFellSilentIsNotGivenToTheNextCall) {
  http2_world w(13);
  w.site.on_request = mirror2;
  w.serve_http2();
  w.start();
  expect_end(w.get(question("/first")), THARSIS_OK, 200);
  w.site.on_request = nullptr;
  http_question q = question("/silence");
  q.idle_ms = 3'000;
  expect_end(w.get(q), THARSIS_E_TIMEOUT, 0, "nothing moved for 3000 ms");
  w.site.on_request = mirror2;
  expect_end(w.get(question("/next")), THARSIS_OK, 200);
  EXPECT_EQ(w.servers.accepted, 2u);
}

TEST(Http2Sim, OnAnotherNetworkWhatIsOpenGoesOnAndWhatIsNewGoesAnew) {
  http2_world w(14);
  w.serve_http2();
  w.start();
  const size_t old = w.ask(question("/old"));
  w.world.run_for(2s);
  w.client.on_strand([&] { w.host.network.move("sim1"); });
  const size_t fresh = w.ask(question("/new"));
  w.world.run_for(2s);
  ASSERT_EQ(w.site.connections.size(), 2u);
  w.there([](http2_site::connection& c) { mirror2(c, 1); }, 0);
  w.there([](http2_site::connection& c) { mirror2(c, 1); }, 1);
  ASSERT_TRUE(w.wait({old, fresh}));
  EXPECT_EQ(w.of(old).body, "GET /old|");
  EXPECT_EQ(w.of(fresh).body, "GET /new|");
  w.world.run_for(1s);
  EXPECT_EQ(w.service->connections().size(), 1u);
}

TEST(Http2Sim, OnlyHttp2MeansOnlyHttp2) {
  http2_world w(15);
  w.settings.versions = {false, true};
  w.site.on_request = mirror2;
  w.serve_tls(say_hello, {"web.test"}, 444);
  w.serve_http2(80, false);
  w.start();
  expect_end(w.get({"GET", "https://web.test:444/"}), THARSIS_E_PROTOCOL, 0, "does not speak HTTP/2");
  const http_ending& plain = w.get({"GET", "http://web.test/known"});
  expect_end(plain, THARSIS_OK, 200);
  EXPECT_EQ(plain.body, "GET /known|");
  EXPECT_EQ(plain.version, 20u);
}

TEST(Http2Sim, RedirectsGoOnOverTheSameConnection) {
  http2_world w(16);
  w.site.on_request = [](http2_site::connection& c, int32_t id) {
    if (c.peer.requests[id].field(":path") != "/from") return mirror2(c, id);
    c.peer.answer(id, {{":status", "302"}, {"location", "/to"}}, "moved");
  };
  w.serve_http2();
  w.start();
  const http_ending& e = w.get(question("/from"));
  expect_end(e, THARSIS_OK, 200);
  EXPECT_EQ(e.body, "GET /to|");
  EXPECT_EQ(e.url, "https://web.test/to");
  EXPECT_EQ(w.servers.accepted, 1u);
}

TEST(Http2Sim, WhoStopsEndsEveryCallAndTheConnection) {
  http2_world w(17);
  w.serve_http2();
  w.start();
  const auto all = ask_many(w, 10);
  w.world.run_for(2s);
  w.stop();
  ASSERT_TRUE(w.wait(all));
  for (const size_t i : all) expect_end(w.of(i), THARSIS_E_CANCELLED, 0, "stopping");
  w.world.run_for(2s);
  EXPECT_TRUE(w.site.connections[0]->over);
}

TEST(Http2Sim, TheTasksOfAShortLinkShareAConnectionAPollAmongThem) {
  test::with_http2<test::short_world> w(18);
  w.site.on_request = [](http2_site::connection& c, int32_t id) {
    if (c.peer.requests[id].field(":path") != "/poll") mirror2(c, id);
  };
  w.serve_http2();
  w.link.endpoints = {*parse_url("https://web.test/")};
  w.link.keep_alive = true;
  w.open();
  test::task_wish poll;
  poll.path = "/poll";
  poll.within = 300s;
  poll.long_poll = true;
  const size_t waiting = w.send(poll);
  for (int i = 0; i < 7; ++i) w.send({"/cgi", std::to_string(i)});
  w.world.run_for(100s);
  EXPECT_EQ(w.ends[waiting].answers, 0);
  for (size_t i = 1; i < w.ends.size(); ++i) EXPECT_EQ(w.ends[i].body, "POST /cgi|" + std::to_string(i - 1));
  w.there([](http2_site::connection& c) {
    for (const auto& [id, r] : c.peer.requests)
      if (r.field(":path") == "/poll") return c.peer.answer(id, {{":status", "200"}}, "news");
  });
  ASSERT_TRUE(w.all_over());
  EXPECT_EQ(w.ends[waiting].body, "news");
  EXPECT_EQ(w.servers.accepted, 1u);
}

TEST(Http2Sim, AShortLinkThatKeepsNoConnectionKeepsNone) {
  test::with_http2<test::short_world> w(19);
  w.site.on_request = mirror2;
  w.serve_http2();
  w.link.endpoints = {*parse_url("https://web.test/")};
  w.link.keep_alive = false;
  w.open();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(status_name(w.over({}).status), "ok");
  EXPECT_EQ(w.servers.accepted, 3u);
  EXPECT_EQ(w.shortlink->connections(), 0u);
}
