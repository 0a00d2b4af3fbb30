// Packets that a bad network makes itself, whole and with right checksums.
#pragma once
#include "tests/lab/relay/packet.h"

namespace tharsis::lab {

// `acknowledged`: only sent when the flags have tcp_ack.
bytes make_tcp(const tharsis_address& source, const tharsis_address& target, uint32_t sequence, uint32_t acknowledged,
               uint8_t flags, byte_view data = {});
bytes make_udp(const tharsis_address& source, const tharsis_address& target, byte_view data);

// What a closed port says to this segment; nothing where the rules say silence (to a reset).
std::optional<bytes> reset_answer(const packet& to, const tcp_segment& segment);

enum class icmp_error { too_big, host_unreachable, port_unreachable };

// In the name of the packet's target. Nothing where the rules say silence: to errors, to later
// fragments, to multicast. `mtu` counts for too_big alone.
std::optional<bytes> icmp_answer(const packet& to, icmp_error what, uint32_t mtu = 0);

// The sum that IP, ICMP, TCP and UDP use; 0 over bytes that hold their own right sum.
uint16_t internet_checksum(byte_view summed, uint32_t so_far = 0);
// Of a transport's header and data, behind the pseudo header of the two addresses.
uint16_t transport_checksum(const tharsis_address& source, const tharsis_address& target, uint8_t protocol,
                            byte_view transport);

}  // namespace tharsis::lab
