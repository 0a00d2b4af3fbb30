#include "tests/lab/relay/packet.h"

#include <gtest/gtest.h>

#include "tests/lab/relay/sample_packets.h"

using namespace tharsis;
using namespace tharsis::lab;
using namespace tharsis::lab::sample;

TEST(Packet, ASegmentIsReadInBothVersions) {
  for (const auto& [from, to] : {std::pair(client, server), std::pair(client6, server6)}) {
    const bytes data = {1, 2, 3};
    bytes whole = make_tcp(from, to, 0xfffffffe, 77, tcp_ack | tcp_fin, data);
    whole.resize(whole.size() + 5);  // What stands behind it is not part of it.
    const auto p = parse_packet(whole);
    ASSERT_TRUE(p);
    EXPECT_EQ(p->whole.size(), whole.size() - 5);
    EXPECT_TRUE(p->source == from && p->target == to);
    EXPECT_TRUE(p->has_start && !p->is_fragment);
    const auto s = parse_tcp(*p);
    ASSERT_TRUE(s);
    EXPECT_TRUE(std::equal(s->data.begin(), s->data.end(), data.begin(), data.end()));
    EXPECT_EQ(s->acknowledged, 77u);
    EXPECT_EQ(s->next(), 2u) << "three bytes and the FIN, over the border";
    EXPECT_FALSE(parse_udp(*p));
  }
}

TEST(Packet, ADatagramEndsWhereItsLengthSays) {
  bytes whole = make_udp(client, server, bytes{7, 8, 9});
  put16(whole, 20 + 4, 8 + 2);
  const auto p = parse_packet(whole);
  ASSERT_TRUE(p && parse_udp(*p));
  EXPECT_EQ(parse_udp(*p)->size(), 2u);
  EXPECT_FALSE(parse_tcp(*p));
  for (const uint16_t wrong : {uint16_t{7}, uint16_t{12}}) {
    put16(whole, 20 + 4, wrong);
    EXPECT_FALSE(parse_udp(*parse_packet(whole))) << wrong;
  }
}

TEST(Packet, WhatIsCutIsNone) {
  for (const bytes& whole : {make_tcp(client, server, 1, 2, tcp_ack, bytes(9)), make_tcp(client6, server6, 1, 2, tcp_ack),
                             make_udp(client, server, bytes(9)), make_udp(client6, server6, bytes(9))})
    for (size_t size = 0; size < whole.size(); ++size) {
      const bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_FALSE(parse_packet(cut)) << size;
    }
}

TEST(Packet, AHeaderThatIsTooShortForItsProtocolHasNoPorts) {
  bytes whole = make_tcp(client, server, 1, 2, tcp_ack);
  whole.resize(20 + 19);
  put16(whole, 2, 39);
  EXPECT_FALSE(parse_tcp(*parse_packet(whole)));
  EXPECT_EQ(parse_packet(whole)->target.port, 443);
  whole.resize(20 + 3);
  put16(whole, 2, 23);
  EXPECT_EQ(parse_packet(whole)->target.port, 0);
  bytes offset = make_tcp(client, server, 1, 2, tcp_ack);
  for (const int words : {4, 6}) {  // Shorter than a header; longer than the segment.
    offset[20 + 12] = static_cast<uint8_t>(words << 4);
    EXPECT_FALSE(parse_tcp(*parse_packet(offset))) << words;
  }
}

TEST(Packet, AVersionOrHeaderThatCannotBeIsNone) {
  for (const uint8_t first : bytes{0x00, 0x44, 0x4f, 0x54, 0x75, 0xff}) {
    bytes whole = make_tcp(client, server, 1, 2, tcp_ack);
    whole[0] = first;
    EXPECT_FALSE(parse_packet(whole)) << int{first};
  }
}

TEST(Packet, OfAFragmentOnlyTheFirstHasPorts) {
  bytes whole = udp(100);
  put16(whole, 6, 0x2000);
  auto p = parse_packet(whole);
  EXPECT_TRUE(p->is_fragment && p->has_start && p->target.port == 443);
  put16(whole, 6, 0x2010);
  p = parse_packet(whole);
  EXPECT_TRUE(p->is_fragment && !p->has_start && p->target.port == 0);
  EXPECT_FALSE(parse_udp(*p));
}

namespace {

// Puts an extension header before what the packet carries.
bytes with_extension(bytes whole, uint8_t type, bytes header) {
  header[0] = whole[6];
  whole[6] = type;
  whole.insert(whole.begin() + 40, header.begin(), header.end());
  put16(whole, 4, static_cast<uint16_t>(whole.size() - 40));
  return whole;
}

}  // namespace

TEST(Packet, ExtensionHeadersAreSteppedOver) {
  const bytes plain = make_tcp(client6, server6, 5, 6, tcp_ack);
  const bytes one = with_extension(plain, 60, {0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  const bytes options = with_extension(one, 0, bytes(8));
  ASSERT_TRUE(parse_packet(options) && parse_tcp(*parse_packet(options)));
  EXPECT_EQ(parse_packet(options)->target.port, 443);
  EXPECT_EQ(parse_tcp(*parse_packet(options))->sequence, 5u);
  bytes too_long = with_extension(plain, 0, bytes(8));
  too_long[41] = 200;
  ASSERT_TRUE(parse_packet(too_long));
  EXPECT_FALSE(parse_tcp(*parse_packet(too_long)));
}

TEST(Packet, FragmentsOfVersionSixAreKnown) {
  const bytes plain = make_udp(client6, server6, bytes(8));
  const bytes first = with_extension(plain, 44, {0, 0, 0, 1, 0, 0, 0, 9});
  const bytes later = with_extension(plain, 44, {0, 0, 0, 9, 0, 0, 0, 9});
  const bytes alone = with_extension(plain, 44, {0, 0, 0, 0, 0, 0, 0, 9});
  EXPECT_TRUE(parse_packet(first)->is_fragment && parse_packet(first)->has_start && parse_udp(*parse_packet(first)));
  EXPECT_TRUE(parse_packet(later)->is_fragment && !parse_packet(later)->has_start && !parse_udp(*parse_packet(later)));
  EXPECT_FALSE(parse_packet(alone)->is_fragment);
}

TEST(Packet, NeighboursTalkStaysOnTheirLink) {
  const auto stays = [](const char* from, const char* to) {
    const bytes whole = make_udp(at(from, 1), at(to, 2), {});
    return stays_on_link(*parse_packet(whole));
  };
  EXPECT_FALSE(stays("10.0.0.1", "198.51.100.1"));
  EXPECT_FALSE(stays("fd77::2", "2001:db8::1"));
  EXPECT_TRUE(stays("10.0.0.1", "224.0.0.22"));
  EXPECT_TRUE(stays("10.0.0.1", "255.255.255.255"));
  EXPECT_TRUE(stays("169.254.1.1", "10.0.0.1"));
  EXPECT_TRUE(stays("fd77::2", "ff02::2"));
  EXPECT_TRUE(stays("fe80::1", "2001:db8::1"));
  EXPECT_TRUE(stays("::", "2001:db8::1"));
}
