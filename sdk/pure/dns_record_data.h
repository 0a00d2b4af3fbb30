// What stands in records: addresses, names, the start of a zone, service bindings (RFC 9460), texts, options.
// Views into the message; false: the data is not what its type says. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sdk/abi/net.h"
#include "sdk/pure/dns_message.h"

namespace tharsis::dns {

// Of A and AAAA; port 0.
bool read_address(const record& r, tharsis_address& into);
// Of CNAME, NS and PTR.
bool read_target(const record& r, wire_name& into);

struct zone_start {
  wire_name server, person;
  uint32_t serial = 0, refresh = 0, retry = 0, expire = 0, minimum = 0;
};
bool read_zone_start(const record& r, zone_start& into);

// Of SVCB and HTTPS. Lists are as they were sent, and of the right size.
struct service_binding {
  uint16_t priority = 0;  // 0: an alias; then it has a target alone.
  wire_name target;       // The root: the owner itself.
  std::span<const uint8_t> mandatory{};  // Numbers of keys, two octets each.
  std::span<const uint8_t> alpn{};       // See protocols.
  bool no_default_alpn = false;
  std::optional<uint16_t> port{};
  std::span<const uint8_t> hints4{};  // Four octets each.
  std::span<const uint8_t> hints6{};  // Sixteen each.
  std::span<const uint8_t> ech{};     // Opaque.
  bool understood = true;             // False: it must not be used by who does not know one of its keys.
};
bool read_service_binding(const record& r, service_binding& into);

// Pieces with a length of one octet before each: TXT, and service_binding::alpn.
class pieces {
 public:
  explicit pieces(std::span<const uint8_t> list) : left_(list) {}
  bool next(std::string_view& piece);
  // Does the last piece end where the list does?
  static bool whole(std::span<const uint8_t> list);

 private:
  std::span<const uint8_t> left_;
};

// Of OPT.
class options {
 public:
  explicit options(const record& opt) : left_(opt.data) {}
  // False: there is no more, or it is cut.
  bool next(uint16_t& code, std::span<const uint8_t>& data);

 private:
  std::span<const uint8_t> left_;
};
inline constexpr uint16_t option_cookie = 10, option_padding = 12;

}  // namespace tharsis::dns
