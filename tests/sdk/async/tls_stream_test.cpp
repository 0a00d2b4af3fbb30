// TLS between two coroutines over a network by hand: they talk, they give up, they are destroyed at every
// point, and never does one hang or take a cut for an end.
#include "sdk/async/tls_stream.h"

#include <gtest/gtest.h>

#include "sdk/async/task_set.h"
#include "sdk/async/tcp_stream.h"
#include "tests/sdk/async/fake_net.h"
#include "tests/sdk/async/tls_peers.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

struct contexts {
  identity authority = authority_named("Tests", 1);
  tls_context client = client_of(authority.certificate_pem);
  tls_context server = server_of(issued(authority, {"im.example.com"}));
};
const contexts& both() {
  static const contexts made;
  return made;
}

constexpr tharsis_address somewhere{4, 0, 443, 0, {192, 0, 2, 1}};
using wire = std::unique_ptr<stream>;
using outcome = std::optional<result<wire>>;

struct bench {
  fake_loop loop;
  strand place{&loop.table};
  fake_net net{loop};
  task_set work{place};
  outcome client, server;

  bench() { loop.wall = wall_seconds * 1'000'000'000; }

  // Two TCP streams that are connected.
  std::pair<std::unique_ptr<tcp_stream>, std::unique_ptr<tcp_stream>> connected();
  void shake_hands(const std::string& name = "im.example.com", instant deadline = never);
  instant in(duration d) { return place.now() + d; }
};

task<void> keep_client(strand* place, wire under, tls_context context, std::string name, instant deadline, outcome* into) {
  *into = co_await tls_connect(*place, std::move(under), std::move(context), std::move(name), deadline);
}
task<void> keep_server(strand* place, wire under, tls_context context, instant deadline, outcome* into) {
  *into = co_await tls_accept(*place, std::move(under), std::move(context), deadline);
}

std::pair<std::unique_ptr<tcp_stream>, std::unique_ptr<tcp_stream>> bench::connected() {
  auto a = std::make_unique<tcp_stream>(place, net.table), b = std::make_unique<tcp_stream>(place, net.table);
  tharsis_handle listener = 0;
  net.table.listen(net.table.self, &somewhere, nullptr, nullptr, &listener, nullptr);
  a->dial(somewhere, nullptr);
  net.connect(listener + 1, listener);
  EXPECT_EQ(b->accept(listener), THARSIS_OK);
  return {std::move(a), std::move(b)};
}

void bench::shake_hands(const std::string& name, instant deadline) {
  auto [a, b] = connected();
  work.spawn(keep_client(&place, std::move(a), both().client, name, deadline, &client));
  work.spawn(keep_server(&place, std::move(b), both().server, deadline, &server));
}

// Sends `size` bytes in pieces, waiting whenever more than a little is unsent; then ends.
task<void> send_all(stream* to, size_t size, size_t piece, bool* done) {
  uint8_t next = 0;
  while (size > 0) {
    bytes some(std::min(size, piece));
    for (uint8_t& b : some) b = next++;
    if (to->write(some) != THARSIS_OK) co_return;
    size -= some.size();
    while (to->unsent() > 4096) co_await to->events().wait();
  }
  to->end();
  *done = true;
}

struct counted {
  size_t count = 0;
  bool right = true;
  tharsis_status end = THARSIS_PENDING;
};
task<void> take_all(stream* from, size_t piece, counted* into) {
  bytes some(piece);
  for (;;) {
    size_t count = 0;
    into->end = from->read(some, count);
    for (size_t i = 0; i < count; ++i) into->right = into->right && some[i] == static_cast<uint8_t>(into->count++);
    if (into->end == THARSIS_PENDING) co_await from->events().wait();
    else if (count == 0) co_return;
  }
}

}  // namespace

TEST(TlsStream, HandshakeDataAndEndInPiecesOfEverySize) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    bench b;
    b.net.piece = 1 + (random() % 3 == 0 ? random() % 4 : random() % 20'000);
    b.net.room = b.net.piece + random() % 40'000;
    b.shake_hands();
    b.loop.run();
    ASSERT_TRUE(b.client && b.server && *b.client && *b.server);
    const size_t size = random() % (b.net.piece < 10 ? 5'000 : 400'000);
    bool sent = false;
    counted got;
    b.work.spawn(take_all((**b.server).get(), 1 + random() % 9000, &got));
    b.work.spawn(send_all((**b.client).get(), size, 1 + random() % 50'000, &sent));
    b.loop.run();
    EXPECT_TRUE(sent);
    EXPECT_EQ(got.end, THARSIS_OK);
    EXPECT_EQ(got.count, size);
    EXPECT_TRUE(got.right);
    EXPECT_TRUE(b.work.empty());
  }
}

TEST(TlsStream, ManySmallWritesInOneTurnLeaveTogether) {
  bench b;
  b.shake_hands();
  b.loop.run();
  ASSERT_TRUE(b.client && *b.client);
  stream& client = ***b.client;
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(client.write(bytes{1, 2, 3}), THARSIS_OK);
  EXPECT_EQ(client.unsent(), 3000u);
  size_t on_wire = 0;
  b.loop.run();
  for (const auto& [handle, socket] : b.net.sockets) on_wire += socket.arrived.size();
  EXPECT_EQ(client.unsent(), 0u);
  EXPECT_LT(on_wire, 3100u) << "one record, not a thousand";
}

TEST(TlsStream, WhoWaitsForUnsentIsToldAlsoWhenAnotherWriteCausedTheFlush) {
  bench b;
  b.net.room = 1 << 20;
  b.net.piece = 1 << 20;
  b.shake_hands();
  b.loop.run();
  stream& client = ***b.client;
  client.events().clear();
  ASSERT_EQ(client.write(bytes(10)), THARSIS_OK);
  ASSERT_EQ(client.unsent(), 10u);
  ASSERT_EQ(client.write(bytes(4 * 16 * 1024 - 10)), THARSIS_OK);  // Exactly full: it leaves at once.
  ASSERT_EQ(client.unsent(), 0u);
  b.loop.run();
  EXPECT_TRUE(client.events().raised());
}

TEST(TlsStream, AWrongNameFailsBothSidesWithASentence) {
  bench b;
  b.shake_hands("other.example.com");
  b.loop.run();
  ASSERT_TRUE(b.client && !*b.client);
  EXPECT_EQ(b.client->status(), THARSIS_E_UNTRUSTED);
  EXPECT_EQ(b.client->failure().text.find("the certificate of other.example.com is for im.example.com, not"), 0u);
  ASSERT_TRUE(b.server && !*b.server);
  EXPECT_LT(b.server->status(), 0);
}

TEST(TlsStream, APeerThatSaysNothingCostsTheDeadlineAndNoMore) {
  bench b;
  auto [a, silent] = b.connected();
  b.work.spawn(keep_client(&b.place, std::move(a), both().client, "im.example.com", b.in(5s), &b.client));
  b.loop.run_until(b.in(4999ms));
  EXPECT_FALSE(b.client);
  b.loop.run_until(b.in(1ms));
  ASSERT_TRUE(b.client && !*b.client);
  EXPECT_EQ(b.client->status(), THARSIS_E_TIMEOUT);
  EXPECT_EQ(b.client->failure().text, "the TLS handshake with im.example.com was not finished before the deadline");
}

TEST(TlsStream, APeerThatDribblesCannotStretchTheDeadline) {
  bench b;
  auto [a, dribbler] = b.connected();
  b.work.spawn(keep_server(&b.place, std::move(a), both().server, b.in(5s), &b.server));
  const bytes hello = {22, 3, 1, 64, 0};  // A record of 16 KiB, one byte a second.
  for (int i = 0; i < 6 && !b.server; ++i) {
    dribbler->write(bytes{i < 5 ? hello[static_cast<size_t>(i)] : uint8_t{1}});
    b.loop.run_until(b.in(1s));
  }
  ASSERT_TRUE(b.server && !*b.server);
  EXPECT_EQ(b.server->status(), THARSIS_E_TIMEOUT);
}

TEST(TlsStream, APeerThatClosesOrIsNoTlsIsTold) {
  bench b;
  auto [a, other] = b.connected();
  b.work.spawn(keep_client(&b.place, std::move(a), both().client, "im.example.com", never, &b.client));
  other.reset();
  b.loop.run();
  ASSERT_TRUE(b.client && !*b.client);
  EXPECT_EQ(b.client->status(), THARSIS_E_RESET);

  b.client.reset();
  auto [c, web] = b.connected();
  b.work.spawn(keep_client(&b.place, std::move(c), both().client, "im.example.com", never, &b.client));
  const std::string page = "HTTP/1.1 400 Bad Request\r\n\r\n";
  web->write(bytes(page.begin(), page.end()));
  b.loop.run();
  ASSERT_TRUE(b.client && !*b.client);
  EXPECT_EQ(b.client->status(), THARSIS_E_PROTOCOL);
  EXPECT_NE(b.client->failure().text.find("it sent \"HTTP/1.1 400"), std::string::npos);
}

TEST(TlsStream, ACutIsNoEnd) {
  bench b;
  b.shake_hands();
  b.loop.run();
  counted got;
  b.work.spawn(take_all((**b.client).get(), 100, &got));
  (***b.server).write(bytes{0, 1, 2});
  b.server.reset();  // Destroyed without end().
  b.loop.run();
  EXPECT_EQ(got.count, 3u) << "what was written is sent all the same";
  EXPECT_EQ(got.end, THARSIS_E_RESET);
  EXPECT_NE((***b.client).failure().find("was cut"), std::string::npos);
}

TEST(TlsStream, AWireThatFailsIsToldToReaderAndWriter) {
  bench b;
  b.shake_hands();
  b.loop.run();
  counted got;
  b.work.spawn(take_all((**b.client).get(), 100, &got));
  b.net.fail(2, THARSIS_E_TIMEOUT);
  b.loop.run();
  EXPECT_EQ(got.end, THARSIS_E_TIMEOUT);
  EXPECT_EQ((***b.client).write(bytes{1}), THARSIS_E_TIMEOUT);
}

TEST(TlsStream, AfterTheEndNothingMoreIsWrittenAndThePeersWordsAreStillRead) {
  bench b;
  b.shake_hands();
  b.loop.run();
  stream &client = ***b.client, &server = ***b.server;
  client.end();
  client.end();
  EXPECT_EQ(client.write(bytes{1}), THARSIS_E_INVALID);
  b.loop.run();
  uint8_t some[10];
  size_t count = 1;
  EXPECT_EQ(server.read(some, count), THARSIS_OK);
  EXPECT_EQ(count, 0u);
  server.write(bytes{7, 8});
  server.end();
  b.loop.run();
  EXPECT_EQ(client.read(some, count), THARSIS_OK);
  EXPECT_EQ(count, 2u);
  EXPECT_EQ(client.read(some, count), THARSIS_OK);
  EXPECT_EQ(count, 0u);
}

// Everything is destroyed after every possible number of steps: no late event finds what is gone.
TEST(TlsStream, DestroyedAtEveryStepNothingIsTouchedAfterwards) {
  for (int steps = 0;; ++steps) {
    bench b;
    b.net.piece = 200;
    b.shake_hands("im.example.com", b.in(10s));
    bool over = false;
    for (int i = 0; i < steps && !over; ++i) over = !b.loop.step();
    if (b.client && *b.client) (***b.client).write(bytes(10));
    b.work.clear();
    b.client.reset();
    b.server.reset();
    EXPECT_TRUE(b.loop.timers.empty()) << "no timer stays behind";
    EXPECT_EQ(b.net.sockets.size(), 1u) << "only the listener is open";
    b.loop.run();
    if (over) break;
    ASSERT_LT(steps, 1000);
  }
}
