// Goal: a server that sends its clients elsewhere, or is drained, while streams are in the middle: what can end where it is does,
// the rest goes on at the other server, and nothing is lost, cut in silence or told twice.
#include "sdk/pure/dice.h"
#include "tests/plugins/stn/stream_world.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using test::app_stream;
using test::content_of;
using test::stream_world;

namespace {

constexpr const char* there = "tcps://im.tharsis.test:444";

gateway::settings gate_that(const std::function<void(gateway::settings&)>& does) {
  gateway::settings s;
  s.streams.folder = "/files";
  does(s);
  return s;
}

// Its first gateway has another word for its clients than none.
struct moving_world : stream_world {
  moving_world(uint64_t seed, const std::function<void(gateway::settings&)>& does) : stream_world(seed) {
    path().bytes_per_second = 200'000;
    close_gate();
    open_gate(gate_that(does));
  }
  void upload(app_stream& a, const std::string& file, size_t size) {
    a.up = content_of(size);
    ASSERT_EQ(open(a, order(THARSIS_STN_STREAM_UP, file)), THARSIS_OK) << last_error;
  }
  bool on_other() const { return up() && host.states.back().address == "10.0.0.2:444"; }
  bool arrive(duration within = 20s) {
    return world.run_until([&] { return on_other(); }, world.now() + within);
  }
};

void sends_on(gateway::settings& s) { s.move = {{there}, 2s, 1h}; }

}  // namespace

TEST(StreamMoveSim, AStreamInTheMiddleEndsWhereItIsAndTheNextOneGoesElsewhere) {
  moving_world w(1, sends_on);
  w.open_other();
  w.start_all();
  app_stream first, second;
  w.upload(first, "first", 3'000'000);
  ASSERT_TRUE(w.arrive());
  ASSERT_TRUE(w.wait(first, 1min));
  EXPECT_EQ(first.status, THARSIS_OK) << first.reason;
  EXPECT_EQ(first.progress.opens, 1u) << "it was not opened again";
  EXPECT_TRUE(w.file("/files/first") == first.up);
  w.upload(second, "second", 1000);
  ASSERT_TRUE(w.wait(second, 1min));
  EXPECT_EQ(second.status, THARSIS_OK) << second.reason;
  EXPECT_TRUE(w.file("/other/second") == second.up);
}

TEST(StreamMoveSim, OneThatTakesTooLongGoesOnThere) {
  moving_world w(2, sends_on);
  w.settings.streams.move_patience = 3s;
  w.open_other();
  w.start_all();
  app_stream a;
  w.upload(a, "long", 6'000'000);
  ASSERT_TRUE(w.arrive());
  ASSERT_TRUE(w.wait(a, 2min));
  EXPECT_EQ(a.status, THARSIS_OK) << a.reason;
  EXPECT_EQ(a.progress.opens, 2u);
  EXPECT_TRUE(w.file("/other/long") == a.up);
  EXPECT_EQ(a.ends, 1);
}

TEST(StreamMoveSim, ADrainIsOverBeforeTheStreamAndNothingIsLost) {
  moving_world w(3, [](gateway::settings& s) { s.drain = {6s, {there}, 1h}; });
  w.open_other();
  w.start_all();
  ASSERT_TRUE(w.wait_up());
  app_stream a, late;
  w.upload(a, "long", 4'000'000);
  w.world.run_for(1s);
  w.drain_gate();
  ASSERT_TRUE(w.arrive());
  w.upload(late, "late", 1000);
  ASSERT_TRUE(w.wait(a, 2min)) << a.trouble;
  ASSERT_TRUE(w.wait(late, 2min)) << late.trouble;
  EXPECT_EQ(a.status, THARSIS_OK) << a.reason;
  EXPECT_TRUE(w.file("/other/long") == a.up);
  EXPECT_TRUE(w.file("/other/late") == late.up) << "nothing is opened at a server that ends";
  EXPECT_EQ(late.progress.opens, 1u);
}

// The gateway has not to wait for its time to be over.
TEST(StreamMoveSim, ADrainedServerIsLeftAsSoonAsItsStreamsAreOver) {
  moving_world w(4, [](gateway::settings& s) { s.drain = {40s, {there}, 1h}; });
  w.open_other();
  w.start_all();
  ASSERT_TRUE(w.wait_up());
  app_stream a;
  w.upload(a, "short", 1'000'000);
  w.world.run_for(1s);
  w.drain_gate();
  ASSERT_TRUE(w.wait(a, 30s));
  EXPECT_EQ(a.progress.opens, 1u);
  EXPECT_TRUE(w.file("/files/short") == a.up);
  ASSERT_TRUE(w.arrive(45s));
  ASSERT_TRUE(w.world.run_until([&] { return w.gate().stopped; }, w.world.now() + 2s)) << "its last guest was the connection of the streams";
}

TEST(StreamMoveSim, AMoveToADeadServerLeavesStreamsWhereTheyAre) {
  moving_world w(5, sends_on);
  w.settings.streams.move_patience = 0s;
  w.start_all();
  app_stream a;
  w.upload(a, "file", 2'000'000);
  ASSERT_TRUE(w.wait(a, 1min));
  EXPECT_EQ(a.status, THARSIS_OK) << a.reason;
  EXPECT_EQ(a.progress.opens, 1u);
  EXPECT_TRUE(w.file("/files/file") == a.up);
}

// The link itself rests, and the word comes to the connection of the streams alone: the link goes to see who is there, and they go
// after it before their server ends.
TEST(StreamMoveSim, ALinkThatRestsHearsItFromItsStreams) {
  for (const bool backup : {true, false}) {  // Does the profile know the other server?
    moving_world w(6, [](gateway::settings& s) { s.drain = {40s, {there}, 1h}; });
    w.settings.streams.move_patience = 1s;
    w.link().on_demand = true;
    w.link().idle_after = 1s;
    if (backup) w.link().endpoints.push_back({"tcps", stream_world::name, 444});
    w.open_other();
    w.start_all();
    app_stream a;
    w.upload(a, "long", 8'000'000);
    w.world.run_for(1s);
    ASSERT_FALSE(w.up());
    w.drain_gate();
    ASSERT_TRUE(w.arrive(35s));
    ASSERT_TRUE(w.world.run_until([&] { return w.gate().stopped; }, w.world.now() + 3s)) << "streams have gone after the link";
    ASSERT_TRUE(w.wait(a, 2min)) << a.trouble;
    EXPECT_EQ(a.status, THARSIS_OK) << a.reason;
    EXPECT_TRUE(w.file("/other/long") == a.up);
    EXPECT_EQ(a.progress.opens, 2u);
    EXPECT_EQ(a.ends, 1);
  }
}

// Where it was sent is nobody: it stays with the profile, and so do its streams.
TEST(StreamMoveSim, ALinkThatRestsIsSentToADeadServer) {
  moving_world w(7, sends_on);
  w.link().on_demand = true;
  w.link().idle_after = 1s;
  w.start_all();
  app_stream a;
  w.upload(a, "file", 2'000'000);
  ASSERT_TRUE(w.wait(a, 2min)) << a.trouble;
  EXPECT_EQ(a.status, THARSIS_OK) << a.reason;
  EXPECT_TRUE(w.file("/files/file") == a.up);
}

TEST(StreamMoveSim, NothingIsLostWheneverItComes) {
  test::for_each_seed(8, [](uint64_t seed) {
    dice chance(seed);
    const bool drains = chance.below(2) == 0;
    const auto within = std::chrono::milliseconds(1000 + chance.below(9000));
    moving_world w(seed, [&](gateway::settings& s) {
      if (drains) s.drain = {within, {there}, 1h};
      else s.move = {{there}, within, 1h};
    });
    w.settings.streams.move_patience = std::chrono::milliseconds(chance.below(8000));
    w.open_other();
    w.put("/files/down", content_of(700'000, seed));
    w.put("/other/down", content_of(700'000, seed));
    w.start_all();
    app_stream up, down, both;
    up.up = content_of(300'000 + chance.below(900'000), seed);
    both.up = content_of(100'000 + chance.below(400'000), seed + 1);
    ASSERT_EQ(w.open(up, w.order(THARSIS_STN_STREAM_UP, "up")), THARSIS_OK);
    ASSERT_EQ(w.open(down, w.order(THARSIS_STN_STREAM_DOWN, "down")), THARSIS_OK);
    ASSERT_EQ(w.open(both, w.order(THARSIS_STN_STREAM_BOTH, "both")), THARSIS_OK);
    w.world.run_for(std::chrono::milliseconds(chance.below(6000)));
    if (drains) w.drain_gate();
    if (!drains && chance.below(3) == 0) w.world.reset_connections(w.client_machine, w.server_machine);
    for (const app_stream* a : {&up, &down, &both}) {
      ASSERT_TRUE(w.wait(*a)) << a->trouble;
      EXPECT_EQ(a->status, THARSIS_OK) << a->reason;
      EXPECT_EQ(a->ends, 1);
    }
    EXPECT_TRUE(w.file("/files/up") == up.up || w.file("/other/up") == up.up);
    EXPECT_TRUE(down.down == content_of(700'000, seed));
    EXPECT_TRUE(both.down == both.up);
  });
}
