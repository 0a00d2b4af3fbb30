// Reads what the kernel's rtnetlink answers. Pure: bytes in, values out; whatever the bytes are, nothing
// outside them is looked at and no more than a bounded number of values is kept.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sdk/abi/net.h"

namespace tharsis::runtime {

// How far an answer has come.
enum class netlink_end { open, done, refused, damaged };

// The way to one address.
struct kernel_route {
  uint32_t interface = 0;      // 0: there is no way.
  tharsis_address source{};    // Family 0: the kernel has none to send with.
  tharsis_address gateway{};   // Family 0: none is needed.
  uint8_t family = 0;          // 4 or 6: what it routes.
  bool to_all = false;         // Of the main table: whatever no other route takes.
  uint32_t metric = 0;
};
struct kernel_neighbour {
  tharsis_address ip{};
  uint32_t interface = 0;
  uint32_t state = 0;  // THARSIS_NEIGHBOUR_*
};
struct kernel_link {
  std::string name;
  std::string kind;       // "veth", "wireguard"; empty: hardware.
  uint32_t hardware = 0;  // ARPHRD_*.
  uint32_t mtu = 0;
  bool running = false;   // Up, and something is at the other end.
  bool resolves = false;  // Neighbours have hardware addresses.
  bool up = false;        // Switched on.
  uint32_t number = 0;    // As routes name it.
};

// Takes one datagram of an answer after the other, all for one question.
class netlink_reader {
 public:
  netlink_end on_datagram(std::span<const uint8_t> bytes);

  std::optional<kernel_route> route;
  std::optional<kernel_link> link;
  std::vector<tharsis_address> addresses;  // That may be sent with: global, proved to be nobody else's.
  std::vector<uint8_t> hardware;           // Of the neighbour that was asked for.
  // Of dumps; so many at most that a machine with more is not told of as a whole.
  static constexpr size_t list_most = 1024;
  std::vector<kernel_link> links;
  std::vector<kernel_route> defaults;
  std::vector<kernel_neighbour> neighbours;
  int refusal = 0;                         // The kernel's number, when refused.

 private:
  netlink_end on_message(uint16_t type, std::span<const uint8_t> body);
};

// What a message of the kernel's, unasked, is about.
struct netlink_notice {
  bool of_neighbour = false;  // Else of links, addresses or routes.
  tharsis_address neighbour{};
  std::vector<uint8_t> hardware;
};
// Nothing: the bytes are none, or of no interest.
std::vector<netlink_notice> read_notices(std::span<const uint8_t> bytes);

}  // namespace tharsis::runtime
