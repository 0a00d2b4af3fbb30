#include "sdk/pure/mars_frame.h"

#include <random>

#include <gtest/gtest.h>

using namespace tharsis;
using mars::frame;

namespace {

using bytes = std::vector<uint8_t>;

bytes wire_of(const frame& f) {
  bytes out;
  mars::append_frame(out, f);
  return out;
}

bytes head_of(uint32_t head_length, uint32_t version, uint32_t body_length) {
  bytes out;
  for (const uint32_t value : {head_length, version, 3u, 7u, body_length})
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(value >> shift));
  return out;
}

// A frame whose options are these bytes, as they stand.
bytes with_options(const bytes& options) {
  bytes out = head_of(static_cast<uint32_t>(mars::head_size + options.size()), 200, 0);
  out.insert(out.end(), options.begin(), options.end());
  return out;
}

void expect_same(const frame& a, const frame& b) {
  EXPECT_EQ(a.command, b.command);
  EXPECT_EQ(a.sequence, b.sequence);
  EXPECT_EQ(a.body, b.body);
  EXPECT_EQ(a.key, b.key);
  EXPECT_EQ(a.refusal, b.refusal);
  EXPECT_EQ(a.retry_after_ms, b.retry_after_ms);
  EXPECT_EQ(a.move, b.move);
}

frame any_frame(std::mt19937_64& random) {
  frame f;
  f.command = static_cast<uint32_t>(random());
  f.sequence = static_cast<uint32_t>(random());
  f.body.resize(random() % 300);
  for (uint8_t& b : f.body) b = static_cast<uint8_t>(random());
  f.key.resize(random() % 2 ? random() % (mars::key_size_max + 1) : 0, 'k');
  f.refusal.assign(random() % 4 == 0 ? random() % 80 : 0, 'r');
  f.retry_after_ms = random() % 4 == 0 ? static_cast<uint32_t>(random()) : 0;
  f.move.assign(random() % 4 == 0 ? random() % 200 : 0, 'm');
  return f;
}

void expect_refused(const bytes& wire, std::string_view part) {
  mars::frame_reader reader;
  EXPECT_EQ(reader.on_bytes(wire), THARSIS_E_PROTOCOL);
  EXPECT_NE(reader.failure().text.find(part), std::string::npos) << reader.failure().text;
  EXPECT_FALSE(reader.take_frame());
}

}  // namespace

TEST(MarsFrame, TheNoopIsWrittenAsMarsWritesIt) {
  const bytes expected = {0, 0, 0, 0x14, 0, 0, 0, 0xC8, 0, 0, 0, 6, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0};
  EXPECT_EQ(wire_of({mars::command_noop, mars::sequence_noop, {}, {}, {}}), expected);
}

TEST(MarsFrame, OptionsStandBetweenHeadAndBody) {
  const bytes expected = {0, 0, 0, 26, 0, 0, 0, 0xC8, 0, 0, 0, 3, 0, 0, 0, 9, 0, 0, 0, 1, 0, 1, 0, 2, 'k', 'y', 'b'};
  EXPECT_EQ(wire_of({3, 9, {'b'}, {'k', 'y'}, {}}), expected);
}

TEST(MarsFrame, AFrameCutAtEveryByteIsReadOnce) {
  const frame sent{3, 77, {1, 2, 3, 4}, {'k', 'e', 'y'}, "no"};
  const bytes wire = wire_of(sent);
  for (size_t cut = 0; cut <= wire.size(); ++cut) {
    mars::frame_reader reader;
    ASSERT_EQ(reader.on_bytes(std::span(wire).first(cut)), THARSIS_OK);
    ASSERT_EQ(reader.take_frame().has_value(), cut == wire.size()) << cut;
    if (cut == wire.size()) continue;
    EXPECT_EQ(reader.pending(), cut);
    ASSERT_EQ(reader.on_bytes(std::span(wire).subspan(cut)), THARSIS_OK);
    const auto got = reader.take_frame();
    ASSERT_TRUE(got) << cut;
    expect_same(*got, sent);
    EXPECT_EQ(reader.pending(), 0u);
    EXPECT_FALSE(reader.take_frame());
  }
}

// Goal: what is written is read, however the wire cuts it. Method: seeds draw frames and pieces.
TEST(MarsFrame, FramesComeBackWholeAndInOrderFromPiecesOfAnySize) {
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    std::vector<frame> sent(random() % 6 + 1);
    bytes wire;
    for (frame& f : sent) {
      f = any_frame(random);
      const size_t before = wire.size();
      mars::append_frame(wire, f);
      ASSERT_EQ(wire.size() - before, mars::frame_size(f));
    }
    mars::frame_reader reader;
    std::vector<frame> got;
    const size_t piece_max = random() % 4 == 0 ? 1 : random() % 500 + 1;
    for (std::span<const uint8_t> rest = wire; !rest.empty();) {
      const size_t n = std::min<size_t>(rest.size(), random() % piece_max + 1);
      ASSERT_EQ(reader.on_bytes(rest.first(n)), THARSIS_OK);
      rest = rest.subspan(n);
      while (random() % 3 != 0)
        if (auto f = reader.take_frame()) got.push_back(std::move(*f));
    }
    while (auto f = reader.take_frame()) got.push_back(std::move(*f));
    ASSERT_EQ(got.size(), sent.size());
    for (size_t i = 0; i < sent.size(); ++i) expect_same(got[i], sent[i]);
  }
}

TEST(MarsFrame, ABadHeadIsRefusedBeforeItsBodyComes) {
  expect_refused(head_of(0, 200, 0), "at least 20");
  expect_refused(head_of(19, 200, 0), "at least 20");
  expect_refused(head_of(20, 201, 0), "version 201, expected 200");
  expect_refused(head_of(20, 200, mars::frame_size_max - 19), "at most 1048576");
  expect_refused(head_of(0xFFFFFFFF, 200, 0xFFFFFFFF), "at most 1048576");
  expect_refused(head_of(20, 200, 0xFFFFFFF0), "at most 1048576");
}

TEST(MarsFrame, TheLargestFrameIsRead) {
  const frame largest{3, 1, bytes(mars::frame_size_max - mars::head_size, 'x'), {}, {}};
  mars::frame_reader reader;
  ASSERT_EQ(reader.on_bytes(wire_of(largest)), THARSIS_OK);
  const auto got = reader.take_frame();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->body.size(), largest.body.size());
}

TEST(MarsFrame, UnknownOptionsAreSkipped) {
  mars::frame_reader reader;
  ASSERT_EQ(reader.on_bytes(with_options({0, 99, 0, 2, 'a', 'b', 0, 1, 0, 1, 'k', 0, 98, 0, 0})), THARSIS_OK);
  const auto got = reader.take_frame();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->key, bytes{'k'});
}

TEST(MarsFrame, OptionsThatDoNotFitOrCanBeReadTwoWaysAreRefused) {
  expect_refused(with_options({0}), "do not fit");
  expect_refused(with_options({0, 1, 0}), "do not fit");
  expect_refused(with_options({0, 1, 0, 2, 'k'}), "do not fit");
  expect_refused(with_options({0, 99, 0xFF, 0xFF}), "do not fit");
  expect_refused(with_options({0, 1, 0, 0}), "key must stand once");
  expect_refused(with_options({0, 1, 0, 1, 'a', 0, 1, 0, 1, 'b'}), "key must stand once");
  expect_refused(with_options({0, 2, 0, 0}), "refusal must stand once");
  expect_refused(with_options({0, 3, 0, 3, 0, 0, 1}), "retry-after must stand once, have 4 bytes");
  expect_refused(with_options({0, 3, 0, 4, 0, 0, 0, 0}), "not be 0");
  expect_refused(with_options({0, 3, 0, 4, 0, 0, 0, 1, 0, 3, 0, 4, 0, 0, 0, 1}), "retry-after must stand once");
  expect_refused(with_options({0, 4, 0, 0}), "move must stand once");
  bytes long_move = {0, 4, 0x40, 1};
  long_move.resize(4 + 0x4001, 'm');
  expect_refused(with_options(long_move), "1 to 16384 bytes");
  bytes long_key = {0, 1, 0, 65};
  long_key.resize(4 + 65, 'k');
  expect_refused(with_options(long_key), "1 to 64 bytes");
}

TEST(MarsFrame, WhatWasWholeBeforeTheDamageCanStillBeTakenAndNothingAfterIt) {
  bytes wire = wire_of({3, 1, {'a'}, {}, {}});
  const bytes bad = head_of(1, 200, 0);
  wire.insert(wire.end(), bad.begin(), bad.end());
  const bytes good = wire_of({3, 2, {'b'}, {}, {}});
  wire.insert(wire.end(), good.begin(), good.end());
  mars::frame_reader reader;
  EXPECT_EQ(reader.on_bytes(wire), THARSIS_E_PROTOCOL);
  EXPECT_EQ(reader.on_bytes(good), THARSIS_E_PROTOCOL);
  const auto got = reader.take_frame();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->sequence, 1u);
  EXPECT_FALSE(reader.take_frame());
  EXPECT_EQ(reader.pending(), 0u);
}

TEST(MarsFrame, ARefusalLongerThanAnOptionLosesItsEnd) {
  mars::frame_reader reader;
  ASSERT_EQ(reader.on_bytes(wire_of({3, 1, {}, {}, std::string(70'000, 'r')})), THARSIS_OK);
  const auto got = reader.take_frame();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->refusal.size(), 0xFFFFu);
}

// Goal: no bytes of a peer make the reader crash, keep more than it may, or come back to life.
// Method: frames with some bytes changed, in pieces.
TEST(MarsFrame, DamagedBytesNeverDoMoreThanFailForGood) {
  size_t failures = 0;
  for (uint64_t seed = 1; seed <= 5000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    bytes wire;
    for (int i = 0; i < 4; ++i) mars::append_frame(wire, any_frame(random));
    for (uint64_t n = random() % 4 + 1; n > 0; --n) wire[random() % wire.size()] = static_cast<uint8_t>(random());
    mars::frame_reader reader;
    bool failed = false;
    for (std::span<const uint8_t> rest = wire; !rest.empty();) {
      const size_t n = std::min<size_t>(rest.size(), random() % 100 + 1);
      const tharsis_status status = reader.on_bytes(rest.first(n));
      ASSERT_TRUE(status == THARSIS_OK || status == THARSIS_E_PROTOCOL);
      ASSERT_FALSE(failed && status == THARSIS_OK);
      failed = status != THARSIS_OK;
      ASSERT_EQ(failed, !reader.failure().text.empty());
      ASSERT_LE(reader.pending(), size_t{mars::frame_size_max});
      rest = rest.subspan(n);
    }
    failures += failed;
  }
  EXPECT_GT(failures, 500u);
}
