// TLS as a machine: whatever is done to the bytes between two honest ends, either both have all that was
// written, or the one that has not says why. Certificates that must be refused are in tls_trust_test.cpp.
#include "sdk/async/tls_machine.h"

#include "tests/sdk/async/tls_peers.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

const identity& authority() {
  static const identity made = authority_named("Tests", 1);
  return made;
}
const tls_context& clients() {
  static const tls_context made = client_of(authority().certificate_pem);
  return made;
}
const identity& own() {
  static const identity made = issued(authority(), {"im.example.com"});
  return made;
}
const tls_context& servers() {
  static const tls_context made = server_of(own());
  return made;
}

struct ends {
  tls_machine client{clients(), "im.example.com", wall_seconds};
  tls_machine server{servers(), "", wall_seconds};
};

bytes pattern(size_t size) {
  bytes made(size);
  for (size_t i = 0; i < size; ++i) made[i] = static_cast<uint8_t>(i * 31 + i / 256);
  return made;
}

bytes text(std::string_view t) { return bytes(t.begin(), t.end()); }

std::string refused(const tls_machine& m, tharsis_status status) {
  EXPECT_EQ(m.failure().status, status) << m.failure().text;
  return m.failure().text;
}

// What goes one way, on its way: taken in pieces whose size `next` chooses.
struct way {
  tls_machine& from;
  tls_machine& to;
  bytes wire{};
  void carry(const std::function<size_t()>& next) {
    const bytes more = output_of(from);
    wire.insert(wire.end(), more.begin(), more.end());
    const size_t n = std::min(next(), wire.size());
    const size_t taken = to.on_bytes(std::span<const uint8_t>(wire).first(n));
    wire.erase(wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(taken));
  }
};

}  // namespace

TEST(TlsMachine, OneByteAtATimeShakesHandsAndCarriesData) {
  ends e;
  way up{e.client, e.server}, down{e.server, e.client};
  const auto one = [] { return size_t{1}; };
  for (int i = 0; i < 20'000 && (e.client.handshake_status() || e.server.handshake_status()); ++i) up.carry(one), down.carry(one);
  ASSERT_EQ(e.client.handshake_status(), THARSIS_OK) << e.client.failure().text;
  ASSERT_EQ(e.server.handshake_status(), THARSIS_OK) << e.server.failure().text;
  EXPECT_EQ(e.client.write(text("question")), THARSIS_OK);
  EXPECT_EQ(e.server.write(text("answer")), THARSIS_OK);
  for (int i = 0; i < 100; ++i) up.carry(one), down.carry(one);
  EXPECT_EQ(read_all(e.server, 1), text("question"));
  EXPECT_EQ(read_all(e.client, 1), text("answer"));
}

TEST(TlsMachine, RandomPiecesReadsAndWritesLoseNothing) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
    ends e;
    way up{e.client, e.server}, down{e.server, e.client};
    bytes sent[2], got[2];
    const size_t piece_max = 1 + (size_t{1} << below(15));
    for (int step = 0; step < 400; ++step) {
      const auto next = [&] { return 1 + below(piece_max); };
      switch (below(4)) {
        case 0: up.carry(next); break;
        case 1: down.carry(next); break;
        default: {
          const bool client = below(2) == 0;
          tls_machine& m = client ? e.client : e.server;
          if (m.handshake_status() == THARSIS_OK && below(3) == 0) {
            const bytes more = pattern(below(20'000));
            ASSERT_EQ(m.write(more), THARSIS_OK);
            sent[client].insert(sent[client].end(), more.begin(), more.end());
          }
          bytes some(1 + below(5000));
          size_t count = 0;
          const tharsis_status s = m.read(some, count);
          ASSERT_TRUE(s == THARSIS_OK || s == THARSIS_PENDING) << m.failure().text;
          ASSERT_EQ(s == THARSIS_OK, count > 0);
          got[!client].insert(got[!client].end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(count));
        }
      }
    }
    const auto all = [] { return tls_machine::unread_max; };
    for (int i = 0; i < 400; ++i) {
      up.carry(all), down.carry(all);
      for (const bool client : {false, true}) {
        const bytes more = read_all(client ? e.client : e.server);
        got[!client].insert(got[!client].end(), more.begin(), more.end());
      }
    }
    EXPECT_EQ(e.client.handshake_status(), THARSIS_OK);
    EXPECT_TRUE(got[1] == sent[1] && got[0] == sent[0]) << sent[0].size() << " and " << sent[1].size() << " bytes";
  }
}

TEST(TlsMachine, BigDataBothWaysAtOnceWithTinyReads) {
  ends e;
  converse(e.client, e.server);
  const bytes big = pattern(3'000'000);
  ASSERT_EQ(e.client.write(big), THARSIS_OK);
  ASSERT_EQ(e.server.write(big), THARSIS_OK);
  way up{e.client, e.server}, down{e.server, e.client};
  bytes at_server, at_client;
  const auto much = [] { return size_t{50'000}; };
  while (at_server.size() < big.size() || at_client.size() < big.size()) {
    up.carry(much), down.carry(much);
    const bytes a = read_all(e.server, 7), b = read_all(e.client, 11);
    ASSERT_FALSE(a.empty() && b.empty());
    at_server.insert(at_server.end(), a.begin(), a.end());
    at_client.insert(at_client.end(), b.begin(), b.end());
  }
  EXPECT_TRUE(at_server == big && at_client == big);
}

TEST(TlsMachine, WhoDoesNotReadIsNotFilledWithoutEnd) {
  ends e;
  converse(e.client, e.server);
  ASSERT_EQ(e.client.write(pattern(1'000'000)), THARSIS_OK);
  const bytes wire = output_of(e.client);
  const size_t taken = e.server.on_bytes(wire);
  EXPECT_EQ(taken, tls_machine::unread_max);
  EXPECT_FALSE(e.server.wants_input());
  EXPECT_EQ(e.server.on_bytes(std::span(wire).subspan(taken)), 0u);
  bytes some(16 * 1024);
  size_t count = 0;
  ASSERT_EQ(e.server.read(some, count), THARSIS_OK);
  EXPECT_TRUE(e.server.wants_input()) << "reading makes room";
}

TEST(TlsMachine, BeforeTheHandshakeNothingIsReadOrWritten) {
  ends e;
  bytes some(10);
  size_t count = 1;
  EXPECT_EQ(e.client.read(some, count), THARSIS_PENDING);
  EXPECT_EQ(count, 0u);
  EXPECT_EQ(e.client.write(some), THARSIS_E_INVALID);
  e.server.on_bytes(output_of(e.client));  // The server could send now, but knows nothing of the client yet.
  EXPECT_EQ(e.server.write(some), THARSIS_E_INVALID);
  EXPECT_EQ(e.client.failure().status, THARSIS_OK) << "an early call breaks nothing";
  converse(e.client, e.server);
  EXPECT_EQ(e.client.handshake_status(), THARSIS_OK);
}

// The wire is cut after every possible byte, in each direction. Whoever has not shaken hands says so;
// whoever has, and was not told of an end, does not take it for one.
TEST(TlsMachine, CutAtEveryByteOfTheHandshake) {
  size_t whole = 0;
  {
    ends e;
    const bytes hello = output_of(e.client);
    e.server.on_bytes(hello);
    whole = hello.size() + output_of(e.server).size();
  }
  ASSERT_GT(whole, 800u);
  for (size_t cut = 0; cut < whole; ++cut) {
    ends e;
    const bytes hello = output_of(e.client);
    e.server.on_bytes(std::span(hello).first(std::min(cut, hello.size())));
    if (cut < hello.size()) {
      e.server.on_end();
      ASSERT_NE(refused(e.server, THARSIS_E_RESET).find("in the middle of the TLS handshake"), std::string::npos) << cut;
      continue;
    }
    const bytes flight = output_of(e.server);
    e.client.on_bytes(std::span(flight).first(cut - hello.size()));
    ASSERT_EQ(e.client.handshake_status(), THARSIS_PENDING) << cut;
    e.client.on_end();
    ASSERT_EQ(refused(e.client, THARSIS_E_RESET), "im.example.com ended the connection in the middle of the TLS handshake");
    bytes some(10);
    size_t count = 0;
    ASSERT_EQ(e.client.read(some, count), THARSIS_E_RESET);
    ASSERT_EQ(e.client.on_bytes(std::span(flight).subspan(cut - hello.size())), 0u) << "what is dead stays dead";
    ASSERT_EQ(e.client.handshake_status(), THARSIS_E_RESET);
  }
}

TEST(TlsMachine, CutAtEveryByteOfADataRecordIsNoEnd) {
  size_t record = 0;
  {
    ends e;
    converse(e.client, e.server);
    e.server.write(text("the last message"));
    record = output_of(e.server).size();
  }
  for (size_t cut = 0; cut <= record; ++cut) {
    ends e;
    converse(e.client, e.server);
    e.server.write(text("the last message"));
    const bytes wire = output_of(e.server);
    e.client.on_bytes(std::span(wire).first(cut));
    e.client.on_end();
    bytes some(100);
    size_t count = 0;
    if (cut == record) {
      ASSERT_EQ(e.client.read(some, count), THARSIS_OK) << "what came whole is read";
      ASSERT_EQ(count, 16u);
    }
    ASSERT_EQ(e.client.read(some, count), THARSIS_E_RESET) << cut;
    ASSERT_EQ(refused(e.client, THARSIS_E_RESET),
              "the connection to im.example.com was cut: it ended without TLS's close_notify, so the last message "
              "may be incomplete");
  }
}

TEST(TlsMachine, AnEndThatIsSaidIsAnEndAlsoWhenTheWireIsCutBehindIt) {
  ends e;
  converse(e.client, e.server);
  e.server.write(text("bye"));
  e.server.close_notify();
  e.server.close_notify();
  EXPECT_EQ(e.server.write(text("more")), THARSIS_E_INVALID);
  e.client.on_bytes(output_of(e.server));
  e.client.on_end();
  bytes some(100);
  size_t count = 0;
  ASSERT_EQ(e.client.read(some, count), THARSIS_OK);
  EXPECT_EQ(count, 3u);
  for (int again = 0; again < 3; ++again) {
    EXPECT_EQ(e.client.read(some, count), THARSIS_OK);
    EXPECT_EQ(count, 0u);
  }
  EXPECT_EQ(e.client.failure().status, THARSIS_OK);
}

TEST(TlsMachine, OneSideMayEndAndStillRead) {
  ends e;
  converse(e.client, e.server);
  e.client.close_notify();
  e.server.on_bytes(output_of(e.client));
  bytes some(100);
  size_t count = 1;
  EXPECT_EQ(e.server.read(some, count), THARSIS_OK);
  EXPECT_EQ(count, 0u);
  EXPECT_EQ(e.server.write(text("all the same")), THARSIS_OK);
  e.client.on_bytes(output_of(e.server));
  EXPECT_EQ(read_all(e.client), text("all the same"));
}

TEST(TlsMachine, AnAlteredByteAnywhereInTheDataKillsTheConnectionAndTellsThePeer) {
  size_t record = 0;
  {
    ends e;
    converse(e.client, e.server);
    e.server.write(text("pay 10 to ann"));
    record = output_of(e.server).size();
  }
  for (size_t at = 0; at < record; ++at) {
    ends e;
    converse(e.client, e.server);
    e.server.write(text("pay 10 to ann"));
    bytes wire = output_of(e.server);
    wire[at] = static_cast<uint8_t>(wire[at] ^ 1);
    e.client.on_bytes(wire);
    e.client.on_end();
    bytes some(100);
    size_t count = 0;
    ASSERT_LT(e.client.read(some, count), 0) << at;
    ASSERT_EQ(count, 0u) << at;
    ASSERT_NE(e.client.failure().status, THARSIS_E_INTERNAL) << at << ": " << e.client.failure().text;
    ASSERT_LT(e.client.write(some), 0);
    if (e.client.failure().status != THARSIS_E_PROTOCOL) continue;  // A longer length only waits for more.
    ASSERT_EQ(e.client.failure().text.find("im.example.com sent something wrong on the TLS connection ("), 0u);
    e.server.on_bytes(output_of(e.client));
    ASSERT_EQ(e.server.read(some, count), THARSIS_E_RESET) << at;
    ASSERT_EQ(e.server.failure().text.find("the client ended TLS with the alert \""), 0u) << e.server.failure().text;
  }
}

TEST(TlsMachine, AnAlteredByteAnywhereInTheHandshakeNeverGivesAwayData) {
  std::mt19937_64 random(5);
  for (size_t at = 0;; at += 1 + random() % 3) {
    ends e;
    const bytes hello = output_of(e.client);
    e.server.on_bytes(hello);
    bytes flight = output_of(e.server);
    if (at >= flight.size()) break;
    flight[at] = static_cast<uint8_t>(flight[at] ^ (1u << random() % 8));
    e.client.on_bytes(flight);
    converse(e.client, e.server);
    e.client.on_end();
    bytes some(10);
    size_t count = 0;
    ASSERT_LT(e.client.read(some, count), 0) << at;
    ASSERT_NE(e.client.failure().status, THARSIS_E_INTERNAL) << at << ": " << e.client.failure().text;
    ASSERT_FALSE(e.client.failure().text.empty());
  }
}

TEST(TlsMachine, APeerThatDoesNotSpeakTlsIsQuoted) {
  const struct { std::string_view says, quoted; } peers[] = {
      {"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "\"HTTP/1.1 400 Bad Request\\r\\nConnection: cl...\""},
      {"SSH-2.0-OpenSSH_9.2\r\n", "\"SSH-2.0-OpenSSH_9.2\\r\\n\""},
      {std::string_view("\0\x01\xff", 3), "\"\\x00\\x01\\xff\""},
      {"\x16GET", "\"\\x16GET\""}};
  for (const auto& p : peers) {
    ends e;
    EXPECT_EQ(e.client.on_bytes(text(p.says)), 0u);
    EXPECT_EQ(refused(e.client, THARSIS_E_PROTOCOL),
              "im.example.com does not speak TLS: it sent " + std::string(p.quoted) +
                  "; is this the right port, and is TLS switched on there?");
    EXPECT_EQ(e.server.on_bytes(text(p.says)), 0u);
    EXPECT_EQ(refused(e.server, THARSIS_E_PROTOCOL).find("the client does not speak TLS"), 0u);
  }
}

TEST(TlsMachine, GarbageOfAnyKindIsRefusedWithASentence) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 300; ++round) {
    ends e;
    bytes garbage(1 + random() % 3000);
    for (uint8_t& b : garbage) b = static_cast<uint8_t>(random());
    if (round % 2 == 0) garbage[0] = 22, garbage.resize(std::max<size_t>(garbage.size(), 3)), garbage[1] = 3;
    for (tls_machine* m : {&e.client, &e.server}) {
      m->on_bytes(garbage);
      m->on_end();
      ASSERT_LT(m->handshake_status(), 0);
      ASSERT_NE(m->failure().status, THARSIS_E_INTERNAL) << m->failure().text;
      ASSERT_FALSE(m->failure().text.empty());
    }
  }
}

TEST(TlsMachine, AServerThatSpeaksTls12IsRefused) {
  raw_peer old(true, TLS1_2_VERSION, &own());
  tls_machine client(clients(), "im.example.com", wall_seconds);
  old.converse(client);
  EXPECT_EQ(refused(client, THARSIS_E_PROTOCOL), "im.example.com does not speak TLS 1.3, which is needed (alert \"protocol version\")");
}

TEST(TlsMachine, AClientThatSpeaksTls12IsRefusedAndTold) {
  raw_peer old(false, TLS1_2_VERSION);
  old.on_bytes({});
  tls_machine server(servers(), "10.0.0.7:5000", wall_seconds);
  server.on_bytes(old.take_output());
  EXPECT_EQ(refused(server, THARSIS_E_PROTOCOL), "10.0.0.7:5000 speaks only TLS 1.2 or older; TLS 1.3 is needed");
  const bytes alert = output_of(server);
  ASSERT_GE(alert.size(), 7u);
  EXPECT_EQ(alert[alert.size() - 7], 21) << "an alert";
  EXPECT_EQ(alert.back(), SSL_AD_PROTOCOL_VERSION);
}

TEST(TlsMachine, EveryAlertInTheHandshakeIsToldInWords) {
  const struct { int number; tharsis_status status; std::string_view words; } alerts[] = {
      {SSL_AD_HANDSHAKE_FAILURE, THARSIS_E_PROTOCOL, "im.example.com found nothing that both sides speak, or has no certificate"},
      {SSL_AD_UNKNOWN_CA, THARSIS_E_UNTRUSTED, "im.example.com does not accept our certificate (alert \"unknown CA\")"},
      {SSL_AD_UNRECOGNIZED_NAME, THARSIS_E_PROTOCOL, "im.example.com serves no host of that name"},
      {SSL_AD_INTERNAL_ERROR, THARSIS_E_RESET, "im.example.com gave up the TLS handshake with the alert \"internal error\""},
      {255, THARSIS_E_RESET, "im.example.com gave up the TLS handshake with the alert \"unknown\""}};
  for (const auto& a : alerts) {
    ends e;
    e.client.on_bytes(bytes{21, 3, 3, 0, 2, 2, static_cast<uint8_t>(a.number)});
    EXPECT_EQ(refused(e.client, a.status).find(a.words), 0u) << e.client.failure().text;
  }
}

TEST(TlsMachine, AnEndInTheMiddleOfTheHandshakeIsNoDefectOfOurs) {
  ends e;
  e.client.on_bytes(bytes{21, 3, 3, 0, 2, 1, SSL_AD_CLOSE_NOTIFY});
  EXPECT_EQ(refused(e.client, THARSIS_E_RESET), "im.example.com ended TLS in the middle of the handshake");
}

TEST(TlsMachine, KeysMayChangeButNotWithoutEnd) {
  raw_peer restless(false, TLS1_3_VERSION);
  tls_machine server(servers(), "", wall_seconds);
  restless.on_bytes({});
  server.on_bytes(restless.take_output());
  restless.converse(server);
  ASSERT_EQ(server.handshake_status(), THARSIS_OK) << server.failure().text;

  uint64_t changes = 0, answered = 0;
  bytes some(100);
  size_t count = 0;
  while (server.read(some, count) == THARSIS_PENDING && changes < 10'000) {
    SSL_key_update(restless.ssl(), SSL_KEY_UPDATE_REQUESTED);
    SSL_do_handshake(restless.ssl());
    server.on_bytes(restless.take_output());
    if (++changes <= 1000) answered += output_of(server).size();
  }
  EXPECT_GT(answered, 1000u) << "a thousand changes are no harm";
  EXPECT_LT(changes, 4000u);
  EXPECT_EQ(refused(server, THARSIS_E_PROTOCOL), "the client changes its TLS keys without end");
  EXPECT_LT(output_of(server).size(), 2 * tls_machine::answers_max);
}

TEST(TlsMachine, APeersNameMustBeOne) {
  for (const std::string name : {"", ".", "a..b", "im.example.com:443", "*.example.com", "b\xc3\xbc" "cher.de", "a b", "[::1]"}) {
    tls_machine client(clients(), name, wall_seconds);
    EXPECT_NE(refused(client, THARSIS_E_INVALID).find("can be no server's name"), std::string::npos) << name;
    EXPECT_EQ(client.handshake_status(), THARSIS_E_INVALID);
    EXPECT_TRUE(client.take_output().empty()) << "nothing is said to a server whose name cannot be checked";
    EXPECT_EQ(client.on_bytes(text("x")), 0u);
  }
}

TEST(TlsMachine, LeftoversInTheErrorQueueNeitherDisturbNorStay) {
  ends e;
  const auto dirty = [] { ERR_put_error(ERR_LIB_SSL, 0, SSL_R_UNSUPPORTED_PROTOCOL, __FILE__, __LINE__); };
  for (int i = 0; i < 6; ++i) {
    dirty();
    e.server.on_bytes(output_of(e.client));
    dirty();
    e.client.on_bytes(output_of(e.server));
  }
  EXPECT_EQ(e.client.handshake_status(), THARSIS_OK) << e.client.failure().text;
  dirty();
  bytes some(10);
  size_t count = 0;
  EXPECT_EQ(e.client.read(some, count), THARSIS_PENDING) << e.client.failure().text;
  EXPECT_EQ(ERR_peek_error(), 0u);
}
