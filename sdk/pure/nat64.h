// IPv4 servers on networks that carry IPv6 only: the address behind the network's translator (RFC 6052), whose
// prefix the name ipv4only.arpa tells (RFC 7050).
#pragma once
#include <optional>
#include <span>

#include "sdk/abi/net.h"

namespace tharsis {

inline constexpr const char* nat64_name = "ipv4only.arpa";

struct nat64_prefix {
  tharsis_address address{};  // Its first `bits` count.
  int bits = 0;               // 32, 40, 48, 56, 64 or 96.
};

// Of what nat64_name resolves to; nothing: this network translates nothing.
std::optional<nat64_prefix> find_nat64_prefix(std::span<const tharsis_address> resolved);

// 64:ff9b::/96 of RFC 6052, behind which there are IPv4 addresses and nothing else. Any other one is the network's own: whoever tells of
// it says where connections go.
bool is_well_known(const nat64_prefix& prefix);

// The IPv4 address as it is reached here; the port stays.
tharsis_address through_nat64(const nat64_prefix& prefix, const tharsis_address& v4);

}  // namespace tharsis
