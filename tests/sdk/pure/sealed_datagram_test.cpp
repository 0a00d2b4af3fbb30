// The head, the window and the content of a sealed datagram; sealing itself is in sdk/async/datagram_seal_test.cpp.
#include "sdk/pure/sealed_datagram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include "sdk/pure/datagram_message.h"
#include "sdk/pure/views.h"

using namespace tharsis;

namespace {

using datagram::replay_window;

std::vector<uint8_t> headed(uint32_t number, size_t rest) {
  std::vector<uint8_t> made(datagram::head_size + rest);
  datagram::write_head({{1, 2, 3, 4, 5, 6, 7, 8}, number}, std::span(made).first<datagram::head_size>());
  return made;
}

std::vector<uint8_t> written(const datagram::message& m) {
  std::vector<uint8_t> made(datagram::content_max);
  made.resize(datagram::write(m, made));
  return made;
}

}  // namespace

TEST(SealedDatagram, AHeadIsReadAsItWasWrittenAndNothingShorterLongerOrOlderIsOne) {
  for (const uint32_t number : {1u, 255u, 256u, 0x01020304u, UINT32_MAX}) {
    const auto whole = headed(number, datagram::tag_size);
    const auto h = datagram::read_head(whole);
    ASSERT_TRUE(h);
    EXPECT_EQ(h->number, number);
    EXPECT_EQ(h->id, (datagram::connection_id{1, 2, 3, 4, 5, 6, 7, 8}));
    for (size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(datagram::read_head(std::span(whole).first(size))) << size;
  }
  EXPECT_FALSE(datagram::read_head(headed(0, 100))) << "numbers begin with 1";
  EXPECT_TRUE(datagram::read_head(headed(1, datagram::size_max - datagram::head_size)));
  EXPECT_FALSE(datagram::read_head(headed(1, datagram::size_max - datagram::head_size + 1)));
  auto other = headed(1, 100);
  other[0] = 0x72;
  EXPECT_FALSE(datagram::read_head(other)) << "another version";
}

TEST(SealedDatagram, NoTwoNumbersHaveTheSameNonceAndDirectionsHaveTheirOwnKeys) {
  std::array<uint8_t, datagram::exported_size> exported;
  for (size_t i = 0; i < exported.size(); ++i) exported[i] = static_cast<uint8_t>(i);
  const auto keys = datagram::keys_of(exported);
  EXPECT_EQ(keys.to_server.key[0], 0);
  EXPECT_EQ(keys.to_server.base[11], 27);
  EXPECT_EQ(keys.to_client.key[0], 28);
  EXPECT_EQ(keys.to_client.base[11], 55);
  std::set<std::array<uint8_t, datagram::nonce_size>> all;
  for (uint32_t n : {1u, 2u, 255u, 256u, 65536u, 1u << 24, UINT32_MAX}) EXPECT_TRUE(all.insert(keys.to_server.nonce(n)).second);
  EXPECT_NE(keys.to_server.nonce(1), keys.to_client.nonce(1));
}

TEST(SealedDatagram, TheWindowTakesEachNumberOnceInAnyOrder) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    replay_window window;
    std::set<uint32_t> taken;
    uint32_t highest = 0;
    for (int i = 0; i < 3000; ++i) {
      const uint32_t reach = random() % 50 == 0 ? 3000 : 40;
      const uint32_t number = static_cast<uint32_t>(std::max<int64_t>(1, int64_t{highest} + static_cast<int64_t>(random() % reach) - 30));
      const bool expected = taken.count(number) == 0 && (number > highest || highest - number < replay_window::size);
      ASSERT_EQ(window.is_new(number), expected) << number << " of " << highest;
      if (!expected) continue;
      window.take(number);
      taken.insert(number);
      highest = std::max(highest, number);
      ASSERT_EQ(window.highest(), highest);
    }
  }
}

TEST(SealedDatagram, AtTheWindowsEdges) {
  replay_window window;
  EXPECT_FALSE(window.is_new(0));
  EXPECT_TRUE(window.is_new(1));
  window.take(2000);
  EXPECT_TRUE(window.is_new(2000 - replay_window::size + 1));
  EXPECT_FALSE(window.is_new(2000 - replay_window::size)) << "older than the window";
  window.take(2000 - replay_window::size + 1);
  EXPECT_FALSE(window.is_new(2000 - replay_window::size + 1));
  window.take(2001);
  EXPECT_FALSE(window.is_new(2000));
  window.take(2001 + replay_window::size);  // Everything before is out, and nothing of it shines through.
  EXPECT_FALSE(window.is_new(2001));
  EXPECT_TRUE(window.is_new(2002));
  window.take(UINT32_MAX);  // The last there is.
  EXPECT_FALSE(window.is_new(UINT32_MAX));
  EXPECT_TRUE(window.is_new(UINT32_MAX - 1));
  EXPECT_FALSE(window.is_new(1)) << "numbers do not begin again";
}

TEST(DatagramMessage, IsReadAsItWasWritten) {
  const auto key = as_bytes("key-1"), body = as_bytes("body");
  for (const auto what : {datagram::kind::probe, datagram::kind::here, datagram::kind::request, datagram::kind::answer,
                          datagram::kind::refusal, datagram::kind::stream}) {
    const bool named = what != datagram::kind::probe && what != datagram::kind::here;
    const bool keyed = what == datagram::kind::request;
    const auto made = written({what, 7, named ? 0x01020304u : 0, named ? 3u : 0, keyed ? key : std::span<const uint8_t>(), body});
    const auto m = datagram::read_message(made);
    ASSERT_TRUE(m);
    EXPECT_EQ(m->what, what);
    EXPECT_EQ(m->echo, 7u);
    EXPECT_EQ(m->sequence, named ? 0x01020304u : 0);
    EXPECT_EQ(m->command, named ? 3u : 0);
    EXPECT_EQ(as_text(m->key), keyed ? "key-1" : "");
    EXPECT_EQ(as_text(m->body), "body");
  }
}

TEST(DatagramMessage, TheEchoIsReplacedInPlace) {
  auto made = written({datagram::kind::request, 1, 2, 3, as_bytes("k"), as_bytes("b")});
  datagram::write_echo(made, 0xA0B0C0D0);
  EXPECT_EQ(datagram::read_message(made)->echo, 0xA0B0C0D0u);
  EXPECT_EQ(datagram::read_message(made)->sequence, 2u);
}

TEST(DatagramMessage, WhatDoesNotFitIsNotWritten) {
  std::vector<uint8_t> body(datagram::content_max - 14);  // With 13 bytes of numbers and a key's size.
  EXPECT_TRUE(datagram::fits({datagram::kind::request, 0, 1, 1, {}, body}));
  EXPECT_EQ(written({datagram::kind::request, 0, 1, 1, {}, body}).size(), datagram::content_max);
  body.push_back(0);
  EXPECT_FALSE(datagram::fits({datagram::kind::request, 0, 1, 1, {}, body}));
  EXPECT_TRUE(written({datagram::kind::request, 0, 1, 1, {}, body}).empty());
  const std::vector<uint8_t> key(256);
  EXPECT_FALSE(datagram::fits({datagram::kind::request, 0, 1, 1, key, {}})) << "its size has one byte";
}

TEST(DatagramMessage, CutAnywhereItIsNoneOrItsBodyIsShorter) {
  const auto whole = written({datagram::kind::request, 1, 2, 3, as_bytes("key"), as_bytes("body")});
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto m = datagram::read_message(std::span(whole).first(size));
    EXPECT_EQ(m.has_value(), size >= whole.size() - 4) << size;
    if (m) { EXPECT_EQ(m->body.size(), size - (whole.size() - 4)); }
  }
  auto unknown = whole;
  unknown[4] = 7;
  EXPECT_FALSE(datagram::read_message(unknown));
  unknown[4] = 0;
  EXPECT_FALSE(datagram::read_message(unknown));
}
