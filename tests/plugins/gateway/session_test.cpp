#include "plugins/gateway/core/session.h"

#include <gtest/gtest.h>

#include <random>

using namespace tharsis;
using gateway::session;

namespace {

constexpr instant t0{};
const gateway::limits numbers;

framing mars_frames() { return std::move(*gateway::open_frames({})); }

std::vector<uint8_t> wire_of(uint32_t sequence, size_t body = 4) {
  std::vector<uint8_t> out;
  mars::append_frame(out, {mars::command_send_message, sequence, std::vector<uint8_t>(body, 'x'), {}, {}});
  return out;
}

}  // namespace

TEST(GatewaySession, GivesTheSameRequestsHoweverTheBytesAreSplit) {
  std::mt19937_64 random(3);
  std::vector<uint8_t> bytes;
  for (uint32_t i = 1; i <= 50; ++i) {
    const auto one = wire_of(i, random() % 3000);
    bytes.insert(bytes.end(), one.begin(), one.end());
  }
  for (unsigned round = 0; round < 50; ++round) {
    session s(numbers, mars_frames(), t0);
    uint32_t next = 1;
    std::span<const uint8_t> rest(bytes);
    while (!rest.empty()) {
      const size_t piece = std::min<size_t>(rest.size(), 1 + random() % (round + 1) * 100);
      ASSERT_EQ(s.on_bytes(rest.first(piece), t0), THARSIS_OK);
      rest = rest.subspan(piece);
      while (auto request = s.take_request(t0 + 1s)) EXPECT_EQ(request->sequence, next++);
    }
    EXPECT_EQ(next, 51u);
    EXPECT_TRUE(s.drained());
  }
}

TEST(GatewaySession, WhoSaysNothingIsNotWaitedFor) {
  session s(numbers, mars_frames(), t0);
  EXPECT_EQ(s.deadline(), t0 + numbers.first_frame_timeout);
  EXPECT_FALSE(s.judge(s.deadline() - 1ns));
  EXPECT_EQ(s.judge(s.deadline())->status, THARSIS_E_TIMEOUT);
}

TEST(GatewaySession, ADripOfBytesDoesNotPutTheFramesDeadlineOff) {
  session s(numbers, mars_frames(), t0);
  const auto frame = wire_of(1, 200);
  ASSERT_EQ(s.on_bytes(wire_of(9), t0), THARSIS_OK);
  ASSERT_TRUE(s.take_request(t0));
  instant now = t0;
  for (size_t i = 0; i + 1 < frame.size() && !s.judge(now); ++i, now += 1s)
    ASSERT_EQ(s.on_bytes({&frame[i], 1}, now), THARSIS_OK);
  EXPECT_EQ(now, t0 + numbers.frame_timeout);
}

TEST(GatewaySession, EachFrameHasItsOwnTime) {
  session s(numbers, mars_frames(), t0);
  instant now = t0;
  ASSERT_EQ(s.on_bytes(wire_of(1), now), THARSIS_OK);
  ASSERT_TRUE(s.take_request(now));
  for (uint32_t i = 2; i <= 10; ++i) {
    const auto frame = wire_of(i);
    ASSERT_EQ(s.on_bytes(std::span(frame).first(10), now), THARSIS_OK);
    now += numbers.frame_timeout - 1s;
    ASSERT_FALSE(s.judge(now));
    ASSERT_EQ(s.on_bytes(std::span(frame).subspan(10), now), THARSIS_OK);
    ASSERT_TRUE(s.take_request(now));
  }
  EXPECT_EQ(s.requests(), 10u);
}

TEST(GatewaySession, AClientThatFallsSilentIsGivenUpAfterTheIdleTime) {
  session s(numbers, mars_frames(), t0);
  ASSERT_EQ(s.on_bytes(wire_of(1), t0 + 5s), THARSIS_OK);
  ASSERT_TRUE(s.take_request(t0 + 5s));
  EXPECT_EQ(s.deadline(), t0 + 5s + numbers.idle_timeout);
  EXPECT_TRUE(s.judge(s.deadline()));
}

TEST(GatewaySession, AFlooderIsReadAtItsPaceAndLosesNothing) {
  gateway::limits slow = numbers;
  slow.requests_per_second = 100;
  session s(slow, mars_frames(), t0);
  std::vector<uint8_t> flood;
  for (uint32_t i = 1; i <= 1000; ++i) mars::append_frame(flood, {6, i, {}, {}, {}});
  ASSERT_EQ(s.on_bytes(flood, t0), THARSIS_OK);
  uint32_t taken = 0;
  instant now = t0;
  while (!s.drained()) {
    EXPECT_FALSE(s.wants_bytes());
    while (auto request = s.take_request(now)) EXPECT_EQ(request->sequence, ++taken);
    if (!s.drained()) {
      ASSERT_GT(s.deadline(), now);
      now = s.deadline();
    }
  }
  EXPECT_EQ(taken, 1000u);
  EXPECT_NEAR(static_cast<double>(milliseconds(now - t0)), 10000, 200);
}

TEST(GatewaySession, APeerThatDoesNotReadItsAnswersIsNotReadEither) {
  session s(numbers, mars_frames(), t0);
  ASSERT_EQ(s.on_bytes(wire_of(1), t0), THARSIS_OK);
  s.on_unsent(static_cast<size_t>(numbers.unsent) / 2 + 1, t0);
  EXPECT_FALSE(s.has_request(t0));
  EXPECT_FALSE(s.wants_bytes());
  s.on_unsent(0, t0);
  EXPECT_TRUE(s.take_request(t0));
}

TEST(GatewaySession, APeerThatFallsTooFarBehindIsDropped) {
  session s(numbers, mars_frames(), t0);
  const mars::frame push{mars::command_push, 0, std::vector<uint8_t>(100000), {}, {}};
  while (!s.judge(t0)) s.send(push);
  EXPECT_EQ(s.judge(t0)->status, THARSIS_E_BUSY);
  EXPECT_GT(s.take_output().size(), static_cast<size_t>(numbers.unsent));
}

TEST(GatewaySession, AStalledPeerIsDroppedAndASlowOneIsNot) {
  session stalled(numbers, mars_frames(), t0), slow(numbers, mars_frames(), t0);
  instant now = t0;
  for (int i = 0; i < 10; ++i, now += 10s) {
    for (session* s : {&stalled, &slow}) {
      s->send({mars::command_push, 0, std::vector<uint8_t>(1000 - mars::head_size), {}, {}});
      ASSERT_EQ(s->take_output().size(), 1000u);
      ASSERT_EQ(s->on_bytes(wire_of(1), now), THARSIS_OK);
      s->take_request(now);
    }
    stalled.on_unsent(1000 * (static_cast<size_t>(i) + 1), now);
    slow.on_unsent(500 * (static_cast<size_t>(i) + 1), now);
    EXPECT_EQ(stalled.judge(now).has_value(), i >= 3) << i;
    EXPECT_FALSE(slow.judge(now)) << i;
  }
}

TEST(GatewaySession, GarbageIsRefusedWithASentence) {
  session s(numbers, mars_frames(), t0);
  const std::string text = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  EXPECT_EQ(s.on_bytes({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, t0), THARSIS_E_PROTOCOL);
  EXPECT_FALSE(s.failure().text.empty());
}

TEST(GatewaySession, LengthPrefixedClientsAreServedAsThoseOfMars) {
  gateway::settings s;
  s.codec = "length-prefixed";
  s.codec_settings = {{"prefix", "1"}};
  session talk(numbers, std::move(*gateway::open_frames(s)), t0);
  const std::vector<uint8_t> wire{9, 5, 0, 0, 0, 7, 0, 0, 0, 0, 11, 7, 0, 0, 0, 0, 0, 0, 0, 1, 'h', 'i', 12, 9, 0, 0, 0, 3, 0, 0, 0, 100, 1, 'k', 'b'};
  ASSERT_EQ(talk.on_bytes(wire, t0), THARSIS_OK);
  const auto ping = talk.take_request(t0 + 1s), hello = talk.take_request(t0 + 1s), asked = talk.take_request(t0 + 1s);
  ASSERT_TRUE(ping && hello && asked);
  EXPECT_EQ(ping->command, mars::command_noop);
  EXPECT_EQ(ping->sequence, 7u);
  EXPECT_EQ(hello->command, mars::command_hello);
  EXPECT_EQ(hello->sequence, mars::sequence_identify);
  EXPECT_EQ(asked->key, std::vector<uint8_t>{'k'});
  EXPECT_EQ(asked->body, std::vector<uint8_t>{'b'});
  talk.send({mars::command_noop, 7, {}, {}, {}});
  talk.send({mars::command_hello, mars::sequence_identify, {'w'}, {}, {}});
  talk.send({100, 3, {'a'}, {}, {}});
  talk.send({mars::command_push, mars::sequence_push, {'p'}, {}, {}});
  talk.send({100, 4, {}, {}, "no"});
  EXPECT_EQ(talk.take_output(), (std::vector<uint8_t>{9,  6, 0, 0, 0, 7, 0, 0, 0,    6,   10, 8,  0xFF, 0xFF, 0xFF, 0xFE, 0, 0, 0,   1,   'w', 10, 2, 0, 0, 0, 3,
                                                      0, 0, 0, 100, 'a', 10, 4, 0, 0, 0, 0, 0, 0, 0x27, 0x11, 'p', 11, 10, 0, 0, 0, 4, 0, 0, 0, 100, 'n', 'o'}));
}

TEST(GatewaySession, AnAnswerThatDoesNotFitIsRefusedWithASentence) {
  gateway::settings s;
  s.codec = "length-prefixed";
  s.codec_settings = {{"prefix", "1"}};
  session talk(numbers, std::move(*gateway::open_frames(s)), t0);
  talk.send({100, 3, std::vector<uint8_t>(1000, 'a'), {}, {}});
  const auto out = talk.take_output();
  ASSERT_GT(out.size(), 10u);
  EXPECT_EQ(out[1], 10) << "a refusal";
  EXPECT_NE(std::string(out.begin() + 10, out.end()).find("does not carry this"), std::string::npos);
  talk.send({mars::command_push, 0, std::vector<uint8_t>(1000, 'a'), {}, {}});
  EXPECT_TRUE(talk.take_output().empty()) << "nobody waits for a push";
}

TEST(GatewaySession, RequestsBeforeTheDamageAreServedAndThenItIsFound) {
  session talk(numbers, mars_frames(), t0);
  std::vector<uint8_t> wire = wire_of(1);
  const auto second = wire_of(2);
  wire.insert(wire.end(), second.begin(), second.end());
  wire.insert(wire.end(), 20, 0);
  EXPECT_EQ(talk.on_bytes(wire, t0), THARSIS_OK);
  EXPECT_TRUE(talk.take_request(t0));
  EXPECT_TRUE(talk.take_request(t0 + 1s));
  EXPECT_FALSE(talk.take_request(t0 + 2s));
  EXPECT_EQ(talk.failure().status, THARSIS_E_PROTOCOL);
}
