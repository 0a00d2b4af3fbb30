// Goal: pins, client certificates, old versions, tickets and early data do what they promise and nothing else:
// where they do not fit there is a sentence, or a full handshake.
#include "sdk/async/tls_machine.h"
#include "tests/sdk/async/tls_peers.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

const identity& authority() {
  static const identity made = authority_named("Tests", 1);
  return made;
}
const identity& own() {
  static const identity made = issued(authority(), {"im.example.com"});
  return made;
}
bytes text(std::string_view t) { return bytes(t.begin(), t.end()); }

key_pin pin_of(const identity& of) {
  const auto certificates = openssl::read_certificates(of.certificate_pem, "it");
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificates->front().get()), &der);
  key_pin pin{};
  EVP_Digest(der, static_cast<size_t>(size), pin.data(), nullptr, EVP_sha256(), nullptr);
  OPENSSL_free(der);
  return pin;
}

tls_client_settings trusting() { return {.ca_pem = authority().certificate_pem}; }
tls_server_settings showing() { return {.certificate_chain_pem = own().certificate_pem, .private_key_pem = own().private_key_pem}; }

struct ends {
  ends(const tls_client_settings& c, const tls_server_settings& s, tls_resumption again = {}, int64_t wall = wall_seconds)
      : ends(*tls_context::client(c), *tls_context::server(s), std::move(again), wall) {}
  ends(const tls_context& c, const tls_context& s, tls_resumption again = {}, int64_t wall = wall_seconds)
      : client(c, "im.example.com", wall, std::move(again)), server(s, "", wall) {}
  tls_machine client, server;
};

// A full handshake, and the tickets that come behind it.
void meet(const tls_context& c, const tls_context& s, const tls_resumption& again) {
  ends e(c, s, again);
  converse(e.client, e.server);
  ASSERT_EQ(e.client.handshake_status(), THARSIS_OK) << e.client.failure().text;
  EXPECT_FALSE(e.client.resumed());
  EXPECT_TRUE(read_all(e.client).empty());
}

}  // namespace

TEST(TlsProtocols, TheBestThatBothSpeakIsSettledAndNothingWhereOneSideOffersNone) {
  const auto settled = [](bool client2, bool client1, bool server2, bool server1) {
    auto c = trusting();
    c.http2 = client2, c.http1 = client1;
    auto s = showing();
    s.http2 = server2, s.http1 = server1;
    ends e(c, s);
    converse(e.client, e.server);
    EXPECT_EQ(e.client.protocol(), e.server.protocol());
    return e.client.handshake_status() == THARSIS_OK ? std::string(e.client.protocol()) : "refused";
  };
  EXPECT_EQ(settled(true, true, true, true), "h2");
  EXPECT_EQ(settled(true, true, false, true), "http/1.1");
  EXPECT_EQ(settled(false, true, true, true), "http/1.1");
  EXPECT_EQ(settled(true, false, true, false), "h2");
  EXPECT_EQ(settled(true, false, false, false), "");
  EXPECT_EQ(settled(false, false, true, true), "");
  EXPECT_EQ(settled(true, false, false, true), "refused");
}

TEST(TlsPins, OneOfTheChainsKeysIsEnoughAndABackupDoesNoHarm) {
  const key_pin other{};
  for (const auto& pins : {std::vector{pin_of(own())}, {other, pin_of(own())}, {pin_of(authority()), other}}) {
    auto c = trusting();
    c.pins = pins;
    ends e(c, showing());
    converse(e.client, e.server);
    EXPECT_EQ(e.client.handshake_status(), THARSIS_OK) << e.client.failure().text;
  }
}

TEST(TlsPins, ATrustedCertificateWithAnotherKeyIsRefusedBeforeAnythingIsSaid) {
  auto c = trusting();
  c.pins = {key_pin{}, pin_of(issued(authority(), {"im.example.com"}, wall_seconds - day))};
  c.pins.pop_back();
  ends e(c, showing());
  converse(e.client, e.server);
  EXPECT_EQ(e.client.failure().status, THARSIS_E_UNTRUSTED);
  EXPECT_NE(e.client.failure().text.find("pinned (tls.pins)"), std::string::npos) << e.client.failure().text;
  EXPECT_LT(e.client.write(text("secret")), 0);
  EXPECT_NE(e.server.handshake_status(), THARSIS_OK);
}

TEST(TlsPins, APinReplacesNoTrust) {
  const identity stranger = authority_named("Stranger", 5);
  auto c = trusting();
  const identity theirs = issued(stranger, {"im.example.com"});
  c.pins = {pin_of(theirs)};
  ends e(c, {.certificate_chain_pem = theirs.certificate_pem, .private_key_pem = theirs.private_key_pem});
  converse(e.client, e.server);
  EXPECT_EQ(e.client.failure().status, THARSIS_E_UNTRUSTED);
  EXPECT_EQ(e.client.failure().text.find("pinned"), std::string::npos);
}

TEST(TlsPins, TextsAreReadAndWritten) {
  const std::string good = pin_text(pin_of(own()));
  ASSERT_TRUE(parse_pin(good));
  EXPECT_EQ(*parse_pin(good), pin_of(own()));
  for (const std::string& bad : {std::string(), std::string("sha256/"), good.substr(7), good + "=", "sha1/" + good.substr(7), std::string("sha256/Zm9v")}) {
    const auto p = parse_pin(bad);
    ASSERT_FALSE(p) << bad;
    EXPECT_NE(p.failure().text.find("openssl"), std::string::npos);
  }
}

TEST(TlsClientCertificate, AServerThatAsksGetsItAndOneWithoutIsRefused) {
  const identity ours = forged(&authority(), [](X509* x) { extend(x, NID_ext_key_usage, "clientAuth"); }, "client");
  auto s = showing();
  s.client_ca_pem = authority().certificate_pem;
  for (const bool shows : {true, false}) {
    auto c = trusting();
    if (shows) {
      c.certificate_chain_pem = ours.certificate_pem;
      c.private_key_pem = ours.private_key_pem;
    }
    ends e(c, s);
    converse(e.client, e.server);
    EXPECT_EQ(e.server.handshake_status() == THARSIS_OK, shows) << e.server.failure().text;
    read_all(e.client);
    EXPECT_EQ(e.client.failure().status == THARSIS_OK, shows) << "in TLS 1.3 a client hears of it behind the handshake";
    if (!shows) {
      EXPECT_FALSE(e.client.failure().text.empty());
    }
  }
}

// What is said to a proxy is not for the server behind it, and the other way round.
TEST(TlsForProxies, TheSameAuthorityVouchesAndNeitherPinsNorTheCertificateNorHttp2AreTheirs) {
  auto c = trusting();
  c.pins = {key_pin{}};
  c.http2 = true;
  const identity mine = forged(&authority(), [](X509* x) { extend(x, NID_ext_key_usage, "clientAuth"); }, "client");
  c.certificate_chain_pem = mine.certificate_pem;
  c.private_key_pem = mine.private_key_pem;
  const auto for_proxy = tls_context::client(c)->for_proxy();
  auto s = showing();
  s.http1 = s.http2 = true;
  ends honest(for_proxy, *tls_context::server(s));
  converse(honest.client, honest.server);
  EXPECT_EQ(honest.client.handshake_status(), THARSIS_OK) << honest.client.failure().text;
  EXPECT_EQ(honest.client.protocol(), "http/1.1");
  s.client_ca_pem = authority().certificate_pem;
  ends curious(for_proxy, *tls_context::server(s));
  converse(curious.client, curious.server);
  EXPECT_LT(curious.server.handshake_status(), 0) << "it was shown who is there";
  const identity stranger = issued(authority_named("Stranger", 5), {"im.example.com"});
  ends false_one(for_proxy, *tls_context::server({.certificate_chain_pem = stranger.certificate_pem, .private_key_pem = stranger.private_key_pem}));
  converse(false_one.client, false_one.server);
  EXPECT_EQ(false_one.client.handshake_status(), THARSIS_E_UNTRUSTED);
}

TEST(TlsClientCertificate, AKeyOfAnotherCertificateIsToldOf) {
  auto c = trusting();
  c.certificate_chain_pem = own().certificate_pem;
  c.private_key_pem = authority().private_key_pem;
  const auto made = tls_context::client(c);
  ASSERT_FALSE(made);
  EXPECT_NE(made.failure().text.find("the client's private key does not belong"), std::string::npos) << made.failure().text;
  c.private_key_pem.clear();
  EXPECT_FALSE(tls_context::client(c));
}

TEST(TlsVersions, OnlyWhoAllowsItSpeaksTls12) {
  auto s = showing();
  s.oldest = s.newest = tls_version::v1_2;
  for (const bool allowed : {true, false}) {
    auto c = trusting();
    if (allowed) c.oldest = tls_version::v1_2;
    ends e(c, s);
    converse(e.client, e.server);
    EXPECT_EQ(e.client.handshake_status() == THARSIS_OK, allowed) << e.client.failure().text;
    if (!allowed) {
      EXPECT_NE(e.client.failure().text.find("TLS 1.3"), std::string::npos) << e.client.failure().text;
    }
  }
}

TEST(TlsResumption, ATicketMakesTheNextHandshakeShorterAndIsUsedOnce) {
  auto s = showing();
  s.tickets = 2;
  const auto c = *tls_context::client(trusting());
  const auto server = *tls_context::server(s);
  tls_sessions kept;
  int resumed = 0, full = 0;
  kept.told = [&](bool was, bool) { ++(was ? resumed : full); };
  const tls_resumption again{&kept, "main", false};
  meet(c, server, again);
  EXPECT_EQ(kept.size(), 2u);
  {
    ends e(c, server, again);
    EXPECT_EQ(kept.size(), 1u);
    converse(e.client, e.server);
    ASSERT_EQ(e.client.handshake_status(), THARSIS_OK) << e.client.failure().text;
    EXPECT_TRUE(e.client.resumed());
    EXPECT_TRUE(e.server.resumed());
    e.client.write(text("hello"));
    converse(e.client, e.server);
    EXPECT_EQ(read_all(e.server), text("hello"));
    read_all(e.client);
  }
  EXPECT_EQ(resumed, 1);
  EXPECT_EQ(full, 0);
  kept.forget();
  ends e(c, server, again);
  converse(e.client, e.server);
  EXPECT_EQ(e.client.handshake_status(), THARSIS_OK);
  EXPECT_FALSE(e.client.resumed());
}

TEST(TlsResumption, ATicketBelongsToItsServerAndItsTrust) {
  auto s = showing();
  s.tickets = 4;
  const auto server = *tls_context::server(s);
  tls_sessions kept;
  meet(*tls_context::client(trusting()), server, {&kept, "main", false});
  auto pinned = trusting();
  pinned.pins = {pin_of(own())};
  EXPECT_FALSE(ends(*tls_context::client(pinned), server, {&kept, "main", false}).client.resumed());
  EXPECT_EQ(kept.size(), 4u) << "with other trust it was not even offered";
  ends elsewhere(*tls_context::client(trusting()), server, {&kept, "other", false});
  EXPECT_EQ(kept.size(), 4u);
  ends again(*tls_context::client(trusting()), server, {&kept, "main", false});
  EXPECT_EQ(kept.size(), 3u) << "the same settings, read anew, are the same trust";
}

TEST(TlsResumption, ATicketDoesNotOutliveItsCertificate) {
  auto s = showing();
  s.tickets = 2;
  const auto c = *tls_context::client(trusting());
  const auto server = *tls_context::server(s);
  tls_sessions kept;
  meet(c, server, {&kept, "main", false});
  ends e(c, server, {&kept, "main", false}, wall_seconds + 60 * day);
  converse(e.client, e.server);
  EXPECT_EQ(e.client.failure().status, THARSIS_E_UNTRUSTED) << "it has expired, ticket or not";
  EXPECT_EQ(kept.size(), 0u);
}

TEST(TlsResumption, AServerThatHasForgottenTheTicketGetsAFullHandshake) {
  auto s = showing();
  s.tickets = 2;
  const auto c = *tls_context::client(trusting());
  tls_sessions kept;
  meet(c, *tls_context::server(s), {&kept, "main", false});
  ends e(c, *tls_context::server(s), {&kept, "main", false});
  converse(e.client, e.server);
  EXPECT_EQ(e.client.handshake_status(), THARSIS_OK) << e.client.failure().text;
  EXPECT_FALSE(e.client.resumed());
}

TEST(TlsResumption, OnlyAFewAreKept) {
  auto s = showing();
  s.tickets = 10;
  const auto c = *tls_context::client(trusting());
  const auto server = *tls_context::server(s);
  tls_sessions kept;
  meet(c, server, {&kept, "main", false});
  EXPECT_EQ(kept.size(), tls_sessions::per_server_max);
  for (int i = 0; i < 30; ++i) meet(c, server, {&kept, "server " + std::to_string(i), false});
  EXPECT_LE(kept.size(), tls_sessions::kept_max);
}

namespace {

struct early_world {
  early_world() {
    auto s = showing();
    s.tickets = 2;
    s.early_data_max = 16 * 1024;
    server.emplace(*tls_context::server(s));
    kept.told = [this](bool, bool early) { taken += early ? 1 : 0; };
    meet(client, *server, again());
  }
  tls_resumption again() { return {&kept, "main", true}; }
  tls_context client = *tls_context::client(trusting());
  std::optional<tls_context> server;
  tls_sessions kept;
  int taken = 0;
};

}  // namespace

TEST(TlsEarlyData, TheAnswerComesWithTheServersFirstFlight) {
  early_world w;
  ends e(w.client, *w.server, w.again());
  ASSERT_TRUE(e.client.early());
  EXPECT_TRUE(output_of(e.client).empty()) << "the first flight waits for what is written";
  EXPECT_EQ(e.client.write(text("question")), THARSIS_OK);
  feed(e.server, output_of(e.client));
  EXPECT_TRUE(e.server.early());
  EXPECT_EQ(read_all(e.server), text("question"));
  EXPECT_EQ(e.server.write(text("answer")), THARSIS_OK);
  feed(e.client, output_of(e.server));
  EXPECT_EQ(read_all(e.client), text("answer")) << "after one round trip";
  converse(e.client, e.server);
  EXPECT_EQ(e.server.handshake_status(), THARSIS_OK) << e.server.failure().text;
  EXPECT_EQ(w.taken, 1);
  e.client.write(text("later"));
  converse(e.client, e.server);
  EXPECT_EQ(read_all(e.server), text("later"));
}

TEST(TlsEarlyData, WhatDoesNotFitFollowsBehindTheHandshakeInOrder) {
  early_world w;
  ends e(w.client, *w.server, w.again());
  bytes all(40'000);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint8_t>(i * 7 + i / 256);
  bytes got;
  EXPECT_EQ(e.client.write(std::span(all).first(10'000)), THARSIS_OK);
  EXPECT_EQ(e.client.write(std::span(all).subspan(10'000, 20'000)), THARSIS_OK);
  const bytes flight = output_of(e.client);
  EXPECT_EQ(e.client.write(std::span(all).subspan(30'000)), THARSIS_OK);
  feed(e.server, flight);
  for (int i = 0; i < 10; ++i) {
    const bytes more = read_all(e.server);
    got.insert(got.end(), more.begin(), more.end());
    converse(e.client, e.server);
  }
  EXPECT_EQ(got, all);
}

TEST(TlsEarlyData, AServerThatForgotTheTicketGetsItBehindTheHandshakeOnce) {
  early_world w;
  auto s = showing();
  s.tickets = 2;
  s.early_data_max = 16 * 1024;
  ends e(w.client, *tls_context::server(s), w.again());
  e.client.write(text("question"));
  converse(e.client, e.server);
  EXPECT_EQ(e.client.handshake_status(), THARSIS_OK) << e.client.failure().text;
  EXPECT_EQ(read_all(e.server), text("question"));
  EXPECT_EQ(w.taken, 0);
}

// Whoever records the first flight and plays it again gets nothing by it.
TEST(TlsEarlyData, TheSameFlightIsNotTakenTwice) {
  early_world w;
  ends e(w.client, *w.server, w.again());
  e.client.write(text("pay"));
  const bytes flight = output_of(e.client);
  feed(e.server, flight);
  EXPECT_EQ(read_all(e.server), text("pay"));
  tls_machine replayed(*w.server, "", wall_seconds);
  feed(replayed, flight);
  EXPECT_TRUE(read_all(replayed).empty());
}

TEST(TlsEarlyData, WithoutATicketOrWithoutAWordItIsAnOrdinaryHandshake) {
  early_world w;
  w.kept.forget();
  ends none(w.client, *w.server, w.again());
  EXPECT_FALSE(none.client.early());
  EXPECT_LT(none.client.write(text("too early")), 0);
  converse(none.client, none.server);
  EXPECT_EQ(none.client.handshake_status(), THARSIS_OK);
  read_all(none.client);
  ends silent(w.client, *w.server, w.again());
  ASSERT_TRUE(silent.client.early());
  silent.client.start();
  converse(silent.client, silent.server);
  EXPECT_EQ(silent.client.handshake_status(), THARSIS_OK) << silent.client.failure().text;
  EXPECT_TRUE(silent.client.resumed());
}

TEST(TlsEarlyData, NothingIsReadBeforeTheServerHasProvedItself) {
  early_world w;
  const identity liar = issued(authority_named("Liar", 3), {"im.example.com"});
  ends e(w.client, server_of(liar), w.again());
  e.client.write(text("question"));
  converse(e.client, e.server);
  EXPECT_EQ(e.client.failure().status, THARSIS_E_UNTRUSTED) << e.client.failure().text;
  EXPECT_TRUE(read_all(e.server).empty());
}
