// tharsis.http/1 against servers of every kind, in a simulated world.
#include <zlib.h>

#include "tests/plugins/stn/http_world.h"

using namespace tharsis;
using test::http_ending;
using test::http_question;
using test::http_world;

namespace {

void expect(const http_ending& e, tharsis_status status, uint32_t http_status, std::string_view reason_part = {}) {
  EXPECT_EQ(e.ends, 1);
  EXPECT_EQ(status_name(e.status), status_name(status)) << e.reason;
  EXPECT_EQ(e.http_status, http_status) << e.reason;
  EXPECT_NE(e.reason.find(reason_part), std::string::npos) << e.reason;
}

std::string compressed(std::string_view text, int bits) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, 9, Z_DEFLATED, bits, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&z, static_cast<uLong>(text.size())) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}
constexpr int as_gzip = 31, as_zlib = 15, as_raw = -15;

// Tells what was asked, in the body: "METHOD target|name: value|...|body".
task<void> mirror(http1_exchange& x) {
  auto body = co_await x.read_all(16 << 20);
  if (!body) co_return;
  std::string text = x.request().method + " " + x.request().target;
  for (const http1::field& f : x.request().fields) text += "|" + f.name + ": " + f.value;
  co_await x.answer(200, text + "|" + *body);
}

// "/NNN/to/URL-as-query": a redirect of that kind. Everything else as mirror().
task<void> redirecting(http1_exchange& x) {
  const std::string_view path = x.path();
  if (path.size() < 4 || path[1] != '3') {
    co_await mirror(x);
    co_return;
  }
  auto body = co_await x.read_all(1 << 20);
  if (!body) co_return;
  http1::response_head head;
  head.status = std::stoi(std::string(path.substr(1, 3)));
  head.fields = {{"Location", x.query().empty() ? x.request().target : std::string(x.query())}};
  co_await x.answer(std::move(head), "moved");
}

task<void> answer_with(std::string coding, std::string body, http1_exchange& x) {
  auto asked = co_await x.read_all(1 << 20);
  if (!asked) co_return;
  http1::response_head head;
  head.fields = {{"Content-Encoding", coding}};
  co_await x.answer(std::move(head), body);
}

task<void> large(http1_exchange& x) {
  http1::response_head head;
  error e = co_await x.begin(std::move(head));
  const std::vector<uint8_t> some(10'000, 'z');
  for (int i = 0; i < 200 && e.status == THARSIS_OK; ++i) e = co_await x.write(some);
  if (e.status == THARSIS_OK) co_await x.finish();
}

task<void> set_cookies(http1_exchange& x) {
  if (x.path() != "/set") {
    co_await mirror(x);
    co_return;
  }
  http1::response_head head;
  head.fields = {{"Set-Cookie", "a=1; Path=/"}, {"Set-Cookie", "b=2; Path=/; Secure"}, {"Set-Cookie", "c=3; Domain=other.test"}};
  co_await x.answer(std::move(head), "set");
}

task<void> refuse_early(http1_exchange& x) { co_await x.answer(413, "no"); }

}  // namespace

TEST(HttpSim, AnAnswerIsCollectedAndItsTimesAddUp) {
  http_world w(1);
  w.serve(mirror);
  w.start();
  const http_ending& e = w.get({});
  expect(e, THARSIS_OK, 200);
  EXPECT_EQ(e.body, "GET /|Host: web.test|Accept-Encoding: gzip, deflate|Accept: */*|");
  EXPECT_EQ(e.heads, 1);
  EXPECT_EQ(e.url, "http://web.test/");
  EXPECT_EQ(e.length, static_cast<int64_t>(e.body.size()));
  EXPECT_GT(e.times.connect, 0);
  EXPECT_GT(e.times.first_byte, 0);
  EXPECT_LE(e.times.queued + e.times.connect + e.times.first_byte + e.times.rest, (e.at - e.since).count());
  EXPECT_EQ(w.open_calls(), 0u);
}

TEST(HttpSim, ConnectionsAreKeptAndShared) {
  http_world w(2);
  w.serve(mirror);
  w.start();
  for (int i = 0; i < 5; ++i) expect(w.get({"POST", "http://web.test/x", {}, "body"}), THARSIS_OK, 200);
  EXPECT_EQ(w.servers.accepted, 1u);
  w.world.run_for(w.settings.pool.idle + 1s);
  expect(w.get({}), THARSIS_OK, 200);
  EXPECT_EQ(w.servers.accepted, 2u) << "an idle one is closed after its time";
}

TEST(HttpSim, NoConnectionOfAnotherNetworkIsUsedAgain) {
  http_world w(3);
  w.serve(mirror);
  w.start();
  expect(w.get({}), THARSIS_OK, 200);
  w.client.on_strand([&] { w.host.network.move("sim1"); });
  expect(w.get({}), THARSIS_OK, 200);
  EXPECT_EQ(w.servers.accepted, 2u);
}

TEST(HttpSim, ConnectionsOfAnOriginAreBoundedAndAllAreServed) {
  http_world w(4);
  w.settings.pool.per_origin = 2;
  w.serve(mirror);
  w.start();
  std::vector<size_t> all;
  for (int i = 0; i < 20; ++i) all.push_back(w.ask({}));
  ASSERT_TRUE(w.wait(all));
  for (const size_t i : all) expect(w.of(i), THARSIS_OK, 200);
  EXPECT_EQ(w.servers.accepted, 2u);
}

TEST(HttpSim, TheBoundOfAllGivesWayForAnotherOrigin) {
  http_world w(5);
  w.settings.pool.in_all = 1;
  w.serve(mirror);
  w.start();
  const size_t a = w.ask({}), b = w.ask({"GET", "http://other.test/"}), c = w.ask({});
  ASSERT_TRUE(w.wait({a, b, c}));
  for (const size_t i : {a, b, c}) expect(w.of(i), THARSIS_OK, 200);
}

TEST(HttpSim, EveryStatusIsAnAnswer) {
  http_world w(6);
  for (const int status : {204, 304, 400, 404, 418, 500, 503, 599}) {
    w.say("HTTP/1.1 " + std::to_string(status) + " Whatever\r\n" + (status == 204 || status == 304 ? "" : "Content-Length: 2\r\n") +
              "\r\n" + (status == 204 || status == 304 ? "" : "hm"), false, {}, static_cast<uint16_t>(status));
  }
  w.start();
  for (const int status : {204, 304, 400, 404, 418, 500, 503, 599})
    expect(w.get({"GET", "http://web.test:" + std::to_string(status) + "/"}), THARSIS_OK, static_cast<uint32_t>(status));
}

// stn.md, 3.2 and 5.2: Mars takes a body that ends with the connection for a failure.
TEST(HttpSim, AResponseThatEndsByCloseIsAResponse) {
  http_world w(7);
  w.say("HTTP/1.1 200 OK\r\n\r\nto the end", true);
  w.say("HTTP/1.0 200 OK\r\n\r\nold", true, {}, 81);
  w.say("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nnot to the end", true, {}, 82);
  w.start();
  EXPECT_EQ(w.get({}).body, "to the end");
  EXPECT_EQ(w.get({"GET", "http://web.test:81/"}).body, "old");
  const http_ending& cut = w.get({"GET", "http://web.test:82/"});
  expect(cut, THARSIS_E_RESET, 200, "not whole");
}

TEST(HttpSim, ARequestThatWasCutAtEveryByteOfItsAnswerIsToldAsCut) {
  const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";
  http_world w(8);
  for (size_t n = 0; n < whole.size(); ++n) w.say(whole.substr(0, n), true, {}, static_cast<uint16_t>(1000 + n));
  w.start();
  for (size_t n = 0; n < whole.size(); ++n) {
    const http_ending& e = w.get({"POST", "http://web.test:" + std::to_string(1000 + n) + "/"});
    EXPECT_EQ(status_name(e.status), status_name(THARSIS_E_RESET)) << n << ": " << e.reason;
    EXPECT_EQ(e.ends, 1);
  }
}

TEST(HttpSim, RedirectsAreFollowedAsBrowsersDo) {
  http_world w(9);
  w.serve(redirecting);
  w.start();
  const http_ending& e303 = w.get({"POST", "http://web.test/303?/next", {{"Content-Type", "text/plain"}}, "secret"});
  expect(e303, THARSIS_OK, 200);
  EXPECT_TRUE(e303.body.starts_with("GET /next|")) << e303.body;
  EXPECT_TRUE(e303.body.ends_with("|")) << "no body goes along: " << e303.body;
  EXPECT_EQ(e303.body.find("Content-"), std::string::npos) << e303.body;
  EXPECT_EQ(e303.url, "http://web.test/next");
  EXPECT_EQ(e303.times.redirects, 1u);
  const http_ending& e302 = w.get({"POST", "http://web.test/302?/next", {}, "x"});
  EXPECT_TRUE(e302.body.starts_with("GET /next")) << e302.body;
  const http_ending& e307 = w.get({"POST", "http://web.test/a/307", {}, "x"});
  EXPECT_TRUE(e307.body.starts_with("POST /a/307")) << e307.body;
  const http_ending& e308 = w.get({"PUT", "http://web.test/308?/next", {}, "again"});
  EXPECT_TRUE(e308.body.starts_with("PUT /next|") && e308.body.ends_with("|again")) << e308.body;
  const http_ending& none = w.get({"GET", "http://web.test/302?/next", {}, {}, THARSIS_HTTP_NO_REDIRECT});
  expect(none, THARSIS_OK, 302);
  EXPECT_EQ(w.servers.accepted, 1u) << "redirects within an origin use its connection";
}

TEST(HttpSim, RedirectLoopsEnd) {
  http_world w(10);
  w.serve(redirecting);
  w.start();
  expect(w.get({"GET", "http://web.test/302"}), THARSIS_E_PROTOCOL, 0, "redirected more than 10 times");
  expect(w.get({"GET", "http://web.test/302?ftp://x/"}), THARSIS_E_PROTOCOL, 0, "redirects with 302 to what is no use");
}

TEST(HttpSim, AnotherOriginGetsNoSecrets) {
  http_world w(11);
  w.serve(redirecting);
  w.serve(mirror, 81);
  w.start();
  const http1::field_list secrets = {{"Authorization", "Basic s"}, {"Cookie", "s=1"}, {"X-Kept", "yes"}};
  const http_ending& away = w.get({"GET", "http://web.test/302?http://web.test:81/x", secrets});
  EXPECT_EQ(away.body.find("Basic s"), std::string::npos) << away.body;
  EXPECT_EQ(away.body.find("s=1"), std::string::npos) << away.body;
  EXPECT_NE(away.body.find("X-Kept: yes"), std::string::npos) << away.body;
  const http_ending& here = w.get({"GET", "http://web.test/302?/x", secrets});
  EXPECT_NE(here.body.find("Basic s"), std::string::npos) << here.body;
}

TEST(HttpSim, NothingLeadsFromHttpsToHttpUnlessAllowed) {
  http_world w(12);
  w.serve_tls(redirecting);
  w.serve(mirror);
  w.start();
  const http_question asked{"GET", "https://web.test/302?http://web.test/plain"};
  expect(w.get(asked), THARSIS_E_DENIED, 0, "nothing is encrypted");
  http_question allowed = asked;
  allowed.flags = THARSIS_HTTP_DOWNGRADE;
  expect(w.get(allowed), THARSIS_OK, 200);
}

TEST(HttpSim, AServerMustProveItsName) {
  http_world w(13);
  w.serve_tls(mirror);
  w.start();
  expect(w.get({"GET", "https://web.test/"}), THARSIS_OK, 200);
  expect(w.get({"GET", "https://other.test/"}), THARSIS_E_UNTRUSTED, 0, "other.test");
}

TEST(HttpSim, PlainHttpStaysOnThisMachineUnlessAllowed) {
  http_world w(14);
  w.settings.plain_allowed = false;
  w.serve(mirror);
  w.start();
  expect(w.get({}), THARSIS_E_DENIED, 0, "stn.http.plain");
}

TEST(HttpSim, CompressedBodiesAreUnpacked) {
  const std::string text(300'000, 'x');
  const auto with = [](std::string coding, std::string body) {
    return [=](http1_exchange& x) { return answer_with(coding, body, x); };
  };
  http_world w(15);
  w.serve(with("gzip", compressed(text, as_gzip)), 80);
  w.serve(with("deflate", compressed(text, as_zlib)), 81);
  w.serve(with("deflate", compressed(text, as_raw)), 82);
  w.serve(with("gzip", compressed(text, as_gzip) + compressed("more", as_gzip)), 83);
  w.serve(with("br", "as it is"), 84);
  w.serve(with("gzip", compressed(text, as_gzip).substr(0, 100)), 85);
  w.serve(with("gzip", "this is no gzip"), 86);
  w.serve(with("gzip", ""), 87);
  w.start();
  const auto at = [&](int port) -> http_ending& { return w.get({"GET", "http://web.test:" + std::to_string(port) + "/"}); };
  EXPECT_EQ(at(80).body, text);
  EXPECT_EQ(at(81).body, text);
  EXPECT_EQ(at(82).body, text);
  const http_ending& two = at(83);
  EXPECT_EQ(two.body, text + "more");
  EXPECT_EQ(http1::find(two.fields, "Content-Encoding"), nullptr);
  EXPECT_EQ(http1::find(two.fields, "Content-Length"), nullptr);
  EXPECT_EQ(two.length, -1);
  EXPECT_EQ(at(84).body, "as it is");
  expect(at(85), THARSIS_E_PROTOCOL, 200, "ended within its gzip");
  expect(at(86), THARSIS_E_PROTOCOL, 200, "no usable gzip");
  expect(at(87), THARSIS_OK, 200);
  http_question raw{"GET", "http://web.test:80/", {}, {}, THARSIS_HTTP_RAW};
  EXPECT_EQ(w.get(raw).body, compressed(text, as_gzip));
}

TEST(HttpSim, ABombIsDefused) {
  const std::string bomb = compressed(std::string(20 << 20, 'b'), as_gzip);  // 20 KB.
  http_world w(16);
  w.settings.answer_max = 1 << 20;
  w.settings.inflated_max = 2 << 20;
  w.serve([bomb](http1_exchange& x) { return answer_with("gzip", bomb, x); });
  w.start();
  expect(w.get({}), THARSIS_E_PROTOCOL, 200, "becomes more than the 1048576 bytes");
  http_question streamed;
  streamed.streams_answer = true;
  const http_ending& e = w.get(streamed);
  expect(e, THARSIS_E_PROTOCOL, 200, "becomes more than the 2097152 bytes");
  EXPECT_LE(e.body.size(), size_t{2} << 20);
}

TEST(HttpSim, WhatClaimsAGigabyteIsRefusedAtOnce) {
  http_world w(17);
  w.say("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\nx", false);
  w.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40000000\r\nx", false, {}, 81);
  w.start();
  const http_ending& e = w.get({});
  expect(e, THARSIS_E_PROTOCOL, 0, "more than the 16777216 bytes");
  EXPECT_LT(e.at - e.since, 5s);
  expect(w.get({"GET", "http://web.test:81/", {}, {}, 0, 0, 0, 2000}), THARSIS_E_TIMEOUT, 200, "nothing moved for 2000 ms");
}

TEST(HttpSim, ASlowServerIsGivenUpByTheRightTimeout) {
  http_world w(18);
  w.say("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'x'), false, 1s);
  w.say("", false, {}, 81);
  w.start();
  const http_ending& loris = w.get({"GET", "http://web.test/", {}, {}, 0, 0, 0, 60'000, 90'000});
  expect(loris, THARSIS_E_TIMEOUT, 200, "deadline");
  EXPECT_EQ(loris.at - loris.since < 91s && loris.at - loris.since >= 90s, true);
  const http_ending& silent = w.get({"GET", "http://web.test:81/", {}, {}, 0, 0, 0, 3000});
  expect(silent, THARSIS_E_TIMEOUT, 0, "nothing moved for 3000 ms");
}

TEST(HttpSim, NobodyThereIsNamed) {
  http_world w(19);
  w.start();
  expect(w.get({}), THARSIS_E_REFUSED, 0, "cannot reach web.test:80");
  expect(w.get({"GET", "http://nowhere.test/"}), THARSIS_E_NOT_FOUND, 0, "nowhere.test");
  w.world.between(w.client_machine, w.server_machine).black_hole = true;
  const http_ending& e = w.get({"GET", "http://web.test/", {}, {}, 0, 0, 1500});
  expect(e, THARSIS_E_TIMEOUT, 0);
  EXPECT_LT(e.at - e.since, 2s);
}

TEST(HttpSim, ABodyGoesInPiecesWithAndWithoutALength) {
  http_world w(20);
  w.serve(mirror);
  w.start();
  http_question q{"POST", "http://web.test/up", {}, std::string(300'000, 'u')};
  q.streams_body = true;
  const http_ending& chunked = w.get(q);
  expect(chunked, THARSIS_OK, 200);
  EXPECT_NE(chunked.body.find("Transfer-Encoding: chunked"), std::string::npos);
  EXPECT_TRUE(chunked.body.ends_with("|" + q.body));
  q.body_size = 300'000;
  q.piece = 70'000;
  const http_ending& sized = w.get(q);
  EXPECT_NE(sized.body.find("Content-Length: 300000"), std::string::npos);
  EXPECT_TRUE(sized.body.ends_with("|" + q.body));
  q.body.clear();
  q.body_size = 0;
  expect(w.get(q), THARSIS_OK, 200);
  q.body_size = 10;
  expect(w.get(q), THARSIS_E_INVALID, 0, "missing");
}

TEST(HttpSim, PiecesStopWhileTheCallerHoldsThem) {
  http_world w(21);
  w.serve(large);
  w.start();
  http_question q;
  q.streams_answer = true;
  q.hold_after = 3;
  const size_t i = w.ask(q);
  w.world.run_for(20s);
  EXPECT_EQ(w.of(i).ends, 0);
  EXPECT_GT(w.of(i).body.size(), 0u);
  EXPECT_LE(w.of(i).body.size(), size_t{3 * 16} * 1024 + 256 * 1024) << "what was on its way, no more";
  w.resume(i);
  ASSERT_TRUE(w.wait({i}));
  expect(w.of(i), THARSIS_OK, 200);
  EXPECT_EQ(w.of(i).body, std::string(2'000'000, 'z'));
  q.total_ms = 5000;
  expect(w.get(q), THARSIS_E_TIMEOUT, 200, "not taken before the deadline");
}

// Another thread may have room again before on_piece has said that there is none.
TEST(HttpSim, AResumeThatOvertakesItsPieceIsNotLost) {
  http_world w(23);
  w.serve(large);
  w.start();
  http_question q;
  q.streams_answer = true;
  q.hold_after = 3;
  q.on_hold = [&w](tharsis_handle id) { w.table().resume(w.table().self, id); };
  expect(w.get(q), THARSIS_OK, 200);
}

// Its body is of no use to anybody.
TEST(HttpSim, ARedirectWhoseBodyNeverComesLeadsOnNevertheless) {
  http_world w(24);
  w.serve(mirror, 8080);
  w.say("HTTP/1.1 302 Found\r\nLocation: http://web.test:8080/\r\nContent-Length: 10\r\n\r\n", false);
  w.start();
  const http_ending& e = w.get(http_question{});
  expect(e, THARSIS_OK, 200);
  EXPECT_LT(e.at - e.since, 5s);
}

TEST(HttpSim, AnAnswerBeforeTheBodyIsSentIsTaken) {
  http_world w(22);
  w.serve(refuse_early);
  w.start();
  expect(w.get({"POST", "http://web.test/", {}, std::string(5 << 20, 'b')}), THARSIS_OK, 413);
  http_question q{"POST", "http://web.test/", {}, std::string(5 << 20, 'b')};
  q.streams_body = true;
  const http_ending& e = w.get(q);
  expect(e, THARSIS_OK, 413);
  http_question polite{"POST", "http://web.test/", {{"Expect", "100-continue"}}, std::string(5 << 20, 'b')};
  expect(w.get(polite), THARSIS_OK, 413);
}

TEST(HttpSim, CookiesByChoice) {
  http_world w(23);
  w.serve(set_cookies);
  w.serve_tls(set_cookies);
  w.start();
  const auto cookie_of = [](const http_ending& e) {
    const size_t at = e.body.find("Cookie: ");
    return at == std::string::npos ? std::string() : e.body.substr(at + 8, e.body.find('|', at) - at - 8);
  };
  const tharsis_handle jar = w.jar(), other = w.jar();
  const auto with = [](std::string url, tharsis_handle j) {
    http_question q;
    q.url = std::move(url);
    q.jar = j;
    return q;
  };
  expect(w.get(with("https://web.test/set", jar)), THARSIS_OK, 200);
  EXPECT_EQ(cookie_of(w.get(with("https://web.test/", jar))), "a=1; b=2");
  EXPECT_EQ(cookie_of(w.get(with("http://web.test/", jar))), "a=1");
  EXPECT_EQ(cookie_of(w.get(with("http://other.test/", jar))), "");
  EXPECT_EQ(cookie_of(w.get(with("http://web.test/", other))), "");
  EXPECT_EQ(cookie_of(w.get(with("http://web.test/", 0))), "");
  w.user.on_strand([&] { w.table().jar_close(w.table().self, jar); });
  expect(w.get(with("http://web.test/", jar)), THARSIS_E_GONE, 0, "jar");
}

TEST(HttpSim, ACallCanBeCancelledAtAnyTime) {
  for (const duration after : {0ms, 5ms, 30ms, 45ms, 65ms, 100ms, 500ms}) {
    http_world w(24);
    w.serve(large);
    w.start();
    http_question q;
    q.streams_answer = true;
    const size_t i = w.ask(q);
    w.world.run_for(after);
    const bool over = w.of(i).ends == 1;
    w.cancel(i);
    ASSERT_TRUE(w.wait({i}));
    w.world.run_for(10s);
    EXPECT_EQ(w.of(i).ends, 1);
    if (!over) expect(w.of(i), THARSIS_E_CANCELLED, w.of(i).http_status);
    EXPECT_EQ(w.open_calls(), 0u);
  }
}

TEST(HttpSim, WhoStopsEndsEveryCall) {
  http_world w(25);
  w.say("", false);
  w.start();
  std::vector<size_t> all;
  for (int i = 0; i < 10; ++i) all.push_back(w.ask({}));
  w.world.run_for(1s);
  w.stop();
  ASSERT_TRUE(w.wait(all));
  for (const size_t i : all) expect(w.of(i), THARSIS_E_CANCELLED, 0, "stopping");
  w.ask({});
  EXPECT_EQ(w.refused, THARSIS_E_GONE);
}

TEST(HttpSim, WhatCannotBeAskedIsRefusedAtOnce) {
  http_world w(26);
  w.settings.calls_max = 1;
  w.say("", false);
  w.start();
  const auto refused = [&](http_question q) {
    w.ask(std::move(q));
    return w.complaint;
  };
  EXPECT_NE(refused({"GET", "ftp://x/"}).find("neither http nor https"), std::string::npos) << w.complaint;
  EXPECT_NE(refused({"GE T", "http://web.test/"}).find("no HTTP method"), std::string::npos) << w.complaint;
  EXPECT_NE(refused({"GET", "http://web.test/", {{"X", "a\r\nb"}}}).find("control character"), std::string::npos) << w.complaint;
  EXPECT_NE(refused({"GET", "http://web.test/", {{"content-length", "1"}}}).find("leave it out"), std::string::npos) << w.complaint;
  EXPECT_NE(refused({"GET", "http://web.test/", {}, {}, 128}).find("flags"), std::string::npos) << w.complaint;
  EXPECT_NE(refused({"CONNECT", "http://web.test/"}).find("tunnel"), std::string::npos) << w.complaint;
  w.ask({});
  EXPECT_EQ(w.refused, THARSIS_OK) << w.complaint;
  EXPECT_NE(refused({}).find("calls_max"), std::string::npos) << w.complaint;
  EXPECT_EQ(w.refused, THARSIS_E_BUSY);
}

TEST(HttpSim, SendWithoutBeingAskedEndsTheCall) {
  http_world w(27);
  w.say("", false);
  w.start();
  http_question q{"POST", "http://web.test/", {}, "x"};
  q.total_ms = 5000;
  const size_t i = w.ask(q);
  w.user.on_strand([&] { w.table().send(w.table().self, 1, bytes_of(as_bytes("x")), 1); });
  ASSERT_TRUE(w.wait({i}));
  expect(w.of(i), THARSIS_E_INVALID, 0, "on_room");
}
