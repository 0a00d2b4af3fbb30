// Which addresses cannot be those of a public name, and which are as good as the same. Pure.
#pragma once
#include <string_view>

#include "sdk/abi/net.h"

namespace tharsis::dns {

// Why no public name has this address: "a private address"; empty: it may have. The ranges for documentation and for
// benchmarks may be seen in tests and behind local proxies, and pass.
std::string_view bogus(const tharsis_address& a);

// Of a network that has names of its own for its hosts: private, or behind a carrier or a tunnel (100.64.0.0/10).
bool is_of_an_intranet(const tharsis_address& a);

// Does no host have it, on whatever network? None at all, multicast, reserved.
bool is_nobodys(const tharsis_address& a);

// Of one network: the same /24 of IPv4 or /48 of IPv6. Operators move services within one.
bool neighbours(const tharsis_address& a, const tharsis_address& b);

// A name that only the network at hand knows, so that it may well have a private address: one label, or under local,
// lan, internal, intranet, home.arpa, localhost.
bool is_local_name(std::string_view canonical);

// A name that means the machine that asks (RFC 6761, 6.3): nobody else is asked for it, and has anything to say of it.
bool is_this_machine(std::string_view canonical);

}  // namespace tharsis::dns
