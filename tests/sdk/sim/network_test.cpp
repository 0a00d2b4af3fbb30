// The model of the network: what loss, bandwidth, silence and resets do to a connection.
#include <algorithm>

#include <gtest/gtest.h>
#include "sdk/sim/world.h"
#include "tests/sdk/sim/wire.h"

using namespace tharsis;
using namespace tharsis::test;
using sim::world;

namespace {

std::string pattern(size_t size) {
  std::string s(size, '\0');
  for (size_t i = 0; i < size; ++i) s[i] = static_cast<char>(i * 31 + i / 251);
  return s;
}

// Two machines, a listener on the server's port 443.
class two : public stage {
 public:
  explicit two(uint64_t seed)
      : w(seed),
        client(w.add_machine("client", {"10.0.0.1"})),
        server(w.add_machine("server", {"10.0.0.2"})),
        path(w.between(client, server)),
        here(open()),
        there(open(server.platform())),
        listener(*this, there),
        near(*this, here),
        far(*this, there) {
    EXPECT_EQ(listener.listen(at("10.0.0.2", 443)), THARSIS_OK);
  }
  const tharsis_platform* platform() const override { return client.platform(); }
  bool run_until(const std::function<bool()>& done, duration within) override {
    return w.run_until(done, w.now() + within);
  }
  bool run(const std::function<bool()>& done, duration within = 10min) { return run_until(done, within); }

  // Dials and accepts.
  void connect() {
    ASSERT_EQ(far.accept(listener), THARSIS_PENDING);
    ASSERT_EQ(near.dial(at("10.0.0.2", 443)), THARSIS_OK);
    ASSERT_TRUE(run([&] { return near.saw(THARSIS_NET_CONNECTED) && listener.saw(THARSIS_NET_READABLE); }));
    ASSERT_EQ(far.accept(listener), THARSIS_OK);
    w.run_for(1s);  // The last acknowledgement is home.
  }
  // Everything from near to far; answers how long it took.
  duration transfer(const std::string& data) {
    const instant begun = w.now();
    std::string_view left = data;
    EXPECT_TRUE(run([&] {
      if (!left.empty()) near.write_some(left);
      far.read_all();
      return far.got.size() >= data.size();
    }));
    EXPECT_EQ(far.got, data);
    return w.now() - begun;
  }

  world w;
  sim::machine& client;
  sim::machine& server;
  sim::path& path;
  const tharsis_strand& here;
  const tharsis_strand& there;
  wire listener, near, far;
};

}  // namespace

TEST(SimNetwork, ADialCostsARoundTripAndTheFirstByteHalfAnother) {
  two t(1);
  t.path.delay = 50ms;
  const instant begun = t.w.now();
  ASSERT_EQ(t.near.dial(at("10.0.0.2", 443)), THARSIS_OK);
  EXPECT_EQ(t.near.events, 0) << "nothing is told inside the call";
  ASSERT_TRUE(t.run([&] { return t.near.saw(THARSIS_NET_CONNECTED); }));
  EXPECT_GE(t.w.now() - begun, 100ms);
  EXPECT_LT(t.w.now() - begun, 101ms);
  ASSERT_TRUE(t.run([&] { return t.far.accept(t.listener) == THARSIS_OK; }));
  EXPECT_EQ(t.far.address.port, t.near.local().port);
  EXPECT_GE(t.w.now() - begun, 150ms);
  EXPECT_LT(t.w.now() - begun, 151ms);
}

TEST(SimNetwork, LossSlowsAndNeverCorrupts) {
  const std::string data = pattern(200'000);
  const auto took = [&](double loss, uint64_t seed) {
    two t(seed);
    t.path.jitter = 5ms;
    t.connect();
    t.path.loss = loss;
    return t.transfer(data);
  };
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    EXPECT_GT(4 * took(0.1, seed), 5 * took(0, seed));  // What is overtaken goes again soon; what is last waits.
  }
}

TEST(SimNetwork, AThinLineCarriesNoMoreThanItCanAndNotMuchLess) {
  two t(3);
  t.connect();
  t.path.bytes_per_second = 100'000;
  const duration took = t.transfer(pattern(500'000));
  EXPECT_GT(took, 5s);
  EXPECT_LT(took, 6500ms);
}

TEST(SimNetwork, AWriterMeetsTheFullBufferAndIsToldWhenThereIsRoom) {
  two t(4);
  t.connect();
  const std::string data = pattern(1'000'000);
  std::string_view left = data;
  EXPECT_EQ(t.near.write_some(left), THARSIS_PENDING);
  EXPECT_GT(data.size() - left.size(), 0u);
  EXPECT_LT(data.size() - left.size(), 300'000u) << "nobody read: it cannot all have gone somewhere";
  t.w.run_for(10s);
  do {
    t.near.seen = 0;
    EXPECT_EQ(t.near.write_some(left), THARSIS_PENDING);
    t.w.run_for(10s);
  } while (t.near.saw(THARSIS_NET_WRITABLE));
  EXPECT_FALSE(left.empty()) << "a reader that does not read holds the writer back";
  t.near.seen = 0;
  t.far.read_all();
  EXPECT_TRUE(t.run([&] { return t.near.saw(THARSIS_NET_WRITABLE); }));
}

TEST(SimNetwork, ABlackHoleIsSilentAndADialGivesUpAfterTwoMinutes) {
  two t(5);
  t.path.black_hole = true;
  const instant begun = t.w.now();
  ASSERT_EQ(t.near.dial(at("10.0.0.2", 443)), THARSIS_OK);
  t.w.run_for(120s);
  EXPECT_EQ(t.near.events, 0);
  ASSERT_TRUE(t.run([&] { return t.near.saw(THARSIS_NET_FAILED); }));
  EXPECT_EQ(t.near.failure, THARSIS_E_TIMEOUT);
  EXPECT_GE(t.w.now() - begun, 127s);
  EXPECT_LT(t.w.now() - begun, 128s);
}

TEST(SimNetwork, ADialGetsThroughOnceABlackHoleHasHealed) {
  two t(6);
  t.path.black_hole = true;
  ASSERT_EQ(t.near.dial(at("10.0.0.2", 443)), THARSIS_OK);
  t.w.run_for(5s);
  t.path.black_hole = false;
  ASSERT_TRUE(t.run([&] { return t.near.saw(THARSIS_NET_CONNECTED); }, 5s));
}

TEST(SimNetwork, WhatWasWrittenIntoABlackHoleArrivesOnceItHasHealed) {
  two t(7);
  t.connect();
  t.path.black_hole = true;
  std::string_view data = "are you there";
  ASSERT_GE(t.near.write_some(data), 0);
  t.w.run_for(1min);
  EXPECT_EQ(t.far.read_all(), THARSIS_PENDING);
  EXPECT_EQ(t.far.got, "");
  t.path.black_hole = false;
  EXPECT_TRUE(t.run(
      [&] {
        if (!data.empty()) t.near.write_some(data);
        t.far.read_all();
        return t.far.got == "are you there";
      },
      2min));
  EXPECT_GT(t.near.fact("retransmits"), 0);
}

TEST(SimNetwork, AResetIsSeenByBothEnds) {
  two t(8);
  t.connect();
  EXPECT_EQ(t.far.read_all(), THARSIS_PENDING);
  EXPECT_EQ(t.near.read_all(), THARSIS_PENDING);
  t.near.seen = t.far.seen = 0;
  t.w.reset_connections(t.client, t.server);
  ASSERT_TRUE(t.run([&] { return t.near.saw(THARSIS_NET_READABLE) && t.far.saw(THARSIS_NET_READABLE); }, 1s));
  EXPECT_EQ(t.near.read_all(), THARSIS_E_RESET);
  EXPECT_EQ(t.far.read_all(), THARSIS_E_RESET);
  EXPECT_EQ(t.far.read_all(), THARSIS_E_RESET) << "a dead connection stays dead";
  std::string_view more = "x";
  EXPECT_EQ(t.near.write_some(more), THARSIS_E_RESET);
}

TEST(SimNetwork, AForgottenConnectionIsNoticedOnlyByWhoeverSendsAndOnlyAfterAQuarterOfAnHour) {
  two t(9);
  t.connect();
  EXPECT_EQ(t.near.read_all(), THARSIS_PENDING);
  EXPECT_EQ(t.far.read_all(), THARSIS_PENDING);
  t.w.forget_connections(t.client, t.server);
  const int told = t.near.events;
  t.w.run_for(24h);
  EXPECT_EQ(t.near.events, told);
  std::string_view ping = "ping";
  ASSERT_TRUE(t.run([&] { return t.near.write_some(ping) == THARSIS_OK; }));
  t.near.seen = 0;
  t.w.run_for(15min);
  EXPECT_EQ(t.near.seen, 0u);
  EXPECT_GT(t.near.fact("unacked_bytes"), 0);
  ASSERT_TRUE(t.run([&] { return t.near.saw(THARSIS_NET_READABLE); }));
  EXPECT_EQ(t.near.read_all(), THARSIS_E_TIMEOUT);
  t.w.run_for(24h);
  EXPECT_EQ(t.far.read_all(), THARSIS_PENDING) << "it waits for ever";
}

TEST(SimNetwork, AKilledMachineIsSilentAndItsNextLifeCanBeDialled) {
  two t(10);
  t.connect();
  t.server.kill();
  EXPECT_EQ(t.near.read_all(), THARSIS_PENDING);
  t.w.run_for(1h);
  EXPECT_EQ(t.near.read_all(), THARSIS_PENDING);
  uint8_t byte;
  size_t count;
  EXPECT_EQ(t.far.net.read(t.far.net.self, t.far.handle, &byte, 1, &count), THARSIS_E_GONE);

  wire again(t, t.here), reborn(t, t.open(t.server.platform()));
  EXPECT_EQ(reborn.listen(at("10.0.0.2", 443)), THARSIS_OK) << "the old listener died with its life";
  ASSERT_EQ(again.dial(at("10.0.0.2", 443)), THARSIS_OK);
  EXPECT_TRUE(t.run([&] { return again.saw(THARSIS_NET_CONNECTED); }, 1s));
}

TEST(SimNetwork, ARefusingPathAndAnAddressOfNobodyAreTold) {
  two t(11);
  wire nobody(t, t.here), wrong_port(t, t.here), no_route(t, t.here);
  ASSERT_EQ(nobody.dial(at("10.9.9.9", 443)), THARSIS_OK);
  ASSERT_EQ(wrong_port.dial(at("10.0.0.2", 444)), THARSIS_OK);
  ASSERT_EQ(no_route.dial(at("2001:db8::1", 443)), THARSIS_OK);
  t.path.refuse = true;
  ASSERT_EQ(t.near.dial(at("10.0.0.2", 443)), THARSIS_OK);
  t.w.run_for(1s);
  EXPECT_EQ(nobody.failure, THARSIS_E_UNREACHABLE);
  EXPECT_EQ(wrong_port.failure, THARSIS_E_REFUSED);
  EXPECT_EQ(no_route.failure, THARSIS_E_UNREACHABLE);
  EXPECT_EQ(t.near.failure, THARSIS_E_REFUSED);
}

TEST(SimNetwork, TheRoundTripIsMeasured) {
  two t(12);
  t.path.delay = 80ms;
  t.connect();
  t.transfer(pattern(5000));
  t.w.run_for(1s);
  EXPECT_NEAR(static_cast<double>(t.near.fact("rtt_us")), 160'000, 2000);
  EXPECT_EQ(t.near.fact("unacked_bytes"), 0);
  EXPECT_EQ(t.near.fact("retransmits"), 0);
}

TEST(SimNetwork, ALargePacketVanishesWhereItsPathTakesNoneAndASmallerSegmentOfEitherEndPasses) {
  for (const uint32_t mss : {0u, 1200u}) {
    SCOPED_TRACE(mss);
    two t(20);
    t.path.packet_max = 1300;
    ASSERT_EQ(t.near.dial(at("10.0.0.2", 443), mss), THARSIS_OK);
    ASSERT_TRUE(t.run([&] { return t.far.accept(t.listener) == THARSIS_OK; }, 5s)) << "small packets pass";
    const std::string sent = pattern(5000);
    std::string_view there = sent, back = sent;
    const auto both = [&] {
      if (!there.empty()) t.near.write_some(there);
      if (!back.empty()) t.far.write_some(back);
      t.near.read_all();
      t.far.read_all();
      return t.near.got.size() + t.far.got.size() == 10'000 && t.near.fact("acked_bytes") == 5000;
    };
    EXPECT_EQ(t.run(both, 60s), mss != 0);
    EXPECT_EQ(t.near.fact("received_bytes") == 5000, mss != 0);
  }
}

TEST(SimNetwork, BothDirectionsAreIndependentAndAHalfClosedOneStillCarries) {
  two t(13);
  t.connect();
  ASSERT_EQ(t.near.shutdown(), THARSIS_OK);
  ASSERT_TRUE(t.run([&] { return t.far.read_all() == THARSIS_OK; }));
  const std::string data = pattern(100'000);
  std::string_view left = data;
  ASSERT_TRUE(t.run([&] {
    if (!left.empty()) t.far.write_some(left);
    t.near.read_all();
    return t.near.got.size() == data.size();
  }));
  EXPECT_EQ(t.near.got, data);
}
