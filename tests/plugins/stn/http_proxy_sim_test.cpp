// Goal: HTTP calls and short links go through the proxies that links go through: https:// by a tunnel, http:// handed
// to an HTTP proxy as a whole URL. One that fails costs a sentence, or, where that is wished, nothing but some time.
#include "tests/plugins/stn/scripted_proxy.h"
#include "tests/plugins/stn/short_world.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using namespace tharsis::test;
using manner = scripted_proxy::manner;

namespace {

task<void> tell_fields(http1_exchange& x) {
  const auto body = co_await x.read_all(1 << 20);
  if (!body) co_return;
  std::string text = x.request().method + " " + x.request().target;
  for (const http1::field& f : x.request().fields) text += "|" + f.name + ": " + f.value;
  co_await x.answer(200, text);
}

void direct_way(sim::world& w, sim::machine& a, sim::machine& b, bool open) { w.between(a, b).black_hole = !open; }

proxy named(bool socks, const std::string& login = {}) {
  return *parse_proxy(std::string(socks ? "socks5://" : "http://") + (login.empty() ? "" : login + "@") + "10.0.9.1:1080");
}

// Nobody but the proxy reaches the server.
struct proxied_http : http_world {
  proxied_http(uint64_t seed, bool socks, const std::string& login = {}) : http_world(seed), through(world, "10.0.9.1", socks) {
    through.wanted = login;
    settings.proxy.from = stn::proxy_settings::source::named;
    settings.proxy.named = named(socks, login);
    serve(tell_fields);
    serve_tls(tell_fields);
    direct_way(world, client_machine, server_machine, false);
  }
  ~proxied_http() {
    if (service) stop();
    client.on_strand([&] { service.reset(); });
  }
  http_ending& ask_for(const char* what, uint32_t total_ms = 0) {
    http_question q;
    q.url = what;
    q.total_ms = total_ms;
    return get(q);
  }
  scripted_proxy through;
};

struct proxied_short : short_world {
  proxied_short(uint64_t seed, bool socks, bool secure) : short_world(seed), through(world, "10.0.9.1", socks) {
    link.http.proxy.from = stn::proxy_settings::source::named;
    link.http.proxy.named = named(socks);
    if (secure) link.endpoints = {*parse_url("https://web.test/")};
    serve(tell_fields);
    serve_tls(tell_fields);
    direct_way(world, client_machine, server_machine, false);
  }
  scripted_proxy through;
};

void expect_end(const http_ending& e, tharsis_status status, std::string_view part = {}) {
  EXPECT_EQ(e.ends, 1);
  EXPECT_EQ(status_name(e.status), status_name(status)) << e.reason;
  EXPECT_NE(e.reason.find(part), std::string::npos) << e.reason;
  EXPECT_EQ(e.reason.find("secret"), std::string::npos) << e.reason;
}

}  // namespace

TEST(HttpProxySim, ThroughEachKindWithAndWithoutALogin) {
  uint64_t seed = 0;
  for (const bool socks : {false, true})
    for (const std::string login : {"", "ann:secret"}) {
      SCOPED_TRACE((socks ? "socks " : "http ") + login);
      proxied_http w(++seed, socks, login);
      w.start();
      expect_end(w.ask_for("http://web.test/a?b"), THARSIS_OK);
      expect_end(w.ask_for("https://web.test/"), THARSIS_OK);
      EXPECT_EQ(w.through.targets, (std::vector<std::string>{"web.test:80", "web.test:443"})) << "the proxy resolves the name";
    }
}

TEST(HttpProxySim, TheServerReadsAnOrdinaryRequestWithoutTheProxysLogin) {
  proxied_http w(10, false, "ann:secret");
  w.start();
  const http_ending& e = w.ask_for("http://web.test/a?b");
  expect_end(e, THARSIS_OK);
  EXPECT_TRUE(e.body.starts_with("GET /a?b|Host: web.test")) << e.body;
  EXPECT_EQ(e.body.find("Proxy-Authorization"), std::string::npos) << e.body;
  // And through the tunnel neither.
  const http_ending& secure = w.ask_for("https://web.test/a?b");
  EXPECT_EQ(secure.body.find("Proxy-Authorization"), std::string::npos) << secure.body;
}

// Proxies too choose HTTP/2 where it is offered to them, and what they are asked is HTTP/1.1.
TEST(HttpProxySim, AnHttpsProxyIsSpokenToInHttp11WhateverIsSpokenBehindIt) {
  for (const bool older : {true, false}) {
    proxied_http w(20 + older, false, "ann:secret");
    w.settings.proxy.named = *parse_proxy("https://ann:secret@10.0.9.1:1080");
    w.settings.versions = {older, true};
    w.through.tls = w.trusted_server({"10.0.9.1"}, true);
    w.start();
    if (older) {
      expect_end(w.ask_for("https://web.test/"), THARSIS_OK);
      expect_end(w.ask_for("http://web.test/"), THARSIS_OK);
      EXPECT_EQ(w.through.spoken, (std::vector<std::string>{"http/1.1", "http/1.1"}));
    } else {
      expect_end(w.ask_for("https://web.test/"), THARSIS_E_PROTOCOL, "web.test:443 does not speak HTTP/2");
      EXPECT_EQ(w.through.spoken, (std::vector<std::string>{"http/1.1"}));
    }
  }
}

TEST(HttpProxySim, EveryLieHasItsSentenceWithoutSecrets) {
  const std::tuple<bool, const char*, manner, const char*, const char*> lies[] = {
      {false, "https://web.test/", manner::mute, "ann:secret", "through the proxy http://10.0.9.1:1080 in time"},
      {true, "http://web.test/", manner::mute, "ann:secret", "through the proxy socks5://10.0.9.1:1080 in time"},
      {false, "https://web.test/", manner::garbage, "ann:secret", "does not speak HTTP"},
      {false, "http://web.test/", manner::garbage, "ann:secret", "not usable HTTP/1.1"},
      {true, "https://web.test/", manner::garbage, "ann:secret", "does not speak SOCKS5"},
      {false, "https://web.test/", manner::endless, "ann:secret", "does not speak HTTP"},
      {false, "http://web.test/", manner::endless, "ann:secret", "not usable HTTP/1.1"},
      {false, "https://web.test/", manner::hang_up, "ann:secret", "the proxy http://10.0.9.1:1080: "},
      {true, "http://web.test/", manner::hang_up, "ann:secret", "the proxy socks5://10.0.9.1:1080: "},
      {false, "https://web.test/", manner::denies, "ann:secret", "makes no tunnel to web.test:443 (403)"},
      {false, "https://web.test/", manner::honest, "ann:wrong", "does not accept this name and password"},
      {false, "http://web.test/", manner::honest, "ann:wrong", "does not accept this name and password"},
      {true, "http://web.test/", manner::honest, "ann:wrong", "does not accept this name and password"}};
  uint64_t seed = 30;
  for (const auto& [socks, what, how, login, words] : lies) {
    SCOPED_TRACE(std::string(what) + " " + words);
    proxied_http w(++seed, socks, login);
    w.through.how = how;
    w.through.wanted = "ann:secret";
    w.start();
    const http_ending& e = w.ask_for(what, 20'000);
    EXPECT_NE(e.status, THARSIS_OK);
    expect_end(e, e.status, words);
    EXPECT_EQ(w.servers.accepted, 0u);
  }
}

// Mars resolves a proxy's name without a time limit and goes round for ever when it has no address.
TEST(HttpProxySim, Defect4AProxyWhoseNameCannotBeResolvedEndsTheCall) {
  for (const char* what : {"http://web.test/", "https://web.test/"}) {
    proxied_http w(50, false);
    w.settings.proxy.named = *parse_proxy("http://proxy.nowhere.test:3128");
    w.start();
    const http_ending& e = w.ask_for(what);
    expect_end(e, THARSIS_E_NOT_FOUND, "the proxy http://proxy.nowhere.test:3128: ");
    EXPECT_LT(e.at - e.since, 10s);
  }
  proxied_short task(51, false, false);
  task.link.http.proxy.named = *parse_proxy("http://proxy.nowhere.test:3128");
  task.open();
  const task_end& end = task.over({});
  EXPECT_EQ(status_name(end.status), status_name(THARSIS_E_NOT_FOUND)) << end.reason;
  EXPECT_LT(end.took, 10s);
  // Where there is a way without it, it costs nothing.
  proxied_short around(52, false, false);
  around.link.http.proxy = task.link.http.proxy;
  around.link.http.proxy.direct = true;
  direct_way(around.world, around.client_machine, around.server_machine, true);
  around.open();
  EXPECT_EQ(status_name(around.over({}).status), status_name(THARSIS_OK)) << around.ends.back().reason;
}

TEST(HttpProxySim, WhereItIsWishedCallsGoWithoutAProxyThatFails) {
  for (const manner how : {manner::mute, manner::garbage, manner::hang_up, manner::denies}) {
    proxied_http w(60, false);
    direct_way(w.world, w.client_machine, w.server_machine, true);
    w.through.how = how;
    w.settings.proxy.direct = true;
    w.settings.pool.idle = {};
    w.start();
    expect_end(w.ask_for("https://web.test/"), THARSIS_OK);
    // The next call knows already.
    const http_ending& second = w.ask_for("https://web.test/");
    expect_end(second, THARSIS_OK);
    EXPECT_LT(second.at - second.since, 2s);
    // And after the pause the proxy has its chance.
    w.through.how = manner::honest;
    w.world.run_for(w.settings.proxy.pause);
    expect_end(w.ask_for("https://web.test/"), THARSIS_OK);
    EXPECT_EQ(w.through.targets.size(), 1u);
  }
}

TEST(HttpProxySim, WithoutThatWishNothingGoesAroundIt) {
  proxied_http w(70, true);
  direct_way(w.world, w.client_machine, w.server_machine, true);
  w.through.how = manner::hang_up;
  w.start();
  EXPECT_NE(w.ask_for("https://web.test/").status, THARSIS_OK);
  EXPECT_EQ(w.servers.accepted, 0u);
}

TEST(HttpProxySim, WhatTheHostReportsIsUsedAndThisMachineIsReachedWithoutIt) {
  proxied_http w(80, false);
  w.settings.proxy.from = stn::proxy_settings::source::system;
  w.host.network.proxy = "http://10.0.9.1:1080";
  w.start();
  expect_end(w.ask_for("http://web.test/"), THARSIS_OK);
  EXPECT_EQ(w.through.targets.size(), 1u);
  EXPECT_NE(w.ask_for("http://localhost/").status, THARSIS_OK) << "nobody listens there";
  EXPECT_EQ(w.through.targets.size(), 1u);
  w.client.on_strand([&] {
    w.host.network.proxy = "gopher://what";
    w.host.network.move("sim1");
  });
  expect_end(w.ask_for("http://web.test/"), THARSIS_E_INVALID, "the system's proxy is not usable");
}

TEST(HttpProxySim, UnencryptedNothingGoesThroughAProxyUnlessThatIsAllowed) {
  proxied_http w(90, false);
  w.settings.plain_allowed = false;
  w.start();
  expect_end(w.ask_for("http://web.test/"), THARSIS_E_DENIED, "unencrypted through the proxy http://10.0.9.1:1080; use https://, or set stn.http.plain: allowed");
  expect_end(w.ask_for("https://web.test/"), THARSIS_OK);
}

TEST(HttpProxySim, AShortLinksTasksGoThroughItToo) {
  for (const bool socks : {false, true})
    for (const bool secure : {false, true}) {
      SCOPED_TRACE(std::string(socks ? "socks" : "http") + (secure ? " https" : " http"));
      proxied_short w(100, socks, secure);
      w.open();
      for (int i = 0; i < 3; ++i) {
        task_wish wish;
        wish.body = "body";
        const task_end& e = w.over(wish);
        EXPECT_EQ(status_name(e.status), status_name(THARSIS_OK)) << e.reason;
        EXPECT_TRUE(e.body.starts_with("POST /cgi|")) << e.body;
        EXPECT_NE(e.body.find("|Host: web.test"), std::string::npos) << e.body;
      }
      EXPECT_EQ(w.through.targets.size(), 1u) << "one connection serves all";
    }
}

TEST(HttpProxySim, OverSeedsEachTaskHasOneEndOnAPathThatCuts) {
  for_each_seed(seeds(20), [](uint64_t seed) {
    proxied_short w(seed, seed % 2 == 0, seed % 4 < 2);
    w.open();
    for (int i = 0; i < 10; ++i) {
      task_wish wish;
      wish.key = "key " + std::to_string(i);
      wish.within = 60s;
      w.send(wish);
      w.world.run_for(std::chrono::milliseconds(w.world.random() % 1500));
      if (w.world.random() % 3 == 0) w.world.reset_connections(w.client_machine, w.through.machine);
    }
    ASSERT_TRUE(w.all_over());
    for (const task_end& e : w.ends) EXPECT_EQ(e.answers, 1);
  });
}
