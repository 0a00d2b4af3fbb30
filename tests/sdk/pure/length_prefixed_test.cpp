#include "sdk/pure/length_prefixed.h"

#include <gtest/gtest.h>

#include "sdk/pure/framing.h"
#include "sdk/pure/views.h"

using namespace tharsis;

namespace {

using bytes = std::vector<uint8_t>;

result<framing> open(uint32_t side, const codec_settings& settings) {
  return framing::open(length_prefixed_codec(), side, 200, settings);
}

bytes wire_of(const codec_settings& settings, uint32_t side, const tharsis_stn_frame& f) {
  framing frames = std::move(*open(side, settings));
  bytes out;
  error why;
  EXPECT_EQ(frames.append(out, f, why), THARSIS_OK) << why.text;
  return out;
}

tharsis_stn_frame request(std::string_view body, std::string_view key = {}) {
  tharsis_stn_frame f = frame_of(THARSIS_STN_FRAME_REQUEST);
  f.command = 0x0A0B;
  f.sequence = 0x01020304;
  f.body = bytes_of(as_bytes(body));
  f.key = bytes_of(as_bytes(key));
  return f;
}

// What a client makes of these bytes.
error client_hears(const codec_settings& settings, const bytes& wire) {
  framing frames = std::move(*open(THARSIS_STN_CLIENT, settings));
  frames.on_bytes(wire);
  tharsis_stn_frame f;
  const tharsis_status status = frames.take(f);
  return {status, frames.failure().text};
}

void expect_refused(const codec_settings& settings, const std::string& part) {
  const auto opened = open(THARSIS_STN_CLIENT, settings);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.status(), THARSIS_E_INVALID);
  EXPECT_NE(opened.failure().text.find(part), std::string::npos) << opened.failure().text;
}

}  // namespace

TEST(LengthPrefixed, TheEnvelopeStandsAsItIsDocumented) {
  EXPECT_EQ(wire_of({}, THARSIS_STN_CLIENT, request("hi")), (bytes{0, 0, 0, 11, 1, 1, 2, 3, 4, 0, 0, 0x0A, 0x0B, 'h', 'i'}));
  EXPECT_EQ(wire_of({}, THARSIS_STN_CLIENT, request("hi", "k")), (bytes{0, 0, 0, 13, 9, 1, 2, 3, 4, 0, 0, 0x0A, 0x0B, 1, 'k', 'h', 'i'}));
  EXPECT_EQ(wire_of({{"prefix", "2"}, {"order", "little"}}, THARSIS_STN_CLIENT, request("hi")),
            (bytes{11, 0, 1, 4, 3, 2, 1, 0x0B, 0x0A, 0, 0, 'h', 'i'}));
  EXPECT_EQ(wire_of({{"prefix", "1"}, {"includes_itself", "true"}}, THARSIS_STN_CLIENT, request("")),
            (bytes{10, 1, 1, 2, 3, 4, 0, 0, 0x0A, 0x0B}));
  EXPECT_EQ(wire_of({{"prefix", "8"}}, THARSIS_STN_CLIENT, frame_of(THARSIS_STN_FRAME_PING)),
            (bytes{0, 0, 0, 0, 0, 0, 0, 9, 5, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(LengthPrefixed, RefusalsAreKindsOfTheirOwn) {
  tharsis_stn_frame no = frame_of(THARSIS_STN_FRAME_ANSWER);
  no.sequence = 7;
  no.refusal = text_of("no");
  const bytes wire = wire_of({}, THARSIS_STN_SERVER, no);
  EXPECT_EQ(wire, (bytes{0, 0, 0, 11, 10, 0, 0, 0, 7, 0, 0, 0, 0, 'n', 'o'}));
  framing frames = std::move(*open(THARSIS_STN_CLIENT, {}));
  frames.on_bytes(wire);
  tharsis_stn_frame f;
  ASSERT_EQ(frames.take(f), THARSIS_OK);
  EXPECT_EQ(f.kind, uint32_t{THARSIS_STN_FRAME_ANSWER});
  EXPECT_EQ(view(f.refusal), "no");
  EXPECT_EQ(f.body.size, 0u);
}

TEST(LengthPrefixed, LengthsThatCannotBeAreRefusedAtOnce) {
  EXPECT_EQ(client_hears({}, {0, 0, 0, 8}).status, THARSIS_E_PROTOCOL);
  EXPECT_EQ(client_hears({}, {0, 0, 0, 0}).status, THARSIS_E_PROTOCOL);
  EXPECT_EQ(client_hears({}, {0, 0x10, 0, 1}).status, THARSIS_E_PROTOCOL);
  EXPECT_EQ(client_hears({}, {0, 0x10, 0, 0}).status, THARSIS_PENDING);
  EXPECT_EQ(client_hears({{"prefix", "8"}}, bytes(8, 0xFF)).status, THARSIS_E_PROTOCOL);
  EXPECT_EQ(client_hears({{"includes_itself", "true"}}, {0, 0, 0, 3}).status, THARSIS_E_PROTOCOL);
  EXPECT_EQ(client_hears({{"includes_itself", "true"}}, {0, 0, 0, 12}).status, THARSIS_E_PROTOCOL);
  EXPECT_EQ(client_hears({{"includes_itself", "true"}, {"prefix", "8"}}, bytes(8, 0xFF)).status, THARSIS_E_PROTOCOL);
  EXPECT_NE(client_hears({}, {0x40, 0, 0, 0}).text.find("1073741824 bytes, at most 1048576"), std::string::npos);
}

TEST(LengthPrefixed, KindsThatTheClientDoesNotKnowArePassedOver) {
  EXPECT_EQ(client_hears({}, {0, 0, 0, 9, 200, 0, 0, 0, 0, 0, 0, 0, 0}).status, THARSIS_PENDING);
  EXPECT_EQ(client_hears({}, {0, 0, 0, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0}).status, THARSIS_PENDING);
}

TEST(LengthPrefixed, AKeyThatDoesNotFitItsRequestIsRefused) {
  framing server = std::move(*open(THARSIS_STN_SERVER, {}));
  server.on_bytes(bytes{0, 0, 0, 11, 9, 0, 0, 0, 1, 0, 0, 0, 3, 2, 'k'});
  tharsis_stn_frame f;
  EXPECT_EQ(server.take(f), THARSIS_E_PROTOCOL);
}

TEST(LengthPrefixed, TheLargestBodyFitsWithTheLongestKeyAndNoMore) {
  for (const char* prefix : {"1", "2", "4", "8"}) {
    framing frames = std::move(*open(THARSIS_STN_CLIENT, {{"prefix", prefix}}));
    const size_t most = static_cast<size_t>(frames.facts().body_max);
    bytes out;
    error why;
    EXPECT_EQ(frames.append(out, request(std::string(most, 'b'), std::string(64, 'k')), why), THARSIS_OK) << why.text;
    EXPECT_EQ(out.size(), frames.facts().frame_max);
    EXPECT_EQ(frames.append(out, request(std::string(most + 1, 'b'), std::string(64, 'k')), why), THARSIS_E_INVALID);
  }
}

TEST(LengthPrefixed, SettingsThatMeanNothingAreNamed) {
  expect_refused({{"prefix", "3"}}, "prefix is 1, 2, 4 or 8 bytes, not '3'");
  expect_refused({{"order", "middle"}}, "order is big or little, not 'middle'");
  expect_refused({{"includes_itself", "yes"}}, "includes_itself is true or false");
  expect_refused({{"max", "1GiB"}}, "max is a size from 128B");
  expect_refused({{"max", "1KiB"}, {"prefix", "1"}}, "more than a prefix of 1 bytes can say");
  expect_refused({{"size", "4"}}, "it has no setting 'size'");
}
