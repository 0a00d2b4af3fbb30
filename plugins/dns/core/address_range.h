// Addresses that begin with the same bits: "192.0.2.0/24", "2001:db8::/32", "192.0.2.1". Pure.
#pragma once
#include <string>
#include <string_view>

#include "sdk/pure/address.h"
#include "sdk/pure/whole_number.h"

namespace tharsis::dns {

struct address_range {
  tharsis_address first{};
  unsigned bits = 0;

  bool has(const tharsis_address& a) const {
    if (a.family != first.family) return false;
    for (unsigned i = 0; i < bits; ++i)
      if (((a.ip[i / 8] ^ first.ip[i / 8]) >> (7 - i % 8) & 1) != 0) return false;
    return true;
  }
};

//   THARSIS_E_INVALID  the sentence says how it should look.
inline result<address_range> parse_range(std::string_view text) {
  const auto wrong = [&](const std::string& what) { return error{THARSIS_E_INVALID, "'" + std::string(text) + "' is no range of addresses: " + what}; };
  const size_t slash = text.find('/');
  const auto first = parse_ip(text.substr(0, slash));
  if (!first) return wrong("write 192.0.2.0/24 or 2001:db8::/32");
  address_range r{*first, first->family == 4 ? 32u : 128u};
  if (slash == std::string_view::npos) return r;
  const auto bits = whole_number<unsigned>(text.substr(slash + 1));
  if (!bits || *bits > r.bits) return wrong("behind '/' stands a number of bits up to " + std::to_string(r.bits));
  r.bits = *bits;
  for (unsigned i = r.bits; i < (first->family == 4 ? 32u : 128u); ++i)
    if ((first->ip[i / 8] >> (7 - i % 8) & 1) != 0) return wrong("its address has bits behind the first " + std::to_string(r.bits) + "; they are to be 0");
  return r;
}

}  // namespace tharsis::dns
