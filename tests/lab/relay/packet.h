// IP packets taken apart: views with checked lengths into bytes that somebody else keeps.
#pragma once
#include <optional>

#include "sdk/abi/net.h"
#include "tests/lab/relay/big_endian.h"

namespace tharsis::lab {

inline constexpr uint8_t protocol_icmp = 1, protocol_tcp = 6, protocol_udp = 17, protocol_icmp6 = 58;

// Up is from inside (the client's side) to outside.
enum class direction { up, down };
constexpr direction opposite(direction way) { return way == direction::up ? direction::down : direction::up; }

struct packet {
  byte_view whole;  // Without anything behind the length that the packet says it has.
  uint8_t protocol = 0;  // Of what stands behind the IP headers.
  tharsis_address source{}, target{};  // Ports: of TCP and UDP, else 0.
  bool is_fragment = false;
  bool has_start = true;  // Of its datagram: what follows the IP headers is a transport's header.
  byte_view transport;    // All behind the IP headers.
};

std::optional<packet> parse_packet(byte_view read);

// A host's talk with its neighbours, multicast and broadcast: a router does not carry it on.
bool stays_on_link(const packet& p);

inline constexpr uint8_t tcp_fin = 1, tcp_syn = 2, tcp_rst = 4, tcp_ack = 16;

struct tcp_segment {
  uint32_t sequence = 0, acknowledged = 0;
  uint8_t flags = 0;
  byte_view data;

  bool has(uint8_t flag) const { return (flags & flag) != 0; }
  // Behind it in the sequence: SYN and FIN count as a byte each.
  uint32_t next() const {
    return sequence + static_cast<uint32_t>(data.size()) + (has(tcp_syn) ? 1 : 0) + (has(tcp_fin) ? 1 : 0);
  }
};

// Nothing when it is another protocol, a later fragment or cut.
std::optional<tcp_segment> parse_tcp(const packet& p);
std::optional<byte_view> parse_udp(const packet& p);

// An ICMP message that tells of a failure; none is ever sent about one.
bool is_icmp_error(const packet& p);

}  // namespace tharsis::lab
