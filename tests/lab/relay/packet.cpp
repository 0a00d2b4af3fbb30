#include "tests/lab/relay/packet.h"

#include <algorithm>

namespace tharsis::lab {
namespace {

constexpr size_t v4_header = 20, v6_header = 40, tcp_header = 20, udp_header = 8;

tharsis_address address_of(byte_view ip) {
  tharsis_address made{};
  made.family = ip.size() == 4 ? 4 : 6;
  std::copy(ip.begin(), ip.end(), made.ip);
  return made;
}

std::optional<packet> parse_v4(byte_view read) {
  if (read.size() < v4_header) return {};
  const size_t header = (read[0] & 15u) * 4, length = read16(read, 2);
  if (header < v4_header || length < header || length > read.size()) return {};
  packet p;
  p.whole = read.first(length);
  p.protocol = read[9];
  p.source = address_of(read.subspan(12, 4));
  p.target = address_of(read.subspan(16, 4));
  const uint16_t fragment = read16(read, 6);
  p.is_fragment = (fragment & 0x3fff) != 0;
  p.has_start = (fragment & 0x1fff) == 0;
  p.transport = p.whole.subspan(header);
  return p;
}

// Steps over one extension header; false when `protocol` is none, or what follows is out of reach.
bool step_over(packet& p) {
  constexpr uint8_t hop_by_hop = 0, routing = 43, fragment = 44, destination = 60;
  const byte_view left = p.transport;
  if (p.protocol != hop_by_hop && p.protocol != routing && p.protocol != fragment && p.protocol != destination) return false;
  if (!p.has_start || left.size() < 8) return false;
  const size_t length = p.protocol == fragment ? 8 : (left[1] + 1u) * 8;
  if (length > left.size()) return false;
  if (p.protocol == fragment) {
    p.is_fragment = (read16(left, 2) & 0xfff9) != 0;
    p.has_start = (read16(left, 2) & 0xfff8) == 0;
  }
  p.protocol = left[0];
  p.transport = left.subspan(length);
  return true;
}

std::optional<packet> parse_v6(byte_view read) {
  if (read.size() < v6_header) return {};
  const size_t length = v6_header + read16(read, 4);
  if (length > read.size()) return {};
  packet p;
  p.whole = read.first(length);
  p.protocol = read[6];
  p.source = address_of(read.subspan(8, 16));
  p.target = address_of(read.subspan(24, 16));
  p.transport = p.whole.subspan(v6_header);
  while (step_over(p)) {
  }
  return p;
}

}  // namespace

std::optional<packet> parse_packet(byte_view read) {
  if (read.empty()) return {};
  std::optional<packet> p;
  if (read[0] >> 4 == 4) p = parse_v4(read);
  if (read[0] >> 4 == 6) p = parse_v6(read);
  if (!p || !p->has_start || p->transport.size() < 4) return p;
  if (p->protocol != protocol_tcp && p->protocol != protocol_udp) return p;
  p->source.port = read16(p->transport, 0);
  p->target.port = read16(p->transport, 2);
  return p;
}

bool stays_on_link(const packet& p) {
  const uint8_t *from = p.source.ip, *to = p.target.ip;
  if (p.target.family == 4) return to[0] >> 4 >= 14 || (to[0] == 169 && to[1] == 254) || (from[0] == 169 && from[1] == 254);
  const auto link_local = [](const uint8_t* ip) { return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80; };
  const bool unspecified = std::all_of(from, from + 16, [](uint8_t b) { return b == 0; });
  return to[0] == 0xff || link_local(to) || link_local(from) || unspecified;
}

std::optional<tcp_segment> parse_tcp(const packet& p) {
  if (p.protocol != protocol_tcp || !p.has_start || p.transport.size() < tcp_header) return {};
  const size_t header = (p.transport[12] >> 4) * 4u;
  if (header < tcp_header || header > p.transport.size()) return {};
  return tcp_segment{read32(p.transport, 4), read32(p.transport, 8), p.transport[13], p.transport.subspan(header)};
}

std::optional<byte_view> parse_udp(const packet& p) {
  if (p.protocol != protocol_udp || !p.has_start || p.transport.size() < udp_header) return {};
  const size_t length = read16(p.transport, 4);
  if (length < udp_header || length > p.transport.size()) return {};
  return p.transport.subspan(udp_header, length - udp_header);
}

bool is_icmp_error(const packet& p) {
  if (!p.has_start || p.transport.empty()) return false;
  if (p.protocol == protocol_icmp6) return p.transport[0] < 128;
  const uint8_t type = p.transport[0];
  return p.protocol == protocol_icmp && (type == 3 || type == 4 || type == 5 || type == 11 || type == 12);
}

}  // namespace tharsis::lab
