// The whole gateway but its door, against hostile and unlucky clients, in the simulated world.
#include <gtest/gtest.h>

#include <random>

#include "sdk/sim/world.h"
#include "tests/plugins/gateway/stage.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

const std::string client_id(32, 'a');

struct scene {
  explicit scene(uint64_t seed, const gateway::settings& s)
      : world(seed),
        server(world.add_machine("server", {"10.0.0.1"})),
        clients(world.add_machine("clients", {"10.0.0.2"})),
        gate(server.platform(), THARSIS_STRAND_SHARED, "/state/gateway", s) {
    EXPECT_TRUE(until([&] { return gate.host.ready; })) << gate.host.failure;
  }
  // Everything that was begun ends, and the gateway stops.
  ~scene() {
    for (auto& p : peers) p->end();
    gate.stop();
    EXPECT_TRUE(until([&] { return gate.host.stopped; }));
    gate.end();
    EXPECT_TRUE(until([&] {
      for (auto& p : peers)
        if (!p->ended) return false;
      return gate.ended;
    }));
  }
  peer& dial() {
    tharsis_address to = *parse_ip("10.0.0.1");
    to.port = 1000;
    peers.push_back(std::make_unique<peer>(clients.platform(), THARSIS_STRAND_SHARED, to));
    return *peers.back();
  }
  bool until(const std::function<bool()>& done, duration limit = 1h) { return world.run_until(done, world.now() + limit); }

  sim::world world;
  sim::machine& server;
  sim::machine& clients;
  running_gateway gate;
  std::vector<std::unique_ptr<peer>> peers;
};

gateway::settings plain() {
  gateway::settings s;
  s.listen = "tcp://10.0.0.1:1000";
  s.open = s.plain_allowed = true;
  return s;
}

std::vector<uint8_t> head(uint32_t head_length, uint32_t version, uint32_t body_length) {
  std::vector<uint8_t> out;
  for (const uint32_t n : {head_length, version, uint32_t{3}, uint32_t{1}, body_length})
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(n >> shift));
  return out;
}

}  // namespace

TEST(GatewaySim, EchoesPushesAndStopsCleanly) {
  scene s(1, plain());
  peer &a = s.dial(), &b = s.dial();
  ASSERT_TRUE(s.until([&] { return a.connected && b.connected; }));
  a.send(hello(client_id));
  b.send(mars::frame{mars::command_noop, mars::sequence_noop, {}, {}, {}});
  ASSERT_TRUE(s.until([&] { return a.frames.size() == 1 && b.frames.size() == 1; }));
  a.send(message(7, "up", "k"));
  ASSERT_TRUE(s.until([&] { return a.frames.size() == 2 && b.frames.size() == 2; }));
  EXPECT_EQ(a.frames[1].sequence, 7u);
  EXPECT_EQ(mars::decode<mars::message_push>(b.frames[1].body)->content, "up");
  s.gate.stop();
  ASSERT_TRUE(s.until([&] { return s.gate.host.stopped && a.closed && b.closed; }));
  EXPECT_EQ(a.why, "end");
}

TEST(GatewaySim, BytesThatAreNoFrameEndTheirConnectionWithOneLineAndNobodyElses) {
  scene s(2, plain());
  peer& good = s.dial();
  ASSERT_TRUE(s.until([&] { return good.connected; }));
  good.send(hello(client_id));
  ASSERT_TRUE(s.until([&] { return good.frames.size() == 1; }));
  const std::string http = "GET / HTTP/1.1\r\nHost: im.example.com\r\n\r\n";
  const std::vector<std::vector<uint8_t>> damages = {
      {http.begin(), http.end()},          head(0, 200, 0),         head(19, 200, 0),         head(20, 201, 0),
      head(20, 200, mars::frame_size_max), head(0xFFFFFFFF, 200, 0), head(20, 200, 0xFFFFFFFF), head(22, 200, 0),
  };
  for (const auto& damage : damages) {
    const size_t lines = s.gate.host.count("no frame");
    peer& bad = s.dial();
    bad.send(damage);
    bad.send(std::vector<uint8_t>(40, 0));
    ASSERT_TRUE(s.until([&] { return bad.closed; }, 5s));
    EXPECT_EQ(s.gate.host.count("no frame"), lines + 1);
  }
  good.send(message(2, "still here"));
  EXPECT_TRUE(s.until([&] { return good.frames.size() == 2; }, 5s));
}

TEST(GatewaySim, RandomBytesNeverStopIt) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    scene s(seed, plain());
    std::mt19937_64 random(seed);
    for (int i = 0; i < 5; ++i) {
      std::vector<uint8_t> bytes;
      if (random() % 2 == 0) mars::append_frame(bytes, message(1, "half"));
      const size_t length = random() % 200;
      for (size_t n = 0; n < length; ++n) bytes.push_back(static_cast<uint8_t>(random() % 4 == 0 ? random() : 0));
      if (!bytes.empty()) bytes.resize(1 + random() % bytes.size());
      s.dial().send(bytes);
    }
    s.world.run_for(1s);
    peer& good = s.dial();
    good.send(message(5, "hi"));
    ASSERT_TRUE(s.until([&] { return good.count(mars::command_send_message) == 1; }, 5s)) << "seed " << seed;
  }
}

TEST(GatewaySim, WhoOpensAConnectionAndSaysNothingIsShownTheDoor) {
  scene s(3, plain());
  peer& quiet = s.dial();
  ASSERT_TRUE(s.until([&] { return quiet.closed; }, 20s));
  EXPECT_TRUE(s.gate.host.logged("has not said anything in time"));
}

TEST(GatewaySim, ADripOfBytesIsCutOffAtTheFramesDeadline) {
  scene s(4, plain());
  peer& drip = s.dial();
  drip.send(hello(client_id));
  ASSERT_TRUE(s.until([&] { return drip.frames.size() == 1; }));
  const instant began = s.world.now();
  for (int i = 0; i < 200 && !drip.closed; ++i) {
    drip.send(std::vector<uint8_t>{i == 3 ? uint8_t{20} : uint8_t{0}});
    s.world.run_for(1s);
  }
  EXPECT_TRUE(drip.closed);
  EXPECT_LT(s.world.now() - began, 63s);
}

TEST(GatewaySim, AClientThatDoesNotReadIsDroppedAndTheOthersGetTheirPushes) {
  gateway::settings numbers = plain();
  numbers.limits.unsent = 256 * 1024;
  scene s(5, numbers);
  peer &deaf = s.dial(), &talker = s.dial(), &listener = s.dial();
  deaf.read_nothing();
  ASSERT_TRUE(s.until([&] { return deaf.connected && talker.connected && listener.connected; }));
  for (uint32_t i = 1; i <= 100; ++i) {
    talker.send(message(i, std::string(20000, 'x')));
    ASSERT_TRUE(s.until([&] { return talker.frames.size() == i && listener.frames.size() == i; })) << i;
  }
  EXPECT_TRUE(s.gate.host.logged("reads too slowly"));
}

// Goal: clients that send as fast as they can are read at the pace of the limits, and others do not
// wait for them. Method: three of them flood while one asks for something now and then; each of its
// answers must come in time, while the flood is still going on.
TEST(GatewaySim, AFloodIsPacedAndOthersDoNotWaitForIt) {
  scene s(6, plain());
  peer& calm = s.dial();
  std::vector<uint8_t> flood;
  for (uint32_t i = 1; i <= 20000; ++i) mars::append_frame(flood, {mars::command_noop, i, {}, {}, {}});
  for (int i = 0; i < 3; ++i) s.dial().send(flood);
  ASSERT_TRUE(s.until([&] { return calm.connected && s.peers.back()->frames.size() > 10; }));
  for (uint32_t i = 1; i <= 5; ++i) {
    calm.send(message(i, "please"));
    ASSERT_TRUE(s.until([&] { return calm.count(mars::command_send_message) == i; }, 500ms)) << i;
    EXPECT_LT(s.peers.back()->count(mars::command_noop), 20000u) << "the flood was over before the question";
  }
}

TEST(GatewaySim, ACrowdThatSaysNothingGivesItsPlacesToWhoSpeaks) {
  gateway::settings few = plain();
  few.limits.connections = 4;
  scene s(7, few);
  for (int i = 0; i < 4; ++i) s.dial();
  ASSERT_TRUE(s.until([&] { return s.peers[3]->connected; }));
  s.world.run_for(1s);
  peer& honest = s.dial();
  honest.send(hello(client_id));
  EXPECT_TRUE(s.until([&] { return honest.frames.size() == 1; }, 2s));
  EXPECT_TRUE(s.gate.host.logged("its place was needed"));
}

TEST(GatewaySim, WhenEveryPlaceIsTakenByAClientThatSpeaksNewOnesAreTurnedAway) {
  gateway::settings few = plain();
  few.limits.connections = 2;
  scene s(8, few);
  for (int i = 0; i < 2; ++i) s.dial().send(hello(client_id));
  ASSERT_TRUE(s.until([&] { return s.peers[0]->frames.size() == 1 && s.peers[1]->frames.size() == 1; }));
  peer& late = s.dial();
  EXPECT_TRUE(s.until([&] { return late.closed; }, 2s));
  EXPECT_TRUE(s.gate.host.logged("turned 1 connections away"));
  EXPECT_FALSE(s.peers[0]->closed);
}

TEST(GatewaySim, TheOutageResetsAllBeforeTheLastAnswerAndThenServesAgain) {
  gateway::settings planned = plain();
  planned.outage = {3, 2s, gateway::outage_kind::reset};
  scene s(9, planned);
  peer& before = s.dial();
  before.send(hello(client_id));
  for (uint32_t i = 1; i <= 3; ++i) before.send(message(i, "line " + std::to_string(i), "k" + std::to_string(i)));
  ASSERT_TRUE(s.until([&] { return before.closed; }, 1s));
  EXPECT_LT(before.count(mars::command_send_message), 3u);
  peer& during = s.dial();
  ASSERT_TRUE(s.until([&] { return during.closed; }, 1s));
  EXPECT_FALSE(during.connected);
  s.world.run_for(2s);
  peer& after = s.dial();
  after.send(hello(client_id));
  for (uint32_t i = 1; i <= 3; ++i) after.send(message(10 + i, "line " + std::to_string(i), "k" + std::to_string(i)));
  after.send(mars::frame{mars::command_statistics, 99, {}, {}, {}});
  ASSERT_TRUE(s.until([&] { return after.frames.size() == 5; }, 2s));
  const auto counted = mars::decode<mars::statistics_response>(after.frames.back().body);
  EXPECT_EQ(counted->executions, 3u);
  EXPECT_EQ(counted->keys, 3u);
  EXPECT_EQ(counted->repeats, 3u);
}

TEST(GatewaySim, TheSilentOutageSaysNothingAndThenAnswersLate) {
  gateway::settings planned = plain();
  planned.outage = {1, 30s, gateway::outage_kind::silent};
  scene s(10, planned);
  peer& a = s.dial();
  ASSERT_TRUE(s.until([&] { return a.connected; }));
  const instant began = s.world.now();
  a.send(message(1, "is anybody there", "k"));
  s.world.run_for(10s);
  peer& b = s.dial();
  b.send(hello(client_id));
  s.world.run_for(15s);
  EXPECT_TRUE(a.frames.empty() && b.frames.empty() && !a.closed);
  ASSERT_TRUE(s.until([&] { return a.frames.size() == 1 && b.frames.size() == 1; }, 10s));
  EXPECT_GE(s.world.now() - began, 30s);
}


TEST(GatewaySim, ASecondGatewayOnTheSamePortOrFolderFailsWithWhatToDo) {
  scene s(12, plain());
  for (const std::string folder : {"/state/other", "/state/gateway"}) {
    running_gateway second(s.server.platform(), THARSIS_STRAND_SHARED, folder, plain());
    ASSERT_TRUE(s.until([&] { return !second.host.failure.empty(); }, 5s));
    if (folder == "/state/other")
      EXPECT_NE(second.host.failure.find("10.0.0.1:1000: the port is taken"), std::string::npos) << second.host.failure;
    else
      EXPECT_NE(second.host.failure.find("another gateway runs with /state/gateway"), std::string::npos) << second.host.failure;
    second.end();
    ASSERT_TRUE(s.until([&] { return second.ended; }));
  }
  peer& a = s.dial();
  a.send(hello(client_id));
  EXPECT_TRUE(s.until([&] { return a.frames.size() == 1; }, 5s));
}
