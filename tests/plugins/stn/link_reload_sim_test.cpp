// Goal: the profile's links change while stn runs. What has not changed keeps its connection, what has changed follows,
// and no task is lost but those of a link that is named no more.
#include <random>

#include "plugins/stn/core/link_change.h"
#include "tests/plugins/stn/link_world.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using manner = test::scripted_server::manner;
using stn::link_change;
using test::link_world;

namespace {

struct reloaded : link_world {
  explicit reloaded(uint64_t seed) : link_world(seed, "tcp"), other(*elsewhere.place, *elsewhere.home->net) {
    serve();
    elsewhere.on_strand([&] {
      tharsis_address any = *parse_ip("10.0.0.2");
      any.port = 444;
      ASSERT_EQ(other.listen(any, std::nullopt), THARSIS_OK);
    });
  }
  ~reloaded() {
    if (dispatcher) stop();
    elsewhere.on_strand([&] { other.close(); });
    client.on_strand([&] { dispatcher.reset(); });
  }
  // As the plugin does it in commit().
  void reload(std::vector<stn::link_settings> now) {
    client.on_strand([&] {
      dispatcher->change(settings.links, now);
      settings.links = std::move(now);
    });
  }
  stn::link_settings named(const std::string& link_name) const {
    stn::link_settings s = settings.links.at(0);
    s.name = link_name;
    return s;
  }
  uint64_t connects(const std::string& link_name) {
    uint64_t count = 0;
    client.on_strand([&] {
      const stn::longlink* const l = dispatcher->links().named(link_name);
      count = l == nullptr ? 0 : l->totals().connects;
    });
    return count;
  }
  void begin() {
    start();
    ASSERT_TRUE(wait_up());
  }

  test::scripted_server other;
};

}  // namespace

TEST(LinkChange, WhatAChangeMeansFollowsFromWhatChanges) {
  const stn::link_settings was;
  const auto means = [&](auto change) {
    stn::link_settings now = was;
    change(now);
    return stn::change_of(was, now);
  };
  EXPECT_EQ(means([](auto&) {}), link_change::none);
  EXPECT_EQ(means([](auto& s) { s.heartbeat.interval_min = 1s; }), link_change::numbers);
  EXPECT_EQ(means([](auto& s) { s.reconnect.pauses.used = 1s; }), link_change::numbers);
  EXPECT_EQ(means([](auto& s) { s.on_demand = true; }), link_change::numbers);
  EXPECT_EQ(means([](auto& s) { s.endpoints.push_back({"tcp", "a", 1}); }), link_change::way);
  EXPECT_EQ(means([](auto& s) { s.debug_addresses.push_back(*parse_place("127.0.0.1:1")); }), link_change::way);
  EXPECT_EQ(means([](auto& s) { s.proxy.from = stn::proxy_settings::source::none; }), link_change::way);
  EXPECT_EQ(means([](auto& s) { s.user = "bob"; }), link_change::speech);
  EXPECT_EQ(means([](auto& s) { s.tls.ca = "/other.pem"; }), link_change::speech);
  EXPECT_EQ(means([](auto& s) { s.codec = "length-prefixed"; }), link_change::speech);
  EXPECT_EQ(means([](auto& s) { s.auth.when = stn::auth_settings::use::required; }), link_change::speech);
}

TEST(LinkReload, AProfileThatSaysTheSameChangesNothing) {
  reloaded w(1);
  w.begin();
  const size_t states = w.host.states.size();
  w.reload(w.settings.links);
  w.world.run_for(10s);
  EXPECT_EQ(w.host.states.size(), states);
}

TEST(LinkReload, LinksComeAndGoAndTheOthersKeepTheirConnections) {
  reloaded w(2);
  w.begin();
  w.reload({w.link(), w.named("chat")});
  w.world.run_for(2s);
  EXPECT_EQ(w.connects("chat"), 1u);
  ASSERT_EQ(w.submit("over chat", "", 0, "chat"), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1));
  w.server.unanswered = 1;
  ASSERT_EQ(w.submit("left", "", 0, "chat"), THARSIS_OK);
  w.world.run_for(100ms);
  w.reload({w.link()});
  ASSERT_TRUE(w.wait_answers(2, 1s));
  EXPECT_EQ(w.outcomes["left"].why, uint32_t{THARSIS_STN_LINK_REMOVED});
  w.world.run_for(2s);
  EXPECT_EQ(w.host.states.back().link, "chat");
  EXPECT_EQ(w.host.states.back().why, uint32_t{THARSIS_STN_WHY_REMOVED});
  EXPECT_EQ(w.submit("too late", "", 0, "chat"), THARSIS_E_NOT_FOUND);
  EXPECT_EQ(w.connects("main"), 1u);
  w.reload({w.link(), w.named("chat")});
  w.world.run_for(2s);
  EXPECT_EQ(w.connects("chat"), 1u);
}

TEST(LinkReload, OtherEndpointsAreReachedFirstAndTheProfilesWordEndsTheHosts) {
  reloaded w(3);
  w.begin();
  stn::link_settings moved = w.link();
  moved.endpoints[0].port = 444;
  w.reload({moved});
  w.world.run_for(2s);
  EXPECT_EQ(w.other.hellos, 1);
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_REPLACED});
  EXPECT_EQ(w.host.states.back().gap, duration::zero());
  w.client.on_strand([&] { w.dispatcher->links().named("main")->set_endpoints({{"tcp", link_world::name, link_world::port}}); });
  w.world.run_for(2s);
  EXPECT_EQ(w.server.hellos, 2);
  moved.heartbeat.interval_min = 100s;  // The profile says nothing new of the endpoints.
  w.reload({moved});
  w.world.run_for(2s);
  EXPECT_EQ(w.other.hellos, 1);
  moved.endpoints.push_back({"tcp", link_world::name, 9});
  w.reload({moved});
  w.world.run_for(2s);
  EXPECT_EQ(w.other.hellos, 2);
  EXPECT_TRUE(w.up());
}

TEST(LinkReload, ANumberHoldsAtOnceAndTheConnectionStays) {
  reloaded w(4);
  w.begin();
  stn::link_settings quick = w.link();
  quick.heartbeat.interval_min = 5s;
  quick.heartbeat.interval_max = 5s;
  w.reload({quick});
  w.world.run_for(52s);
  EXPECT_GE(w.server.pings, 9);
  EXPECT_EQ(w.connects("main"), 1u);
}

TEST(LinkReload, APatienceHoldsAtOnceOnTheConnectionThatIsThere) {
  reloaded w(7);
  w.link().answer_timeout = 10min;
  w.link().heartbeat.interval_min = w.link().heartbeat.interval_max = 1h;
  w.begin();
  stn::link_settings quick = w.link();
  quick.answer_timeout = 2s;
  w.reload({quick});
  w.server.how = manner::mute_after_hello;
  ASSERT_EQ(w.submit("unheard", "", 60'000), THARSIS_OK);
  ASSERT_TRUE(w.wait_down(5s));
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_SILENCE}) << w.reason();
}

TEST(LinkReload, AnotherUserSpeaksOnAnotherConnectionAndTasksWaitForIt) {
  reloaded w(5);
  w.begin();
  w.server.unanswered = 1;
  ASSERT_EQ(w.submit("under way", "key"), THARSIS_OK);
  w.world.run_for(100ms);
  stn::link_settings bob = w.link();
  bob.user = "bob";
  w.reload({bob});
  ASSERT_TRUE(w.wait_answers(1, 5s));
  EXPECT_EQ(w.outcomes["under way"].status, THARSIS_OK);
  EXPECT_EQ(w.server.hellos, 2);
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_RECONNECT});
}

TEST(LinkReload, AnotherCodecIsSpokenOnTheNextConnection) {
  reloaded w(6);
  w.link().user.clear();
  w.begin();
  stn::link_settings odd = w.link();
  odd.codec = "odd";
  w.reload({odd});
  w.world.run_for(5s);
  EXPECT_FALSE(w.up());
  EXPECT_EQ(w.down().why, uint32_t{THARSIS_STN_WHY_CODEC}) << "nobody brings it: " << w.reason();
  stn::link_settings mars = odd;
  mars.codec = "mars";
  w.reload({mars});
  EXPECT_TRUE(w.wait_up(5s));
}

namespace {

stn::link_settings drawn(std::mt19937_64& random, stn::link_settings s) {
  switch (random() % 6) {
    case 0: s.user = random() % 2 == 0 ? "bob" : "ann"; break;
    case 1: s.endpoints = {{"tcp", link_world::name, static_cast<uint16_t>(443 + random() % 3)}, {"tcp", link_world::name, static_cast<uint16_t>(443 + random() % 2)}}; break;
    case 2: s.heartbeat.interval_min = std::chrono::seconds(1 + random() % 100); break;
    case 3: s.on_demand = random() % 2 == 0; break;
    case 4: s.client_version = 200 + static_cast<uint32_t>(random() % 2); break;
    default: break;
  }
  return s;
}

void reload_about(uint64_t seed) {
  std::mt19937_64 random(seed);
  reloaded w(seed);
  w.world.between(w.client_machine, w.server_machine).delay = std::chrono::milliseconds(random() % 50);
  w.start();
  const stn::link_settings plain = w.link();
  size_t started = 0;
  for (size_t i = 0; i < 24; ++i) {
    if (random() % 3 == 0) {
      std::vector<stn::link_settings> now;
      for (const char* link_name : {"main", "chat"}) {
        if (random() % 4 == 0) continue;
        stn::link_settings s = plain;
        for (const auto& l : w.settings.links)
          if (l.name == link_name) s = l;
        s = drawn(random, s);
        s.name = link_name;
        now.push_back(s);
      }
      w.reload(now);
    } else {
      const std::string title = "t" + std::to_string(i);
      started += w.submit(title, random() % 2 == 0 ? title : "", 0, random() % 2 == 0 ? "main" : "chat") == THARSIS_OK;
    }
    if (random() % 2 == 0) w.world.run_for(std::chrono::milliseconds(random() % 200));
  }
  ASSERT_TRUE(w.wait_answers(started)) << w.answers << " of " << started;
  for (const auto& [title, o] : w.outcomes) EXPECT_LE(o.answers, 1) << title;
  w.reload({plain});
  w.world.run_for(60s);
  ASSERT_EQ(w.submit("last", "last"), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(started + 1));
  EXPECT_EQ(w.outcomes["last"].status, THARSIS_OK) << w.outcomes["last"].reason;
  EXPECT_EQ(w.server.executions["last"], 1) << "where the profile says";
}

}  // namespace

TEST(LinkReload, EachTaskEndsOnceWhileTheProfileChanges) { test::for_each_seed(test::seeds(300), reload_about); }
