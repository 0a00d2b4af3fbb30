// Goal: a codec that misbehaves, in whatever way, ends its connection and does nothing else; good ones lose no frame
// however the bytes are cut. Method: a codec of which each function is the test's own.
#include "sdk/pure/framing.h"

#include <algorithm>
#include <functional>
#include <random>

#include <gtest/gtest.h>

#include "sdk/pure/mars_frame.h"
#include "sdk/pure/views.h"

using namespace tharsis;

namespace {

using bytes = std::vector<uint8_t>;

// Decodes as the test says; encodes as often as it says.
struct odd_codec {
  odd_codec() { table.self = this; }

  std::function<tharsis_status(tharsis_bytes, tharsis_stn_decoded&)> decode;
  std::function<tharsis_status(const tharsis_stn_sink&)> encode;
  uint64_t frame_max = 100, body_max = 100;
  int opened = 0, closed = 0, asked = 0;
  tharsis_stn_codec table{sizeof(tharsis_stn_codec), 0, nullptr, "odd", on_open, on_close, on_encode, on_decode, nullptr, nullptr};

  framing begin() { return std::move(*framing::open(table, THARSIS_STN_CLIENT, 200, {})); }

  static tharsis_status on_open(void* self, const tharsis_stn_codec_options*, void** state, tharsis_stn_codec_facts* facts, tharsis_error*) {
    auto& c = *static_cast<odd_codec*>(self);
    ++c.opened;
    *state = self;
    facts->frame_max = c.frame_max;
    facts->body_max = c.body_max;
    return THARSIS_OK;
  }
  static void on_close(void* self, void*) { ++static_cast<odd_codec*>(self)->closed; }
  static tharsis_status on_encode(void* state, const tharsis_stn_frame*, const tharsis_stn_sink* out, tharsis_error* why) {
    auto& c = *static_cast<odd_codec*>(state);
    return c.encode ? c.encode(*out) : fail(why, THARSIS_E_INVALID, "never");
  }
  static tharsis_status on_decode(void* state, tharsis_bytes given, tharsis_stn_decoded* found, tharsis_error*) {
    auto& c = *static_cast<odd_codec*>(state);
    ++c.asked;
    return c.decode(given, *found);
  }
};

// A frame of one byte.
tharsis_status one_byte(tharsis_bytes given, tharsis_stn_decoded& found) {
  found.used = 1;
  found.frame.kind = THARSIS_STN_FRAME_PUSH;
  found.frame.body = {given.data, 1};
  return THARSIS_OK;
}

// What take() says of ten bytes; and again, for good.
error verdict_on(odd_codec& codec) {
  framing frames = codec.begin();
  frames.on_bytes(bytes(10, 'x'));
  tharsis_stn_frame f;
  tharsis_status status = THARSIS_OK;
  for (int i = 0; i < 1000 && status == THARSIS_OK; ++i) status = frames.take(f);
  if (status == THARSIS_PENDING) return {THARSIS_PENDING, {}};
  EXPECT_EQ(frames.take(f), status);
  EXPECT_EQ(frames.pending(), 0u);
  return frames.failure();
}

void expect_defect(const std::function<void(tharsis_bytes, tharsis_stn_decoded&)>& change, const std::string& part) {
  odd_codec codec;
  codec.decode = [&](tharsis_bytes given, tharsis_stn_decoded& found) {
    const tharsis_status status = one_byte(given, found);
    change(given, found);
    return status;
  };
  const error why = verdict_on(codec);
  EXPECT_EQ(why.status, THARSIS_E_INTERNAL);
  EXPECT_NE(why.text.find(part), std::string::npos) << why.text;
  EXPECT_NE(why.text.find("codec 'odd'"), std::string::npos) << why.text;
  EXPECT_EQ(codec.opened, codec.closed);
}

void expect_pending_defect(size_t needed, const std::string& part) {
  odd_codec codec;
  codec.decode = [needed](tharsis_bytes, tharsis_stn_decoded& found) {
    found.needed = needed;
    return tharsis_status{THARSIS_PENDING};
  };
  const error why = verdict_on(codec);
  EXPECT_EQ(why.status, THARSIS_E_INTERNAL);
  EXPECT_NE(why.text.find(part), std::string::npos) << why.text;
}

tharsis_stn_frame request(uint32_t sequence, const bytes& body) {
  tharsis_stn_frame f = frame_of(THARSIS_STN_FRAME_REQUEST);
  f.command = 3;
  f.sequence = sequence;
  f.body = bytes_of(body);
  return f;
}

}  // namespace

TEST(Framing, AFrameOfNoBytesIsNoProgressAndEndsTheConnection) {
  expect_defect([](tharsis_bytes, tharsis_stn_decoded& found) { found.used = 0; }, "0 of 10 bytes");
  expect_defect([](tharsis_bytes, tharsis_stn_decoded& found) { found.used = 0; found.frame.kind = THARSIS_STN_FRAME_NONE; }, "0 of 10 bytes");
}

TEST(Framing, AFrameIsNotLargerThanWhatIsThere) {
  expect_defect([](tharsis_bytes given, tharsis_stn_decoded& found) { found.used = given.size + 1; }, "11 of 10 bytes");
  expect_defect([](tharsis_bytes, tharsis_stn_decoded& found) { found.used = SIZE_MAX; }, "of 10 bytes");
}

TEST(Framing, PartsOfAFrameKeepToTheirLimits) {
  expect_defect([](tharsis_bytes, tharsis_stn_decoded& found) { found.frame.body.size = 101; }, "larger than its own limits");
  expect_defect([](tharsis_bytes, tharsis_stn_decoded& found) { found.frame.body = {nullptr, 1}; }, "or nowhere");
  expect_defect([](tharsis_bytes given, tharsis_stn_decoded& found) { found.frame.key = {given.data, 65}; }, "a key of 65 bytes");
  expect_defect([](tharsis_bytes, tharsis_stn_decoded& found) { found.frame.refusal.size = 0x10000; }, "a refusal of 65536 bytes");
}

TEST(Framing, OnlyKindsThatComeFromThereAreFrames) {
  expect_defect([](tharsis_bytes, tharsis_stn_decoded& found) { found.frame.kind = THARSIS_STN_FRAME_REQUEST; }, "kind 1");
  expect_defect([](tharsis_bytes, tharsis_stn_decoded& found) { found.frame.kind = 77; }, "kind 77");
}

TEST(Framing, NobodyWaitsForWhatIsThereOrForMoreThanTheLimit) {
  expect_pending_defect(10, "wants 10 bytes and has 10");
  expect_pending_defect(101, "more than its limit of 100");
  odd_codec codec;  // Never says how much.
  codec.decode = [](tharsis_bytes, tharsis_stn_decoded&) { return tharsis_status{THARSIS_PENDING}; };
  framing frames = codec.begin();
  tharsis_stn_frame f;
  int given = 0;
  for (; given < 200 && frames.take(f) == THARSIS_PENDING; ++given) frames.on_bytes(bytes(1, 'x'));
  EXPECT_EQ(given, 100);
  EXPECT_EQ(frames.failure().status, THARSIS_E_INTERNAL);
}

TEST(Framing, AnUnknownStatusIsADefectAndAPeersMistakeIsNot) {
  odd_codec codec;
  codec.decode = [](tharsis_bytes, tharsis_stn_decoded&) { return tharsis_status{7}; };
  EXPECT_EQ(verdict_on(codec).status, THARSIS_E_INTERNAL);
  codec.decode = [](tharsis_bytes, tharsis_stn_decoded&) { return tharsis_status{THARSIS_E_PROTOCOL}; };
  EXPECT_EQ(verdict_on(codec).status, THARSIS_E_PROTOCOL);
  EXPECT_FALSE(verdict_on(codec).text.empty());
}

TEST(Framing, BytesThatMeanNothingArePassedOver) {
  odd_codec codec;
  codec.decode = [](tharsis_bytes given, tharsis_stn_decoded& found) {
    one_byte(given, found);
    if (given.data[0] == 'x') found.frame.kind = THARSIS_STN_FRAME_NONE;
    return tharsis_status{THARSIS_OK};
  };
  framing frames = codec.begin();
  frames.on_bytes(bytes{'x', 'x', 'a', 'x', 'b', 'x'});
  tharsis_stn_frame f;
  std::string got;
  while (frames.take(f) == THARSIS_OK) got += static_cast<char>(f.body.data[0]);
  EXPECT_EQ(got, "ab");
  EXPECT_EQ(frames.pending(), 0u);
}

TEST(Framing, WhatStandsInTheCodecsOwnMemoryStaysUntilMoreIsReceived) {
  odd_codec codec;
  bytes own(8);
  codec.decode = [&own](tharsis_bytes given, tharsis_stn_decoded& found) {
    one_byte(given, found);
    std::fill(own.begin(), own.end(), given.data[0]);
    found.frame.body = bytes_of(own);
    return tharsis_status{THARSIS_OK};
  };
  framing frames = codec.begin();
  frames.on_bytes(bytes{'a', 'b'});
  tharsis_stn_frame first, second;
  ASSERT_EQ(frames.take(first), THARSIS_OK);
  ASSERT_EQ(frames.take(second), THARSIS_OK);
  EXPECT_EQ(as_text(view(first.body)), "aaaaaaaa");
  EXPECT_EQ(as_text(view(second.body)), "bbbbbbbb");
}

TEST(Framing, ACodecIsNotAskedAgainBeforeThereIsWhatItNeeds) {
  odd_codec codec;
  codec.decode = [](tharsis_bytes given, tharsis_stn_decoded& found) {
    if (given.size < 90) return found.needed = 90, tharsis_status{THARSIS_PENDING};
    one_byte(given, found);
    found.used = 90;
    return tharsis_status{THARSIS_OK};
  };
  framing frames = codec.begin();
  tharsis_stn_frame f;
  for (int i = 0; i < 89; ++i) {
    frames.on_bytes(bytes(1, 'x'));
    EXPECT_EQ(frames.take(f), THARSIS_PENDING);
  }
  EXPECT_EQ(codec.asked, 1);
  frames.on_bytes(bytes(1, 'x'));
  EXPECT_EQ(frames.take(f), THARSIS_OK);
  EXPECT_EQ(codec.asked, 2);
}

TEST(Framing, WhatCannotBeEncodedLeavesNothingBehind) {
  odd_codec codec;
  framing frames = codec.begin();
  bytes out{'a'};
  error why;
  EXPECT_EQ(frames.append(out, frame_of(THARSIS_STN_FRAME_PING), why), THARSIS_E_INVALID);
  EXPECT_EQ(why.text, "codec 'odd' does not carry this: never");
  codec.encode = [](const tharsis_stn_sink& to) {
    const bytes half(60, 'h');
    to.append(to.self, half.data(), half.size());
    to.append(to.self, half.data(), half.size());
    return tharsis_status{THARSIS_OK};
  };
  EXPECT_EQ(frames.append(out, frame_of(THARSIS_STN_FRAME_PING), why), THARSIS_E_INTERNAL);
  codec.encode = [](const tharsis_stn_sink&) { return tharsis_status{THARSIS_OK}; };
  EXPECT_EQ(frames.append(out, frame_of(THARSIS_STN_FRAME_PING), why), THARSIS_E_INTERNAL);
  EXPECT_EQ(out, bytes{'a'});
}

TEST(Framing, ACodecWithoutLimitsIsNotOpened) {
  odd_codec codec;
  for (const uint64_t size : {uint64_t{0}, uint64_t{65} << 20, UINT64_MAX}) {
    codec.frame_max = size;
    EXPECT_EQ(framing::open(codec.table, THARSIS_STN_CLIENT, 200, {}).status(), THARSIS_E_INTERNAL);
  }
  EXPECT_EQ(codec.opened, codec.closed);
}

TEST(Framing, MarsFramesAreByteForByteThoseOfMars) {
  framing frames = std::move(*framing::open(*built_in_codec("mars"), THARSIS_STN_CLIENT, 200, {}));
  bytes out;
  error why;
  ASSERT_EQ(frames.append(out, frame_of(THARSIS_STN_FRAME_PING), why), THARSIS_OK);
  EXPECT_EQ(out, (bytes{0, 0, 0, 20, 0, 0, 0, 200, 0, 0, 0, 6, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0}));
  out.clear();
  ASSERT_EQ(frames.append(out, request(5, {'b'}), why), THARSIS_OK);
  EXPECT_EQ(out, (bytes{0, 0, 0, 20, 0, 0, 0, 200, 0, 0, 0, 3, 0, 0, 0, 5, 0, 0, 0, 1, 'b'}));
}

// Mars' decoder takes head_length as it comes: 0 makes it spin for ever.
TEST(Framing, MarsDefect5TheHeadsLengthIsRangeChecked) {
  for (const uint8_t head : bytes{0, 1, 19}) {
    framing frames = std::move(*framing::open(*built_in_codec("mars"), THARSIS_STN_CLIENT, 200, {}));
    frames.on_bytes(bytes{0, 0, 0, head, 0, 0, 0, 200, 0, 0, 0, 3, 0, 0, 0, 5, 0, 0, 0, 0});
    tharsis_stn_frame f;
    EXPECT_EQ(frames.take(f), THARSIS_E_PROTOCOL);
  }
  framing frames = std::move(*framing::open(*built_in_codec("mars"), THARSIS_STN_CLIENT, 200, {}));
  frames.on_bytes(bytes{0xFF, 0xFF, 0xFF, 0xF0, 0, 0, 0, 200, 0, 0, 0, 3, 0, 0, 0, 5, 0, 0, 0, 0x20});  // Together 16 in 32 bits.
  tharsis_stn_frame f;
  EXPECT_EQ(frames.take(f), THARSIS_E_PROTOCOL);
}

// Mars' default packer does not build; here codecs are found by name, and without one there is none.
TEST(Framing, MarsDefect6TheDefaultCodecIsThere) {
  ASSERT_NE(built_in_codec("mars"), nullptr);
  ASSERT_NE(built_in_codec("length-prefixed"), nullptr);
  EXPECT_EQ(built_in_codec("marsh"), nullptr);
  EXPECT_EQ(codec_service("acme"), "tharsis.stn.codec.acme/1");
  EXPECT_TRUE(is_codec_name("my-codec_2"));
  for (const char* name : {"", "2x", "A", "a.b", "a/1"}) EXPECT_FALSE(is_codec_name(name)) << name;
}
