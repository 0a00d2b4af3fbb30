#include "plugins/dns/core/address_rules.h"

#include <algorithm>
#include <cstring>

namespace tharsis::dns {
namespace {

// Whose it is, if it is no public one.
enum class owner : uint8_t { nobody, machine, link, intranet };
struct range {
  uint8_t family, bits;
  uint8_t ip[16];
  owner is;
  std::string_view why;
};
constexpr range ranges[] = {
    {4, 8, {0}, owner::nobody, "an address of no host"},
    {4, 8, {10}, owner::intranet, "a private address"},
    {4, 8, {127}, owner::machine, "an address of this machine"},
    {4, 12, {172, 16}, owner::intranet, "a private address"},
    {4, 16, {192, 168}, owner::intranet, "a private address"},
    {4, 10, {100, 64}, owner::intranet, "a carrier's private address"},
    {4, 16, {169, 254}, owner::link, "an address of this link only"},
    {4, 4, {224}, owner::nobody, "a multicast address"},
    {4, 4, {240}, owner::nobody, "a reserved address"},
    {6, 128, {0}, owner::nobody, "an address of this machine or of none"},
    {6, 127, {0}, owner::machine, "an address of this machine or of none"},  // ::1; :: is above.
    {6, 7, {0xFC}, owner::intranet, "a private address"},
    {6, 10, {0xFE, 0x80}, owner::link, "an address of this link only"},
    {6, 10, {0xFE, 0xC0}, owner::intranet, "a private address"},  // Of old; RFC 3879.
    {6, 8, {0xFF}, owner::nobody, "a multicast address"},
};

bool same_bits(const uint8_t* a, const uint8_t* b, unsigned bits) {
  if (std::memcmp(a, b, bits / 8) != 0) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0;
}

// The IPv4 address inside of ::ffff:0:0/96 and of 64:ff9b::/96; family 0: there is none.
tharsis_address inner(const tharsis_address& a) {
  static constexpr uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  static constexpr uint8_t translated[12] = {0, 0x64, 0xFF, 0x9B};
  tharsis_address v4{};
  if (a.family != 6 || (std::memcmp(a.ip, mapped, 12) != 0 && std::memcmp(a.ip, translated, 12) != 0)) return v4;
  v4.family = 4;
  std::memcpy(v4.ip, a.ip + 12, 4);
  return v4;
}

// Null: it may be a public name's.
const range* range_of(const tharsis_address& a) {
  for (const range& r : ranges)
    if (r.family == a.family && same_bits(a.ip, r.ip, r.bits)) return &r;
  const tharsis_address v4 = inner(a);
  return v4.family != 0 ? range_of(v4) : nullptr;
}
bool is_owned(const tharsis_address& a, owner by) {
  const range* const r = range_of(a);
  return r != nullptr && r->is == by;
}

}  // namespace

std::string_view bogus(const tharsis_address& a) {
  const range* const r = range_of(a);
  return r != nullptr ? r->why : std::string_view();
}

bool is_of_an_intranet(const tharsis_address& a) { return is_owned(a, owner::intranet); }

bool is_nobodys(const tharsis_address& a) { return is_owned(a, owner::nobody); }

bool neighbours(const tharsis_address& a, const tharsis_address& b) {
  return a.family == b.family && same_bits(a.ip, b.ip, a.family == 4 ? 24 : 48);
}

bool is_this_machine(std::string_view name) { return name == "localhost" || name.ends_with(".localhost"); }

bool is_local_name(std::string_view name) {
  if (name.find('.') == std::string_view::npos) return true;
  for (const std::string_view end : {".local", ".lan", ".internal", ".intranet", ".home.arpa", ".localhost"})
    if (name.ends_with(end)) return true;
  return false;
}

}  // namespace tharsis::dns
