// Between two ends that have the keys of one TLS connection: what one seals the other opens, once; everything else is
// dropped, and counted as what it was.
#include "sdk/async/datagram_seal.h"

#include <random>

#include "sdk/pure/views.h"
#include "tests/sdk/async/tls_peers.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

constexpr datagram::connection_id lane{1, 2, 3, 4, 5, 6, 7, 8};

datagram::keys some_keys(uint8_t salt = 0) {
  std::array<uint8_t, datagram::exported_size> exported;
  for (size_t i = 0; i < exported.size(); ++i) exported[i] = static_cast<uint8_t>(i * 7 + salt);
  return datagram::keys_of(exported);
}

struct pair {
  datagram::sealer from = *datagram::sealer::make(lane, some_keys().to_server);
  datagram::opener to = *datagram::opener::make(lane, some_keys().to_server);
  std::array<uint8_t, datagram::size_max> room{};

  bytes seal(std::string_view text) {
    std::array<uint8_t, datagram::size_max> made;
    const size_t size = from.seal(as_bytes(text), made);
    return bytes(made.begin(), made.begin() + static_cast<std::ptrdiff_t>(size));
  }
  std::string open(const bytes& sealed) {
    const auto opened = to.open(sealed, room);
    return opened ? std::string(as_text(opened->content)) : "dropped";
  }
};

}  // namespace

TEST(DatagramSeal, WhatOneSealsTheOtherOpensAndNobodyReadsOnTheWay) {
  pair p;
  const bytes sealed = p.seal("a word between two");
  EXPECT_EQ(sealed.size(), datagram::head_size + 18 + datagram::tag_size);
  EXPECT_EQ(as_text(sealed).find("word"), std::string_view::npos);
  EXPECT_EQ(p.open(sealed), "a word between two");
  EXPECT_EQ(p.to.highest(), 1u);
  EXPECT_EQ(p.open(p.seal("")), "");
}

TEST(DatagramSeal, EveryBitThatIsTurnedOnTheWayIsSeen) {
  pair p;
  const bytes sealed = p.seal("forty-two bits of truth");
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    bytes altered = sealed;
    altered[bit / 8] = static_cast<uint8_t>(altered[bit / 8] ^ 1u << bit % 8);
    ASSERT_EQ(p.open(altered), "dropped") << "bit " << bit;
    for (const uint8_t b : p.room) ASSERT_EQ(b, 0) << "what is refused leaves nothing";
  }
  EXPECT_GT(p.to.dropped().forged, sealed.size() * 7 - 9 * 8);
  EXPECT_GE(p.to.dropped().foreign, 9u * 8);
  EXPECT_EQ(p.open(sealed), "forty-two bits of truth") << "and the true one is taken all the same";
}

TEST(DatagramSeal, NothingThatWasCutOrMadeLongerOpens) {
  pair p;
  const bytes sealed = p.seal("cut me anywhere");
  for (size_t size = 0; size < sealed.size(); ++size) ASSERT_EQ(p.open(bytes(sealed.begin(), sealed.begin() + static_cast<std::ptrdiff_t>(size))), "dropped") << size;
  for (size_t more = 1; more < 40; ++more) {
    bytes longer = sealed;
    longer.resize(sealed.size() + more);
    ASSERT_EQ(p.open(longer), "dropped") << more;
  }
  EXPECT_EQ(p.open(bytes(datagram::size_max + 1, 0x71)), "dropped");
  EXPECT_EQ(p.open(sealed), "cut me anywhere");
}

TEST(DatagramSeal, ADatagramThatComesAgainIsDroppedHoweverLate) {
  pair p;
  std::vector<bytes> sent;
  for (int i = 0; i < 2000; ++i) sent.push_back(p.seal(std::to_string(i)));
  std::mt19937_64 random(3);
  for (size_t i = 0; i < sent.size(); i += 100) std::shuffle(sent.begin() + static_cast<std::ptrdiff_t>(i), sent.begin() + static_cast<std::ptrdiff_t>(i + 100), random);
  for (const bytes& one : sent) ASSERT_NE(p.open(one), "dropped");
  for (const bytes& one : sent) ASSERT_EQ(p.open(one), "dropped");
  EXPECT_EQ(p.to.dropped().repeated, 2000u);
  EXPECT_EQ(p.to.dropped().forged, 0u);
}

TEST(DatagramSeal, AForgedNumberDoesNotMoveTheWindow) {
  pair p;
  const bytes sealed = p.seal("first");
  bytes forged = sealed;
  for (size_t i = 9; i < 13; ++i) forged[i] = 0xFF;
  EXPECT_EQ(p.open(forged), "dropped");
  EXPECT_EQ(p.to.highest(), 0u);
  EXPECT_EQ(p.open(sealed), "first");
}

TEST(DatagramSeal, OtherKeysOtherDirectionsAndOtherConnectionsDoNotFit) {
  pair p;
  const bytes sealed = p.seal("for one only");
  std::array<uint8_t, datagram::size_max> room;
  auto stranger = *datagram::opener::make(lane, some_keys(1).to_server);
  auto backwards = *datagram::opener::make(lane, some_keys().to_client);
  auto elsewhere = *datagram::opener::make({9}, some_keys().to_server);
  EXPECT_FALSE(stranger.open(sealed, room));
  EXPECT_FALSE(backwards.open(sealed, room));
  EXPECT_FALSE(elsewhere.open(sealed, room));
  EXPECT_EQ(stranger.dropped().forged + backwards.dropped().forged, 2u);
  EXPECT_EQ(elsewhere.dropped().foreign, 1u);
}

TEST(DatagramSeal, NumbersDoNotBeginAgain) {
  auto from = *datagram::sealer::make(lane, some_keys().to_server, UINT32_MAX - 1);
  auto to = *datagram::opener::make(lane, some_keys().to_server);
  std::array<uint8_t, datagram::size_max> made, room;
  for (const uint32_t number : {UINT32_MAX - 1, UINT32_MAX}) {
    const size_t size = from.seal(as_bytes("x"), made);
    EXPECT_EQ(from.number(), number);
    const auto opened = to.open(std::span(made).first(size), room);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->number, number);
  }
  EXPECT_EQ(from.seal(as_bytes("x"), made), 0u) << "a nonce would serve twice";
  EXPECT_EQ(from.seal(as_bytes("x"), made), 0u);
}

TEST(DatagramSeal, AContentThatIsTooLongIsNotSealed) {
  pair p;
  std::array<uint8_t, datagram::size_max> made;
  const bytes most(datagram::content_max, 1), more(datagram::content_max + 1, 1);
  EXPECT_EQ(p.from.seal(most, made), datagram::size_max);
  EXPECT_EQ(p.from.seal(more, made), 0u);
  EXPECT_EQ(p.from.number(), 1u) << "and costs no number";
}

TEST(DatagramSeal, BothEndsOfATlsConnectionExportTheSameAndOtherConnectionsOther) {
  const identity authority = authority_named("Tests", 1);
  const tls_context clients = client_of(authority.certificate_pem);
  const tls_context servers = server_of(issued(authority, {"im.example.com"}));
  std::array<uint8_t, datagram::exported_size> here{}, there{}, other{}, elsewhere{};
  tls_machine client(clients, "im.example.com", wall_seconds), server(servers, "", wall_seconds);
  EXPECT_FALSE(client.export_secret(datagram::exporter_label, lane, here)) << "before the handshake";
  converse(client, server);
  ASSERT_TRUE(client.export_secret(datagram::exporter_label, lane, here));
  ASSERT_TRUE(server.export_secret(datagram::exporter_label, lane, there));
  EXPECT_EQ(here, there);
  const datagram::connection_id another{8};
  ASSERT_TRUE(client.export_secret(datagram::exporter_label, another, other));
  EXPECT_NE(here, other) << "the lane's id is part of it";
  tls_machine second(clients, "im.example.com", wall_seconds), peer(servers, "", wall_seconds);
  converse(second, peer);
  ASSERT_TRUE(second.export_secret(datagram::exporter_label, lane, elsewhere));
  EXPECT_NE(here, elsewhere);
}
