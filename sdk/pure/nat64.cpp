#include "sdk/pure/nat64.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace tharsis {
namespace {

// Where the four bytes stand behind a prefix; byte 8 is always zero and belongs to none of them.
std::array<size_t, 4> places_behind(int bits) {
  std::array<size_t, 4> places{};
  size_t next = static_cast<size_t>(bits) / 8;
  for (size_t& place : places) {
    if (next == 8) ++next;
    place = next++;
  }
  return places;
}

bool holds_known(const tharsis_address& a, int bits) {
  const auto at = places_behind(bits);
  const auto byte = [&](size_t i) { return a.ip[at[i]]; };
  const bool known = byte(0) == 192 && byte(1) == 0 && byte(2) == 0 && (byte(3) == 170 || byte(3) == 171);
  return known && a.ip[8] == 0;
}

}  // namespace

std::optional<nat64_prefix> find_nat64_prefix(std::span<const tharsis_address> resolved) {
  for (const int bits : {96, 64, 56, 48, 40, 32})
    for (const tharsis_address& a : resolved)
      if (a.family == 6 && holds_known(a, bits)) return nat64_prefix{a, bits};
  return {};
}

bool is_well_known(const nat64_prefix& prefix) {
  constexpr uint8_t known[12] = {0, 0x64, 0xFF, 0x9B};
  return prefix.bits == 96 && std::equal(std::begin(known), std::end(known), prefix.address.ip);
}

tharsis_address through_nat64(const nat64_prefix& prefix, const tharsis_address& v4) {
  tharsis_address a{};
  a.family = 6;
  a.port = v4.port;
  std::copy_n(prefix.address.ip, prefix.bits / 8, a.ip);
  const auto at = places_behind(prefix.bits);
  for (size_t i = 0; i < 4; ++i) a.ip[at[i]] = v4.ip[i];
  return a;
}

}  // namespace tharsis
