// tcp_stream, tcp_listener and dial_tcp over a network by hand.
#include "sdk/async/tcp_stream.h"

#include <gtest/gtest.h>

#include <random>

#include "sdk/async/task_set.h"
#include "sdk/async/tcp_listener.h"
#include "tests/sdk/async/fake_net.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {
using bytes = std::vector<uint8_t>;

constexpr tharsis_address somewhere{4, 0, 443, 0, {192, 0, 2, 1}};

struct bench {
  fake_loop loop;
  strand place{&loop.table};
  fake_net net{loop};
  tharsis_handle peer = 0;

  std::unique_ptr<tcp_stream> connected() {
    auto wire = std::make_unique<tcp_stream>(place, net.table);
    EXPECT_EQ(wire->dial(somewhere, nullptr), THARSIS_OK);
    peer = net.connect(net.sockets.rbegin()->first);
    loop.run();
    EXPECT_EQ(wire->connected(), THARSIS_OK);
    return wire;
  }
  bytes at_peer() { return net.sockets.at(peer).arrived; }
  void drain_peer() {
    uint8_t some[4096];
    size_t count = 1;
    while (count > 0) net.table.read(net.table.self, peer, some, sizeof some, &count);
    loop.run();
  }
};

using dialled = std::optional<result<std::unique_ptr<tcp_stream>>>;
task<void> keep(strand* place, const tharsis_net* net, tharsis_address to, instant deadline, dialled* into) {
  *into = co_await dial_tcp(*place, *net, to, deadline);
}

}  // namespace

TEST(TcpStream, TheLargestSegmentIsSetWhereItIsWished) {
  bench b;
  tcp_stream usual(b.place, b.net.table), small(b.place, b.net.table);
  EXPECT_EQ(usual.dial(somewhere, nullptr), THARSIS_OK);
  EXPECT_TRUE(b.net.options.empty());
  EXPECT_EQ(small.dial(somewhere, nullptr, 1400), THARSIS_OK);
  EXPECT_EQ(b.net.options["dialled mss"], 1400) << "it is announced with the first packet";
}

TEST(TcpStream, WhatTheSystemDoesNotTakeIsKeptInOrder) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    bench b;
    b.net.room = 1 + random() % 500;
    b.net.piece = 1 + random() % 300;
    const auto wire = b.connected();
    bytes sent, got;
    for (int step = 0; step < 300; ++step) {
      if (random() % 2 == 0) {
        bytes more(random() % 200);
        for (uint8_t& x : more) x = static_cast<uint8_t>(random());
        sent.insert(sent.end(), more.begin(), more.end());
        ASSERT_EQ(wire->write(more), THARSIS_OK);
      }
      uint8_t some[100];
      size_t count = 0;
      b.net.table.read(b.net.table.self, b.peer, some, 1 + random() % sizeof some, &count);
      got.insert(got.end(), some, some + count);
      if (random() % 2 == 0) b.loop.run();
    }
    wire->end();
    b.loop.run();
    for (size_t count = 1; count > 0; b.loop.run()) {
      uint8_t some[100];
      b.net.table.read(b.net.table.self, b.peer, some, sizeof some, &count);
      got.insert(got.end(), some, some + count);
    }
    EXPECT_TRUE(got == sent) << got.size() << " of " << sent.size();
    EXPECT_EQ(wire->unsent(), 0u);
    EXPECT_TRUE(b.net.sockets.at(b.peer - 1).ended);
  }
}

TEST(TcpStream, WrittenAndEndedBeforeItIsConnectedIsSentAfterwards) {
  bench b;
  tcp_stream wire(b.place, b.net.table);
  ASSERT_EQ(wire.dial(somewhere, nullptr), THARSIS_OK);
  EXPECT_EQ(wire.write(bytes{1, 2, 3}), THARSIS_OK);
  wire.end();
  EXPECT_EQ(wire.write(bytes{4}), THARSIS_E_INVALID);
  EXPECT_EQ(wire.unsent(), 3u);
  b.peer = b.net.connect(1);
  b.loop.run();
  EXPECT_EQ(b.at_peer(), (bytes{1, 2, 3}));
  EXPECT_TRUE(b.net.sockets.at(1).ended);
}

TEST(TcpStream, AnEndBeforeTheConnectionIsSaidAfterIt) {
  bench b;
  tcp_stream wire(b.place, b.net.table);
  wire.dial(somewhere, nullptr);
  wire.end();
  b.net.connect(1);
  b.loop.run();
  EXPECT_TRUE(b.net.sockets.at(1).ended);
}

TEST(TcpStream, WhatCameBeforeAFailureIsReadBeforeIt) {
  bench b;
  const auto wire = b.connected();
  b.net.give(1, {1, 2});
  b.net.fail(1, THARSIS_E_RESET);
  b.loop.run();
  EXPECT_TRUE(wire->events().raised());
  uint8_t some[10];
  size_t count = 0;
  EXPECT_EQ(wire->read(some, count), THARSIS_OK);
  EXPECT_EQ(count, 2u);
  EXPECT_EQ(wire->read(some, count), THARSIS_E_RESET);
  EXPECT_EQ(wire->write(bytes{1}), THARSIS_E_RESET);
}

TEST(TcpStream, AFlushThatFailsWakesTheReader) {
  bench b;
  b.net.room = 10;
  const auto wire = b.connected();
  ASSERT_EQ(wire->write(bytes(20)), THARSIS_OK);
  wire->events().clear();
  b.net.sockets.at(1).dead = THARSIS_E_TIMEOUT;
  b.drain_peer();
  EXPECT_TRUE(wire->events().raised());
  uint8_t some[10];
  size_t count = 0;
  EXPECT_EQ(wire->read(some, count), THARSIS_E_TIMEOUT);
}

TEST(TcpStream, AClosedOneIsGoneAndHearsNothing) {
  bench b;
  const auto wire = b.connected();
  uint8_t some[10];
  size_t count = 0;
  EXPECT_EQ(wire->read(some, count), THARSIS_PENDING);
  wire->events().clear();
  b.net.give(1, {1});  // Its event is under way.
  wire->close();
  wire->close();
  b.loop.run();
  EXPECT_FALSE(wire->events().raised());
  EXPECT_EQ(wire->read(some, count), THARSIS_E_GONE);
  EXPECT_EQ(wire->write(bytes{1}), THARSIS_E_GONE);
  EXPECT_EQ(b.net.sockets.count(1), 0u);
}

TEST(TcpListener, GivesEachConnectionOnceAndWakesForTheNext) {
  bench b;
  tcp_listener listener(b.place, b.net.table);
  ASSERT_EQ(listener.listen(somewhere, nullptr), THARSIS_OK);
  const tharsis_handle own = b.net.sockets.begin()->first;
  EXPECT_EQ(listener.accept(), nullptr);
  tcp_stream a(b.place, b.net.table), c(b.place, b.net.table);
  a.dial(somewhere, nullptr);
  c.dial(somewhere, nullptr);
  b.net.connect(own + 1, own);
  b.net.connect(own + 2, own);
  b.loop.run();
  EXPECT_TRUE(listener.events().raised());
  const auto first = listener.accept(), second = listener.accept();
  EXPECT_TRUE(first && second);
  EXPECT_EQ(listener.accept(), nullptr);
  a.write(bytes{9});
  uint8_t some[2];
  size_t count = 0;
  EXPECT_EQ(first->read(some, count), THARSIS_OK);
  EXPECT_EQ(some[0], 9);
  listener.close();
  EXPECT_FALSE(listener.open());
  EXPECT_EQ(listener.accept(), nullptr);
}

TEST(DialTcp, ConnectedRefusedAndTimedOut) {
  bench b;
  task_set work(b.place);
  dialled good, refused, late, impossible;
  work.spawn(keep(&b.place, &b.net.table, somewhere, never, &good));
  b.net.connect(1);
  work.spawn(keep(&b.place, &b.net.table, somewhere, never, &refused));
  b.net.fail(3, THARSIS_E_REFUSED);
  work.spawn(keep(&b.place, &b.net.table, somewhere, b.place.now() + 3s, &late));
  work.spawn(keep(&b.place, &b.net.table, tharsis_address{}, never, &impossible));
  b.loop.run_until(b.place.now() + 3s);
  ASSERT_TRUE(good && refused && late && impossible);
  EXPECT_TRUE(good->ok());
  EXPECT_EQ(refused->status(), THARSIS_E_REFUSED);
  EXPECT_EQ(refused->failure().text, "connecting to 192.0.2.1:443 failed: refused");
  EXPECT_EQ(late->status(), THARSIS_E_TIMEOUT);
  EXPECT_EQ(late->failure().text, "no connection to 192.0.2.1:443 before the deadline");
  EXPECT_EQ(impossible->status(), THARSIS_E_INVALID);
  EXPECT_EQ(b.net.sockets.size(), 2u) << "what failed is closed";
}

TEST(DialTcp, DestroyedAtEveryStepItClosesAndHearsNothing) {
  for (int steps = 0; steps < 6; ++steps) {
    bench b;
    dialled into;
    {
      task<void> t = keep(&b.place, &b.net.table, somewhere, b.place.now() + 1s, &into);
      t.start(b.place);
      b.net.connect(1);
      for (int i = 0; i < steps; ++i) b.loop.step();
    }
    into.reset();
    EXPECT_EQ(b.net.sockets.count(1), 0u);
    EXPECT_TRUE(b.loop.timers.empty());
    b.loop.run();
  }
}
