#include "tests/lab/relay/answer.h"

#include <gtest/gtest.h>

#include "tests/lab/relay/sample_packets.h"

using namespace tharsis;
using namespace tharsis::lab;
using namespace tharsis::lab::sample;

namespace {

// All sums in it are right, and it is exactly as long as it says.
void expect_whole(const bytes& made) {
  const auto p = parse_packet(made);
  ASSERT_TRUE(p);
  EXPECT_EQ(p->whole.size(), made.size());
  if (p->source.family == 4) {
    EXPECT_EQ(internet_checksum(byte_view(made).first(20)), 0);
  }
  if (p->protocol == protocol_icmp)
    EXPECT_EQ(internet_checksum(p->transport), 0);
  else
    EXPECT_EQ(transport_checksum(p->source, p->target, p->protocol, p->transport), 0);
}

}  // namespace

TEST(Answer, TheSumIsTheOneOfTheRfc) {  // RFC 1071, section 3.
  const bytes example = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(internet_checksum(example), static_cast<uint16_t>(~0xddf2));
  EXPECT_EQ(internet_checksum(bytes{0x12}), static_cast<uint16_t>(~0x1200)) << "an odd byte counts as the upper half";
}

TEST(Answer, WhatIsMadeHasRightSumsAndLengths) {
  for (const auto& [from, to] : {std::pair(client, server), std::pair(client6, server6)})
    for (size_t size = 0; size < 4; ++size) {
      expect_whole(make_udp(from, to, bytes(size, 0xff)));
      expect_whole(make_tcp(from, to, 0xfffffff0, 3, tcp_ack, bytes(size, 0xff)));
    }
}

TEST(Answer, AResetAnswersTheSegmentThatItRefuses) {
  const bytes syn = make_tcp(client, server, 100, 0, tcp_syn), data = make_tcp(client6, server6, 100, 5, tcp_ack, bytes(10));
  for (const auto& [refused, sequence, acknowledged] : {std::tuple(syn, 0u, 101u), std::tuple(data, 5u, 110u)}) {
    const auto p = parse_packet(refused);
    const auto answer = reset_answer(*p, *parse_tcp(*p));
    ASSERT_TRUE(answer);
    expect_whole(*answer);
    const auto q = parse_packet(*answer);
    EXPECT_TRUE(q->source == p->target && q->target == p->source);
    const auto s = parse_tcp(*q);
    EXPECT_EQ(s->flags, tcp_rst | tcp_ack);
    EXPECT_EQ(s->sequence, sequence);
    EXPECT_EQ(s->acknowledged, acknowledged);
  }
  const bytes reset = make_tcp(client, server, 1, 0, tcp_rst);
  EXPECT_FALSE(reset_answer(*parse_packet(reset), *parse_tcp(*parse_packet(reset))));
}

TEST(Answer, AnErrorBringsBackTheBeginningOfItsPacket) {
  struct expectation {
    bytes about;
    icmp_error what;
    uint8_t type, code;
    size_t most;
  };
  const bytes v4 = make_udp(client, server, bytes(1400, 1)), v6 = make_udp(client6, server6, bytes(1400, 1));
  for (const expectation& e : {expectation{v4, icmp_error::too_big, 3, 4, 576}, {v4, icmp_error::host_unreachable, 3, 1, 576},
                               {v4, icmp_error::port_unreachable, 3, 3, 576}, {v6, icmp_error::too_big, 2, 0, 1280},
                               {v6, icmp_error::host_unreachable, 1, 3, 1280}, {v6, icmp_error::port_unreachable, 1, 4, 1280}}) {
    const auto about = parse_packet(e.about);
    const auto answer = icmp_answer(*about, e.what, e.what == icmp_error::too_big ? 1300 : 0);
    ASSERT_TRUE(answer);
    expect_whole(*answer);
    EXPECT_EQ(answer->size(), e.most);
    const auto p = parse_packet(*answer);
    EXPECT_TRUE(same_ip(p->source, about->target) && same_ip(p->target, about->source));
    EXPECT_EQ(p->transport[0], e.type);
    EXPECT_EQ(p->transport[1], e.code);
    EXPECT_EQ(read32(p->transport, 4), e.what == icmp_error::too_big ? 1300u : 0u);
    const byte_view back = p->transport.subspan(8);
    EXPECT_TRUE(std::equal(back.begin(), back.end(), e.about.begin()));
  }
}

TEST(Answer, ErrorsAreNotAnsweredWithErrors) {
  for (const bytes& about : {udp(100), make_udp(client6, server6, bytes(9))}) {
    const auto error = icmp_answer(*parse_packet(about), icmp_error::host_unreachable);
    ASSERT_TRUE(error && is_icmp_error(*parse_packet(*error)));
    EXPECT_FALSE(icmp_answer(*parse_packet(*error), icmp_error::host_unreachable));
  }
  bytes later_fragment = udp(100);
  put16(later_fragment, 6, 0x0010);
  EXPECT_FALSE(icmp_answer(*parse_packet(later_fragment), icmp_error::too_big, 99));
}
