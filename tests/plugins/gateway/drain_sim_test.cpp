// Goal: a gateway that is stopped tells its clients, takes no new ones, answers what was asked, and ends when all have gone or
// its time is over; and while it runs it can send them elsewhere.
#include <gtest/gtest.h>

#include "plugins/gateway/core/client_pace.h"
#include "sdk/pure/dice.h"
#include "sdk/sim/world.h"
#include "tests/plugins/gateway/stage.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

gateway::settings draining(duration within = 10s) {
  gateway::settings s;
  s.listen = "tcp://10.0.0.1:1000";
  s.open = s.plain_allowed = true;
  s.drain.within = within;
  s.drain.to = {"tcp://10.0.0.9:1000"};
  return s;
}

struct scene {
  explicit scene(const gateway::settings& s)
      : world(3), server(world.add_machine("server", {"10.0.0.1"})), clients(world.add_machine("clients", {"10.0.0.2"})),
        gate(server.platform(), THARSIS_STRAND_SHARED, "/state/gateway", s) {
    EXPECT_TRUE(until([&] { return gate.host.ready; })) << gate.host.failure;
  }
  ~scene() {
    for (auto& p : peers)
      if (!p->ended) p->end();
    gate.stop();
    EXPECT_TRUE(until([&] { return gate.host.stopped; }));
    gate.end();
    EXPECT_TRUE(until([&] { return gate.ended && std::all_of(peers.begin(), peers.end(), [](auto& p) { return p->ended; }); }));
  }
  peer& dial() {
    tharsis_address to = *parse_ip("10.0.0.1");
    to.port = 1000;
    return *peers.emplace_back(std::make_unique<peer>(clients.platform(), THARSIS_STRAND_SHARED, to));
  }
  peer& greeted() {
    peer& p = dial();
    p.send(hello(std::string(32, 'a')));
    EXPECT_TRUE(until([&] { return p.count(mars::command_hello) == 1; }));
    return p;
  }
  bool until(const std::function<bool()>& done, duration limit = 1h) { return world.run_until(done, world.now() + limit); }

  sim::world world;
  sim::machine& server;
  sim::machine& clients;
  running_gateway gate;
  std::vector<std::unique_ptr<peer>> peers;
};

std::optional<mars::server_move> told(const peer& p) {
  for (const mars::frame& f : p.frames)
    if (!f.move.empty()) return *mars::decode<mars::server_move>(f.move);
  return std::nullopt;
}

}  // namespace

TEST(GatewayDrain, ClientsAreToldAndItEndsWhenTheyHaveGone) {
  scene s(draining());
  peer &a = s.greeted(), &b = s.greeted();
  const instant begun = s.world.now();
  s.gate.stop();
  ASSERT_TRUE(s.until([&] { return told(a) && told(b); }, 1s));
  EXPECT_EQ(told(a)->ends, 1);
  EXPECT_LE(told(a)->within_ms, 10'000);
  EXPECT_GE(told(a)->within_ms, 9'900);
  EXPECT_EQ(told(a)->endpoints, (std::vector<std::string>{"tcp://10.0.0.9:1000"}));
  peer& late = s.dial();
  ASSERT_TRUE(s.until([&] { return late.closed; }, 5s));
  EXPECT_FALSE(late.connected) << "a new client was taken";
  EXPECT_FALSE(s.gate.host.stopped);
  a.end();
  b.end();
  ASSERT_TRUE(s.until([&] { return s.gate.host.stopped; }, 5s));
  EXPECT_LT(s.world.now() - begun, 9s);
  EXPECT_TRUE(s.gate.host.logged("all clients have gone"));
}

TEST(GatewayDrain, WhatIsAskedMeanwhileIsAnswered) {
  gateway::settings numbers = draining();
  numbers.work = 2s;
  scene s(numbers);
  peer& a = s.greeted();
  a.send(message(7, "before", "k1"));
  s.world.run_for(100ms);
  s.gate.stop();
  s.world.run_for(100ms);
  a.send(message(8, "after", "k2"));
  ASSERT_TRUE(s.until([&] { return a.count(mars::command_send_message) == 2; }, 5s));
  EXPECT_FALSE(s.gate.host.stopped);
}

TEST(GatewayDrain, WhoDoesNotGoIsSeenOffWhenTheTimeIsOver) {
  scene s(draining(3s));
  peer& a = s.greeted();
  const instant begun = s.world.now();
  s.gate.stop();
  ASSERT_TRUE(s.until([&] { return s.gate.host.stopped && a.closed; }, 10s));
  EXPECT_EQ(a.why, "end");
  EXPECT_GE(s.world.now() - begun, 3s);
  EXPECT_LT(s.world.now() - begun, 4s);
  EXPECT_TRUE(s.gate.host.logged("1 clients have not gone in time"));
}

TEST(GatewayDrain, WithoutClientsOrWithoutTimeItEndsAtOnce) {
  scene nobody(draining());
  nobody.gate.stop();
  ASSERT_TRUE(nobody.until([&] { return nobody.gate.host.stopped; }, 1s));
  scene no_time(draining(0s));
  peer& a = no_time.greeted();
  no_time.gate.stop();
  ASSERT_TRUE(no_time.until([&] { return no_time.gate.host.stopped && a.closed; }, 1s));
  EXPECT_FALSE(told(a));
}

TEST(GatewayDrain, WhoHasSaidNothingIsToldWithHisFirstAnswer) {
  scene s(draining());
  peer& quiet = s.dial();
  ASSERT_TRUE(s.until([&] { return quiet.connected; }));
  s.world.run_for(100ms);
  s.gate.stop();
  s.world.run_for(1s);
  EXPECT_TRUE(quiet.frames.empty());
  quiet.send(mars::frame{mars::command_noop, mars::sequence_noop, {}, {}, {}});
  ASSERT_TRUE(s.until([&] { return quiet.frames.size() == 2; }, 1s));
  EXPECT_TRUE(quiet.frames[0].move.empty());
  EXPECT_LE(told(quiet)->within_ms, 9'000);
}

TEST(GatewayMove, WhoComesIsToldWhereOthersAre) {
  gateway::settings numbers = draining(0s);
  numbers.move.to = {"tcp://10.0.0.8:1000"};
  scene s(numbers);
  peer& a = s.greeted();
  ASSERT_TRUE(s.until([&] { return told(a).has_value(); }, 1s));
  EXPECT_EQ(told(a)->ends, 0);
  EXPECT_EQ(told(a)->within_ms, 60'000);
  EXPECT_EQ(told(a)->valid_ms, 3'600'000);
  a.send(message(7, "x", "k"));
  ASSERT_TRUE(s.until([&] { return a.count(mars::command_send_message) == 1; }));
  EXPECT_EQ(std::count_if(a.frames.begin(), a.frames.end(), [](const mars::frame& f) { return !f.move.empty(); }), 1);
}

TEST(GatewayBusy, AClientThatAsksTooOftenIsToldWhenToComeAgain) {
  gateway::settings numbers = draining(0s);
  numbers.limits.tasks_per_second = 5;
  scene s(numbers);
  peer& a = s.greeted();
  for (uint32_t i = 1; i <= 8; ++i) a.send(message(i, "x"));
  ASSERT_TRUE(s.until([&] { return a.count(mars::command_send_message) == 8; }));
  int refused = 0;
  for (const mars::frame& f : a.frames)
    if (!f.refusal.empty()) {
      ++refused;
      EXPECT_EQ(f.retry_after_ms, 1000u);
    }
  EXPECT_EQ(refused, 3);
  s.world.run_for(1s);
  a.send(message(9, "x"));
  ASSERT_TRUE(s.until([&] { return a.count(mars::command_send_message) == 9; }));
  EXPECT_TRUE(a.frames.back().refusal.empty());
}

TEST(GatewayBusy, TooManyOpenMessagesAreRefusedForNow) {
  gateway::settings numbers = draining(0s);
  numbers.limits.open_tasks = 2;
  numbers.work = 3s;
  scene s(numbers);
  peer& a = s.greeted();
  for (uint32_t i = 1; i <= 3; ++i) a.send(message(i, "x"));
  ASSERT_TRUE(s.until([&] { return a.count(mars::command_send_message) == 1; }, 1s));
  EXPECT_EQ(a.frames.back().retry_after_ms, 3000u);
  ASSERT_TRUE(s.until([&] { return a.count(mars::command_send_message) == 3; }));
}

// Goal: over any time no client gets more than its pace and one second's worth, and whoever waits as told is taken.
TEST(GatewayPace, NoOrderOfRequestsGetsMoreThanThePace) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    dice chance(seed);
    const auto rate = static_cast<int64_t>(1 + chance.below(20));
    gateway::client_pace pace(rate, 4);
    const instant start(1h);
    instant now = start;
    int64_t taken = 0;
    for (int i = 0; i < 500; ++i) {
      now += chance.up_to(200ms);
      const duration wait = pace.on_request("a", now);
      if (wait == duration::zero()) {
        ++taken;
      } else if (chance.chance(0.2)) {
        now += wait;
        ASSERT_EQ(pace.on_request("a", now), duration::zero());
        ++taken;
      }
      ASSERT_LE(static_cast<double>(taken), static_cast<double>(rate) * (1 + std::chrono::duration<double>(now - start).count()) + 0.001);
    }
    for (int i = 0; i < 20; ++i) (void)pace.on_request(std::to_string(i), now);
    EXPECT_EQ(pace.clients(), 4u);
  }
}
