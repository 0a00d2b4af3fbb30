#include "tests/lab/relay/answer.h"

#include <algorithm>

namespace tharsis::lab {
namespace {

constexpr uint8_t hops = 64;
constexpr size_t v4_header = 20, v6_header = 40;
// So much of an IPv4 packet an error may bring back (RFC 1812), and so long an IPv6 one may be (RFC 4443).
constexpr size_t v4_error_most = 576, v6_error_most = 1280;

byte_view ip_of(const tharsis_address& a) { return {a.ip, a.family == 4 ? 4u : 16u}; }

uint32_t sum_of(byte_view summed, uint32_t sum = 0) {
  for (size_t i = 0; i + 1 < summed.size(); i += 2) sum += read16(summed, i);
  if (summed.size() % 2 != 0) sum += static_cast<uint32_t>(summed.back() << 8);
  return sum;
}

bytes with_ip_header(const tharsis_address& source, const tharsis_address& target, uint8_t protocol, byte_view transport) {
  const bool v4 = source.family == 4;
  bytes made(v4 ? v4_header : v6_header);
  if (v4) {
    made[0] = 0x45;
    put16(made, 2, static_cast<uint16_t>(v4_header + transport.size()));
    put16(made, 6, 0x4000);  // Not to be fragmented, hence no number of its own.
    made[8] = hops;
    made[9] = protocol;
  } else {
    made[0] = 0x60;
    put16(made, 4, static_cast<uint16_t>(transport.size()));
    made[6] = protocol;
    made[7] = hops;
  }
  std::copy_n(source.ip, ip_of(source).size(), made.begin() + (v4 ? 12 : 8));
  std::copy_n(target.ip, ip_of(target).size(), made.begin() + (v4 ? 16 : 24));
  if (v4) put16(made, 10, internet_checksum(made));
  append(made, transport);
  return made;
}

}  // namespace

uint16_t internet_checksum(byte_view summed, uint32_t so_far) {
  uint32_t sum = sum_of(summed, so_far);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

uint16_t transport_checksum(const tharsis_address& source, const tharsis_address& target, uint8_t protocol,
                            byte_view transport) {
  const uint32_t pseudo = sum_of(ip_of(source)) + sum_of(ip_of(target)) + protocol + static_cast<uint32_t>(transport.size());
  return internet_checksum(transport, pseudo);
}

bytes make_tcp(const tharsis_address& source, const tharsis_address& target, uint32_t sequence, uint32_t acknowledged,
               uint8_t flags, byte_view data) {
  bytes segment(20);
  put16(segment, 0, source.port);
  put16(segment, 2, target.port);
  put32(segment, 4, sequence);
  put32(segment, 8, (flags & tcp_ack) != 0 ? acknowledged : 0);
  segment[12] = 5 << 4;
  segment[13] = flags;
  append(segment, data);
  put16(segment, 16, transport_checksum(source, target, protocol_tcp, segment));
  return with_ip_header(source, target, protocol_tcp, segment);
}

bytes make_udp(const tharsis_address& source, const tharsis_address& target, byte_view data) {
  bytes datagram(8);
  put16(datagram, 0, source.port);
  put16(datagram, 2, target.port);
  put16(datagram, 4, static_cast<uint16_t>(datagram.size() + data.size()));
  append(datagram, data);
  const uint16_t sum = transport_checksum(source, target, protocol_udp, datagram);
  put16(datagram, 6, sum == 0 ? uint16_t{0xffff} : sum);  // 0 means "no sum".
  return with_ip_header(source, target, protocol_udp, datagram);
}

std::optional<bytes> reset_answer(const packet& to, const tcp_segment& segment) {
  if (segment.has(tcp_rst)) return {};
  const uint32_t sequence = segment.has(tcp_ack) ? segment.acknowledged : 0;
  return make_tcp(to.target, to.source, sequence, segment.next(), tcp_rst | tcp_ack);
}

std::optional<bytes> icmp_answer(const packet& to, icmp_error what, uint32_t mtu) {
  if (is_icmp_error(to) || !to.has_start || stays_on_link(to)) return {};
  const bool v4 = to.source.family == 4;
  bytes message(8);
  if (v4) {
    message[0] = 3;
    message[1] = what == icmp_error::too_big ? 4 : what == icmp_error::host_unreachable ? 1 : 3;
    put16(message, 6, static_cast<uint16_t>(std::min<uint32_t>(mtu, 0xffff)));
  } else {
    message[0] = what == icmp_error::too_big ? 2 : 1;
    message[1] = what == icmp_error::too_big ? 0 : what == icmp_error::host_unreachable ? 3 : 4;
    put32(message, 4, mtu);
  }
  const size_t most = v4 ? v4_error_most - v4_header - message.size() : v6_error_most - v6_header - message.size();
  append(message, to.whole.first(std::min(to.whole.size(), most)));
  put16(message, 2, v4 ? internet_checksum(message) : transport_checksum(to.target, to.source, protocol_icmp6, message));
  return with_ip_header(to.target, to.source, v4 ? protocol_icmp : protocol_icmp6, message);
}

}  // namespace tharsis::lab
