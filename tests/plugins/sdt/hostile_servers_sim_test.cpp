// Servers that mean harm, or are out of their mind: a session ends in time, costs little, and says of them what is true.
#include "sdk/async/task_set.h"
#include "sdk/async/tcp_listener.h"
#include "tests/plugins/sdt/session_scene.h"

using namespace tharsis;
using namespace tharsis::sdt;
using namespace tharsis::sdt::test;

namespace {

// What a server does with each connection.
struct conduct {
  std::string first;             // Sent at once,
  std::string more;              // and then this, again and again;
  duration every = 0ms;          // after this time each; 0: as fast as it is taken.
  uint64_t times = 0;
  std::string_view as{};  // What a session about its page says of it.
};

task<void> behave(std::shared_ptr<tcp_stream> wire, conduct how, strand* place) {
  tharsis::signal never_raised(*place);
  const auto send = [&wire](const std::string& text) { wire->write(std::vector<uint8_t>(text.begin(), text.end())); };
  std::vector<uint8_t> asked(4096);
  for (size_t count = 0; wire->read(asked, count) == THARSIS_PENDING;) co_await wire->events().wait();
  send(how.first);
  for (uint64_t i = 0; i < how.times; ++i) {
    send(how.more);
    if (how.every > duration::zero()) co_await never_raised.wait(later(place->now(), how.every));
  }
  while (true) co_await never_raised.wait(later(place->now(), 10s));
}

// Hosts that behave so on some ports until the scene ends.
struct hostile_host {
  explicit hostile_host(tharsis::test::host_on_strand& on) : at(on) {}
  void serve(const std::string& ip, uint16_t port, const conduct& how) {
    at.send([this, ip, port, how] {
      if (!serving) serving.emplace(*at.place);
      auto on = *parse_ip(ip);
      on.port = port;
      listeners.push_back(std::make_unique<tcp_listener>(*at.place, *at.own->net));
      EXPECT_EQ(listeners.back()->listen(on, nullptr), THARSIS_OK);
      serving->spawn(take(this, listeners.back().get(), how));
    });
  }
  static task<void> take(hostile_host* h, tcp_listener* from, conduct how) {
    for (;;) {
      if (auto wire = from->accept()) h->serving->spawn(behave(std::shared_ptr<tcp_stream>(std::move(wire)), how, &*h->at.place));
      else co_await from->events().wait();
    }
  }
  void close() {
    at.send([this] { serving.reset(), listeners.clear(); });
  }

  tharsis::test::host_on_strand& at;
  std::vector<std::unique_ptr<tcp_listener>> listeners;
  std::optional<task_set> serving;
};

// Trusts anybody, so that TLS is spoken.
const trust& anybody() {
  static const trust all = [] {
    tls_client_settings who;
    who.system_store = true;
    trust t;
    if (const auto context = tls_context::client(who)) t.bare = t.http1 = t.web = *context;
    return t;
  }();
  return all;
}

report look_at(scene_of_session& s, const wish& w, instant& ended) {
  diagnosed d;
  s.box.send([&] {
    d.work = std::make_unique<session>(s.box.tables(), *s.box.place, *s.names, anybody(), w);
    d.running.emplace(scene_of_session::wait_for(&d, &*s.box.place)).start(*s.box.place);
  });
  s.world.run_for(6s);
  EXPECT_TRUE(d.made);
  ended = d.ended;
  report made = d.made ? std::move(*d.made) : report{};
  s.give_up(d);
  s.world.run_for(1ms);
  return made;
}

}  // namespace

TEST(SdtHostile, WhateverAServerSaysASessionEndsInTimeAndCostsLittle) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const conduct all[] = {
      {ok + "Content-Length: 99999999999\r\n\r\n", std::string(64 * 1024, 'x'), 0ms, 40, "healthy"},  // A body without end,
      {ok, "X-More: " + std::string(4000, 'y') + "\r\n", 0ms, 400, "wrong_reply"},  // headers without end,
      {ok + "Transfer-Encoding: chunked\r\n\r\n", "1\r\nz\r\n", 100ms, 600, "healthy"},  // one byte at a time,
      {"HTTP/1.1 ", "2", 200ms, 300, "service_slow_accept"},  // a status line that never ends,
      {"HTTP/1.1 99999 \r\nContent-Length: -1\r\n\r\n", "", 0ms, 0, "wrong_reply"},  // numbers that are none,
      {std::string("\0\x16\x03\x01\xff\xff", 6) + std::string(70'000, '\xff'), "", 0ms, 0, "wrong_reply"},  // bytes that are nothing,
      {"", "", 0ms, 0, "service_slow_accept"}};  // and silence.
  for (const std::string target : {"http://im.test/", "tcps://im.test:443", "https://im.test/"})
    for (size_t i = 0; i < std::size(all); ++i) {
      SCOPED_TRACE(target + " number " + std::to_string(i));
      scene_of_session s(i + 1);
      hostile_host hostile(s.serving);
      for (const uint16_t port : {uint16_t{80}, uint16_t{443}}) hostile.serve("10.0.0.2", port, all[i]);
      s.world.run_for(1ms);
      instant ended{};
      const instant began = s.world.now();
      const report r = look_at(s, s.about(target, depth::medium), ended);
      EXPECT_LE(ended, began + 5050ms);
      EXPECT_LE(r.seen.about.received + r.seen.about.sent, 400'000u);
      if (target.starts_with("http:")) {
        EXPECT_EQ(name_of(r.headline().code), all[i].as) << r.headline().detail;
      } else {
        EXPECT_NE(r.headline().code, verdict_code::healthy) << r.headline().detail;
      }
      EXPECT_FALSE(r.headline().sentence.empty());
      hostile.close();
      s.world.run_for(10ms);
      EXPECT_EQ(s.left(), "");
    }
}

// Every page that is known comes as something else, and nothing beside port 80 answers: what still waits, waits for the login.
TEST(SdtHostile, BehindAPortalNobodyWaitsForTheDeadline) {
  in_many(20, [](scene_of_session& s) {
    hostile_host portal(s.serving);
    portal.serve("10.0.0.2", 80, {"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.2/login\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "", 0ms, 0});
    s.world.run_for(1ms);
    wish w = s.about("tcps://10.0.0.9:443");
    w.controls.clear();
    for (const char* page : {"http://canary.test/generate_204@10.0.0.2", "http://canary.test/@10.0.0.2"}) w.canaries.push_back(*parse_canary(page));
    instant ended{};
    const instant began = s.world.now();
    const report r = look_at(s, w, ended);
    EXPECT_EQ(name_of(r.headline().code), "captive_portal") << r.headline().detail;
    EXPECT_EQ(r.headline().act.text(), "open_portal(http://10.0.0.2/login)");
    EXPECT_LE(ended, began + 1500ms);
    portal.close();
    s.world.run_for(10ms);
  });
}

// Somebody forges pages and the rest of the world is silent, but the target takes connections: nobody need wait for a login.
TEST(SdtHostile, AForgedPageBesideATargetThatWorksIsNoPortal) {
  in_many(20, [](scene_of_session& s) {
    hostile_host forger(s.controlling);
    forger.serve("10.0.0.3", 80, {"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.3/login\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "", 0ms, 0});
    s.listen(s.serving, "10.0.0.2", 9000);
    wish w = s.about("tcp://im.test:9000");
    w.controls.front() = *parse_ip("10.0.0.9");
    w.controls.front().port = 443;
    for (const char* page : {"http://canary.test/generate_204@10.0.0.3", "http://canary.test/@10.0.0.3"}) w.canaries.push_back(*parse_canary(page));
    instant ended{};
    const report r = look_at(s, w, ended);
    for (const verdict& v : r.verdicts) EXPECT_NE(name_of(v.code), "captive_portal") << v.detail;
    forger.close();
    s.world.run_for(10ms);
  });
}
