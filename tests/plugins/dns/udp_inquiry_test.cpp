#include "plugins/dns/core/udp_inquiry.h"

#include <gtest/gtest.h>

#include "sdk/pure/dns_framed_message.h"
#include "tests/plugins/dns/answer_writer.h"

using namespace tharsis;
using namespace tharsis::dns;
using namespace tharsis::dns::test;

namespace {

constexpr instant t0{};
const udp_settings quick{.again = 400ms, .late_window = 200ms};

question secret() {
  question q{.name = "im.example.com", .kind = type::a};
  q.secret.id = 77;
  q.secret.cases.fill(0x55);
  return q;
}
octets with(const char* ip) { return answer_writer(bytes_of(secret())).address(ip).bytes; }

}  // namespace

TEST(UdpInquiry, AQuestionIsSentAgainEachTimeAfterTwiceAsLong) {
  udp_inquiry i(secret(), quick, t0, t0 + 10s);
  EXPECT_TRUE(i.send(t0));
  EXPECT_FALSE(i.send(t0 + 399ms));
  EXPECT_EQ(i.deadline(), t0 + 400ms);
  EXPECT_TRUE(i.send(t0 + 400ms));
  EXPECT_EQ(i.deadline(), t0 + 1200ms);
  EXPECT_TRUE(i.send(t0 + 1200ms));
  EXPECT_FALSE(i.over(t0 + 9s));
  EXPECT_TRUE(i.over(t0 + 10s));
  EXPECT_FALSE(i.answered());
}

TEST(UdpInquiry, AfterAnAnswerItListensForAnotherOne) {
  udp_inquiry i(secret(), quick, t0, t0 + 10s);
  EXPECT_TRUE(i.send(t0));
  i.on_datagram(with("192.0.2.1"), t0 + 20ms);
  EXPECT_TRUE(i.answered());
  EXPECT_FALSE(i.over(t0 + 219ms));
  EXPECT_FALSE(i.send(t0 + 500ms));
  EXPECT_TRUE(i.over(t0 + 220ms));
  EXPECT_FALSE(i.wants_tcp());
}

TEST(UdpInquiry, TwoAnswersThatHaveNothingInCommonAreADispute) {
  udp_inquiry i(secret(), quick, t0, t0 + 10s);
  EXPECT_TRUE(i.send(t0));
  for (const char* ip : {"203.0.113.66", "203.0.113.66", "203.0.113.67", "192.0.2.1"}) i.on_datagram(with(ip), t0 + 20ms);
  EXPECT_EQ(i.answers().size(), 3u);
  EXPECT_TRUE(i.disputed());
  EXPECT_TRUE(i.wants_tcp());
  EXPECT_EQ(ip_text(i.answers().back().addresses[0]), "192.0.2.1");
}

TEST(UdpInquiry, PartsOfOneListAreNoDispute) {
  udp_inquiry i(secret(), quick, t0, t0 + 10s);
  EXPECT_TRUE(i.send(t0));
  i.on_datagram(answer_writer(bytes_of(secret())).address("192.0.2.1").address("192.0.2.2").bytes, t0);
  i.on_datagram(answer_writer(bytes_of(secret())).address("192.0.2.2").address("192.0.2.3").bytes, t0);
  EXPECT_FALSE(i.disputed());
  EXPECT_TRUE(i.wants_tcp());
}

// Who knows the true address forges an answer that has it too, beside his own.
TEST(UdpInquiry, AForgedAnswerThatHasTheTrueAddressTooIsNotTakenForTheTrueOne) {
  udp_inquiry i(secret(), quick, t0, t0 + 10s);
  EXPECT_TRUE(i.send(t0));
  i.on_datagram(answer_writer(bytes_of(secret())).address("203.0.113.66").address("192.0.2.1").bytes, t0);
  EXPECT_FALSE(i.wants_tcp());
  i.on_datagram(with("192.0.2.1"), t0 + 1ms);
  EXPECT_TRUE(i.wants_tcp()) << "TCP decides";
  EXPECT_EQ(i.answers().back().addresses.size(), 1u);
  udp_inquiry quiet(secret(), quick, t0, t0 + 10s);
  EXPECT_TRUE(quiet.send(t0));
  quiet.on_datagram(answer_writer(bytes_of(secret())).address("192.0.2.2").address("192.0.2.1").bytes, t0);
  quiet.on_datagram(answer_writer(bytes_of(secret())).address("192.0.2.1").address("192.0.2.2").bytes, t0);
  EXPECT_FALSE(quiet.wants_tcp()) << "the same in another order";
}

// Records that are no addresses differ by what they say: a forged HTTPS record has hints of its own.
TEST(UdpInquiry, OtherRecordsThatDifferAreADispute) {
  question q = secret();
  q.kind = type::https;
  const auto hinting = [&](uint8_t last) { return answer_writer(bytes_of(q)).add("", type::https, 60, octets{0, 1, 0, 0, 4, 0, 4, 192, 0, 2, last}).bytes; };
  udp_inquiry i(q, quick, t0, t0 + 10s);
  EXPECT_TRUE(i.send(t0));
  i.on_datagram(hinting(66), t0);
  i.on_datagram(hinting(66), t0);
  EXPECT_FALSE(i.wants_tcp());
  i.on_datagram(hinting(1), t0 + 1ms);
  EXPECT_TRUE(i.disputed());
  EXPECT_TRUE(i.wants_tcp());
}

TEST(UdpInquiry, AnswersToTwoSendingsMayDiffer) {
  udp_inquiry i(secret(), quick, t0, t0 + 10s);
  EXPECT_TRUE(i.send(t0));
  EXPECT_TRUE(i.send(t0 + 400ms));
  i.on_datagram(with("192.0.2.1"), t0 + 401ms);
  i.on_datagram(with("198.51.100.1"), t0 + 402ms);
  EXPECT_FALSE(i.disputed()) << "that is no proof of a forgery";
  EXPECT_TRUE(i.wants_tcp());
}

TEST(UdpInquiry, ANameThatIsDeniedAndHasAnAddressIsADispute) {
  udp_inquiry i(secret(), quick, t0, t0 + 10s);
  EXPECT_TRUE(i.send(t0));
  i.on_datagram(answer_writer(bytes_of(secret()), rcode::no_name).bytes, t0);
  i.on_datagram(with("192.0.2.1"), t0 + 20ms);
  EXPECT_TRUE(i.disputed());
}

TEST(UdpInquiry, WhatDoesNotFitIsCountedAndAnswersNothing) {
  udp_inquiry i(secret(), quick, t0, t0 + 10s);
  EXPECT_TRUE(i.send(t0));
  octets wrong = with("203.0.113.66");
  wrong[0] ^= 1;
  i.on_datagram(wrong, t0);
  i.on_datagram(octets(3, 0), t0);
  EXPECT_FALSE(i.answered());
  EXPECT_EQ(i.strangers(), 2u);
}

TEST(UdpInquiry, WhatIsCutOrInOtherLettersIsAskedForOverTcp) {
  udp_inquiry cut(secret(), quick, t0, t0 + 10s);
  EXPECT_TRUE(cut.send(t0));
  octets bytes = with("192.0.2.1");
  bytes[2] |= 0x02;
  cut.on_datagram(bytes, t0);
  EXPECT_TRUE(cut.over(t0));
  EXPECT_TRUE(cut.wants_tcp());
  EXPECT_FALSE(cut.answered());

  udp_inquiry other(secret(), quick, t0, t0 + 10s);
  EXPECT_TRUE(other.send(t0));
  bytes = with("203.0.113.66");
  bytes[13] ^= 0x20;
  other.on_datagram(bytes, t0);
  EXPECT_FALSE(other.over(t0)) << "a forged one must not end it";
  EXPECT_TRUE(other.wants_tcp());
  other.on_datagram(with("192.0.2.1"), t0 + 1ms);
  EXPECT_FALSE(other.wants_tcp());
}

TEST(UdpInquiry, AServerThatWantsItsOwnCookieIsAskedOverTcp) {
  udp_inquiry i(secret(), quick, t0, t0 + 10s);
  EXPECT_TRUE(i.send(t0));
  i.on_datagram(answer_writer(bytes_of(secret()), rcode::bad_cookie & 0x0F).options({}, rcode::bad_cookie >> 4).bytes, t0);
  EXPECT_TRUE(i.over(t0));
  EXPECT_TRUE(i.wants_tcp());
}

TEST(FramedMessage, IsWholeHoweverItsBytesCome) {
  const octets message = with("192.0.2.1");
  octets framed = framed_message::frame(message);
  framed.push_back(9);  // Of the next one.
  for (size_t piece = 1; piece <= framed.size(); ++piece) {
    framed_message f;
    EXPECT_FALSE(f.begun());
    for (size_t at = 0; at < framed.size(); at += piece) f.on_bytes(std::span(framed).subspan(at, std::min(piece, framed.size() - at)));
    ASSERT_TRUE(f.whole()) << piece;
    EXPECT_TRUE(std::equal(message.begin(), message.end(), f.message().begin(), f.message().end()));
  }
  framed_message empty;
  empty.on_bytes(octets{0, 0});
  EXPECT_TRUE(empty.whole());
  EXPECT_TRUE(empty.message().empty());
}
