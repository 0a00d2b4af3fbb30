#include "sdk/pure/stream_frame.h"

#include <gtest/gtest.h>

#include "sdk/pure/sha256.h"
#include "sdk/pure/views.h"

using namespace tharsis;
using streams::message;

namespace {

message open_of(std::string_view name, std::string_view key) {
  message m;
  m.is = message::kind::open;
  m.stream = 7;
  m.direction = streams::direction::both;
  m.priority = -2;
  m.command = 99;
  m.key = as_bytes(key);
  m.name = name;
  m.size = streams::size_unknown;
  m.has = 5;
  m.limit = 65541;
  return m;
}
bool understood(const message& m) {
  std::vector<uint8_t> body;
  streams::append_message(body, m);
  return streams::read_message(body).ok();
}

}  // namespace

TEST(StreamFrame, SaysWhatWasSaid) {
  std::vector<uint8_t> body;
  streams::append_message(body, open_of("a.bin", "k1"));
  const auto m = streams::read_message(body);
  ASSERT_TRUE(m);
  EXPECT_EQ(m->stream, 7u);
  EXPECT_EQ(m->priority, -2);
  EXPECT_EQ(m->command, 99u);
  EXPECT_EQ(m->name, "a.bin");
  EXPECT_EQ(as_text(m->key), "k1");
  EXPECT_EQ(m->size, streams::size_unknown);
  EXPECT_EQ(m->has, 5u);
  EXPECT_EQ(m->limit, 65541u);
}

TEST(StreamFrame, WhatIsCutOrTooMuchMeansNothing) {
  std::vector<uint8_t> body;
  message credit;
  credit.is = message::kind::credit;
  credit.stream = 1;
  streams::append_message(body, credit);
  for (size_t n = 0; n < body.size(); ++n) EXPECT_FALSE(streams::read_message(std::span(body).first(n))) << n;
  body.push_back(0);
  EXPECT_FALSE(streams::read_message(body));
}

TEST(StreamFrame, BoundsAreKept) {
  EXPECT_TRUE(understood(open_of("a", std::string(64, 'k'))));
  EXPECT_FALSE(understood(open_of("a", std::string(65, 'k'))));
  EXPECT_FALSE(understood(open_of("a", "")));
  EXPECT_FALSE(understood(open_of("", "k")));
  EXPECT_FALSE(understood(open_of(std::string(256, 'n'), "k")));
  EXPECT_FALSE(understood(open_of("a\nb", "k"))) << "names stand in logs";
  message m = open_of("a", "k");
  m.has = streams::offset_max + 1;
  EXPECT_FALSE(understood(m));
  m.is = message::kind::credit;
  m.has = 0;
  m.seen = 1, m.confirmed = 2;
  EXPECT_FALSE(understood(m)) << "confirmed and not seen";
  m.is = message::kind::data;
  EXPECT_FALSE(understood(m)) << "no bytes";
  m.stream = 0;
  m.is = message::kind::done;
  m.size = 0;
  EXPECT_FALSE(understood(m)) << "a stream without a number";
}

TEST(StreamFrame, TheSumIsThatOfItsText) {
  sha256_sum s;
  s.add("abc", 3);
  sha256_sum copy = s;
  const auto digest = s.digest();
  EXPECT_EQ(copy.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest[0], 0xba);
  EXPECT_EQ(digest[31], 0xad);
}
