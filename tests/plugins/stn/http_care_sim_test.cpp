// Goal: HTTP calls spare servers as links do: who wants to be asked later is, who asks for a storm gets none, and an address whose
// server fails after the connect is left alone while there are others.
#include <ctime>

#include "sdk/abi/stn_server.h"
#include "tests/plugins/stn/http_world.h"
#include "tests/plugins/stn/short_world.h"

using namespace tharsis;
using test::http_ending;
using test::http_world;
using test::short_world;

namespace {

// A server that is busy for its first requests.
struct busy_server {
  int busy = 1;  // So often it says no more.
  int status = 503;
  std::string retry_after = "3";
  std::vector<instant> asked{};
};

task<void> serve_busy(busy_server* s, strand* place, http1_exchange& x) {
  auto body = co_await x.read_all(1 << 20);
  if (!body) co_return;
  s->asked.push_back(place->now());
  if (s->busy == 0) {
    co_await x.answer(200, "well");
    co_return;
  }
  --s->busy;
  http1::response_head head;
  head.status = s->status;
  if (!s->retry_after.empty()) head.fields = {{"Retry-After", s->retry_after}};
  co_await x.answer(std::move(head), "busy");
}

task<void> say_well(http1_exchange& x) { co_await x.answer(200, "well"); }

void serve(http_world& w, busy_server& s) {
  w.serve([&s, place = &*w.elsewhere.place](http1_exchange& x) { return serve_busy(&s, place, x); });
}

std::string date(int64_t seconds) {
  const std::time_t t = seconds;
  std::tm parts{};
  gmtime_r(&t, &parts);
  char text[64];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

size_t count(const http_world& w, uint32_t what) {
  return static_cast<size_t>(std::count_if(w.words.begin(), w.words.end(), [&](const stn::server_word& s) { return s.what == what; }));
}

}  // namespace

TEST(StnHttpCare, AServerIsAskedAgainWhenItSaidAndTheCallSucceeds) {
  http_world w(1);
  busy_server s;
  serve(w, s);
  w.start();
  const http_ending& e = w.get({});
  EXPECT_EQ(e.status, THARSIS_OK) << e.reason;
  EXPECT_EQ(e.http_status, 200u);
  EXPECT_EQ(e.heads, 1);
  ASSERT_EQ(s.asked.size(), 2u);
  EXPECT_GE(s.asked[1] - s.asked[0], 3s);
  EXPECT_LE(s.asked[1] - s.asked[0], 3800ms);
  ASSERT_EQ(w.words.size(), 1u);
  EXPECT_EQ(w.words[0].what, uint32_t{THARSIS_STN_SERVER_BUSY});
  EXPECT_EQ(w.words[0].link, "http");
  EXPECT_EQ(w.words[0].address, "http://web.test");
}

TEST(StnHttpCare, ADateIsUnderstoodToo) {
  http_world w(2);
  busy_server s;
  s.retry_after = date(w.seconds() + 10);
  serve(w, s);
  w.start();
  const http_ending& e = w.get({});
  EXPECT_EQ(e.http_status, 200u) << e.reason;
  ASSERT_EQ(s.asked.size(), 2u);
  EXPECT_GE(s.asked[1] - s.asked[0], 8s);
  EXPECT_LE(s.asked[1] - s.asked[0], 12s);
}

TEST(StnHttpCare, WhatMayHaveBeenCarriedOutIsNotSentAgain) {
  http_world w(3);
  busy_server s;
  serve(w, s);
  w.start();
  const http_ending& e = w.get({.method = "POST", .body = "x"});
  EXPECT_EQ(e.http_status, 503u);
  EXPECT_EQ(e.body, "busy");
  EXPECT_EQ(s.asked.size(), 1u);
  w.world.run_for(10s);
  s.busy = 1;
  EXPECT_EQ(w.get({.method = "POST", .body = "x", .flags = THARSIS_HTTP_REPEATABLE}).http_status, 200u);
  s.busy = 1;
  s.status = 429;  // Nothing was done.
  EXPECT_EQ(w.get({.method = "POST", .body = "x"}).http_status, 200u);
}

TEST(StnHttpCare, WhoHasNoPatienceHasTheAnswerAtOnceAndAsksNobodyWhoWantsToBeLeftAlone) {
  http_world w(4);
  busy_server s;
  serve(w, s);
  w.start();
  const http_ending& first = w.get({.flags = THARSIS_HTTP_IMPATIENT});
  EXPECT_EQ(first.http_status, 503u);
  const http_ending& second = w.get({.flags = THARSIS_HTTP_IMPATIENT});
  EXPECT_EQ(second.status, THARSIS_E_BUSY);
  EXPECT_EQ(second.http_status, 0u);
  EXPECT_NE(second.reason.find("http://web.test has too much to do"), std::string::npos) << second.reason;
  EXPECT_LT(second.at - second.since, 100ms);
  EXPECT_EQ(s.asked.size(), 1u);
  const http_ending& third = w.get({.total_ms = 1000});
  EXPECT_EQ(third.status, THARSIS_E_BUSY) << "its time is over before";
  EXPECT_NE(third.reason.find("longer than the call may take"), std::string::npos) << third.reason;
  EXPECT_EQ(s.asked.size(), 1u);
}

TEST(StnHttpCare, AnAbsurdRetryAfterHoldsUpNoCallAndNobodyForLongerThanFiveMinutesAndAFifth) {
  const std::vector<std::string> absurd = {"-5", "315360000", "soon", "99999999999999999999999999999999", "1e9", "3, 4", "0x10", "3.5", "0", "Fri, 31 Dec 1999 23:59:59 GMT",
                                           "Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 99 Foo 2026 99:99:99 GMT", std::string(3000, '9')};
  for (size_t i = 0; i < absurd.size(); ++i) {
    http_world w(10 + i);
    busy_server s;
    s.retry_after = absurd[i];
    serve(w, s);
    w.start();
    const http_ending& e = w.get({.total_ms = 200'000});
    EXPECT_EQ(e.http_status, 503u) << absurd[i] << ": " << e.reason;
    EXPECT_LT(e.at - e.since, 1s) << absurd[i];
    const http_ending& next = w.get({.total_ms = 1'000'000});
    EXPECT_EQ(next.http_status, 200u) << absurd[i] << ": " << next.reason;
    EXPECT_LE(next.at - next.since, 361s) << absurd[i];
    EXPECT_EQ(s.asked.size(), 2u) << absurd[i];
  }
}

TEST(StnHttpCare, AServerThatAsksForAStormGetsNone) {
  for (const std::string& says : {std::string("1"), std::string("0"), std::string()}) {
    http_world w(30);
    busy_server s{.busy = 1'000'000, .status = 429, .retry_after = says};
    serve(w, s);
    w.settings.repeats = 100;
    w.start();
    std::vector<size_t> calls;
    for (int i = 0; i < 60; ++i) calls.push_back(w.ask({.total_ms = 100'000}));
    EXPECT_TRUE(w.wait(calls, 200s));
    for (const size_t c : calls) EXPECT_TRUE(w.of(c).http_status == 429 || w.of(c).status == THARSIS_E_BUSY) << w.of(c).reason;
    EXPECT_LE(s.asked.size(), 60u + 10u + 6u) << "'" << says << "': first ones, those that are there from the beginning, and a tenth";
    EXPECT_GE(count(w, THARSIS_STN_SERVER_NO_BUDGET), says == "1" ? 1u : 0u);
  }
}

TEST(StnHttpCare, WhoWaitsForAPlaceWhileTheServerSaysThatItIsBusyDoesNotAskItEither) {
  http_world w(40);
  busy_server s{.busy = 6, .retry_after = "20"};
  serve(w, s);
  w.settings.repeats = 0;
  w.start();
  std::vector<size_t> calls;
  for (int i = 0; i < 30; ++i) calls.push_back(w.ask({}));
  w.world.run_for(15s);
  EXPECT_LE(s.asked.size(), 6u);  // As many as have connections.
  EXPECT_TRUE(w.wait(calls, 100s));
  EXPECT_EQ(s.asked.size(), 30u);
}

TEST(StnHttpCare, SwitchedOffEachAnswerIsAnAnswer) {
  http_world w(50);
  busy_server s{.busy = 3};
  serve(w, s);
  w.rest.use = false;
  w.start();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(w.get({}).http_status, 503u);
  EXPECT_EQ(w.get({}).http_status, 200u);
  EXPECT_EQ(count(w, THARSIS_STN_SERVER_BUSY), 0u);
}

TEST(StnHttpCare, AnAddressWhoseServerFailsAfterTheConnectIsLeftOutWhileThereIsAnother) {
  http_world w(60);
  busy_server bad{.busy = 1'000'000, .retry_after = ""}, good{.busy = 0};
  w.world.add_name("two.test", {"10.0.0.2", "10.0.0.3"});
  serve(w, bad);
  w.elsewhere.on_strand([&] {
    w.servers.serve("10.0.0.3", 80, [&good, place = &*w.elsewhere.place](http1_exchange& x) { return serve_busy(&good, place, x); });
  });
  w.settings.dial.by = stn::dial_settings::rank::given;
  w.start();
  for (int i = 0; i < 10; ++i) (void)w.get({.url = "http://two.test/"});
  EXPECT_EQ(bad.asked.size(), 3u);
  EXPECT_EQ(good.asked.size(), 7u);
  ASSERT_EQ(count(w, THARSIS_STN_SERVER_LEFT_ALONE), 1u);
  EXPECT_EQ(w.words.back().address, "10.0.0.2:80");
  bad.busy = 0;
  w.world.run_for(60s);
  for (int i = 0; i < 10; ++i) (void)w.get({.url = "http://two.test/"});
  EXPECT_GT(bad.asked.size(), 3u) << "it is tried again by one connection";
}

TEST(StnHttpCare, TheOnlyAddressKeepsItsConnectionsHoweverItAnswers) {
  http_world w(70);
  busy_server bad{.busy = 1'000'000, .retry_after = ""};
  serve(w, bad);
  w.start();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(w.get({}).http_status, 503u);
  EXPECT_EQ(w.servers.accepted, 1u);
}

// As of links: that the name is the server's is told where its certificate has shown it, and how a dial went each time.
TEST(StnHttpCare, DnsHearsHowADialWentAndWhereACertificateHasProvedTheName) {
  struct heard {
    std::vector<tharsis_dns_feedback> all;
    std::string proved;
    static void feedback(void* self, const tharsis_dns_feedback* what) {
      heard& h = *static_cast<heard*>(self);
      h.all.push_back(*what);
      if (what->proved == THARSIS_DNS_PROVED) h.proved += std::string(view(what->name)) + " at " + to_text(what->address) + "; ";
    }
  };
  for (const bool trusted : {true, false}) {
    SCOPED_TRACE(trusted);
    heard h;
    tharsis_dns dns{};
    dns.size = sizeof dns;
    dns.self = &h;
    dns.feedback = heard::feedback;
    http_world w(90);
    w.host.dns = &dns;
    w.serve_tls(say_well, {trusted ? "10.0.0.2" : "somebody.else"});
    w.start();
    EXPECT_EQ(w.get({.url = "https://10.0.0.2/"}).status, trusted ? THARSIS_OK : THARSIS_E_UNTRUSTED);
    EXPECT_EQ(h.proved, trusted ? "10.0.0.2 at 10.0.0.2:443; " : "");
    ASSERT_FALSE(h.all.empty());
    EXPECT_EQ(h.all[0].status, THARSIS_OK);
    EXPECT_GT(h.all[0].connect, 0);
    const http_ending& refused = w.get({.url = "http://10.0.0.2:81/"});
    EXPECT_EQ(refused.status, THARSIS_E_REFUSED) << refused.reason;
    EXPECT_EQ(h.all.back().status, THARSIS_E_REFUSED);
    w.stop();
    w.client.on_strand([&] { w.service.reset(); });
  }
}

TEST(StnHttpCare, OfAShortLinksHostOneAddressIsLeftOutToo) {
  short_world w(80);
  busy_server bad{.busy = 1'000'000, .retry_after = ""}, good{.busy = 0};
  w.world.add_name("two.test", {"10.0.0.2", "10.0.0.3"});
  serve(w, bad);
  w.elsewhere.on_strand([&] {
    w.servers.serve("10.0.0.3", 80, [&good, place = &*w.elsewhere.place](http1_exchange& x) { return serve_busy(&good, place, x); });
  });
  w.link.endpoints = {*parse_url("http://two.test/")};
  w.link.http.dial.by = stn::dial_settings::rank::given;
  w.open();
  for (int i = 0; i < 8; ++i) {
    (void)w.send({});
    w.world.run_for(2s);
  }
  EXPECT_EQ(bad.asked.size(), 3u);
  EXPECT_EQ(good.asked.size(), 5u);
}
