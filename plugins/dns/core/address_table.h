// A table of names and their addresses that its owner has signed: whoever carries it, over whatever channel, can neither change it
// nor put an older one in its place. plugins/dns/README.md has how one is made. As a file it is text:
//
//   tharsis dns table 1
//   serial 42
//   valid 1764201600 1766793600
//   name im.example.com 600
//   address 192.0.2.1:443 3 eu
//   address 2001:db8::1 1 -
//   signature 9f86d081884c7d65 (88 letters of base64)
//
// `valid` has seconds since 1970, from and until; `name` how many seconds its addresses hold; `address` a port or none (then
// it is the caller's), a weight, and a region or '-'. Lines end with LF. The signature (Ed25519) is over all bytes before its
// line; nothing in a table is read before it has been verified. Pure.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/dns/core/table_key.h"
#include "sdk/abi/net.h"
#include "sdk/pure/error.h"

namespace tharsis::dns {

struct address_table {
  struct place {
    tharsis_address at{};  // Port 0: the caller's.
    uint32_t weight = 1;
    std::string region;  // Empty: none.
  };
  struct entry {
    uint32_t life = 0;  // Seconds.
    std::vector<place> places;
  };
  std::string signer;  // The id of its key.
  uint64_t serial = 0;
  int64_t from = 0, until = 0;  // Seconds since 1970.
  std::map<std::string, entry> names;  // As canonical_name() writes them.

  static constexpr size_t text_max = 1 << 20;
  static constexpr size_t places_max = 64;  // Of one name; no client tries more.
  static constexpr uint32_t weight_max = 1000;
  static constexpr uint32_t life_max = 30 * 86'400;
  static constexpr size_t region_max = 32;  // Of small letters, digits and '-'.
};

// `text` is a table that one of `keys` has signed, whenever it is valid. `what` names it in sentences: a path, or "the table".
//   THARSIS_E_INVALID    it is no table, or was cut.
//   THARSIS_E_UNTRUSTED  another key has signed it, or it was changed.
//   THARSIS_E_PROTOCOL   its owner has signed what means nothing; the sentence has the line.
result<address_table> read_table(std::string_view text, std::span<const table_key> keys, const std::string& what);

// What is wrong with the table for a program whose clock says `now`, seconds since 1970; clocks differ by a few minutes.
error out_of_time(const address_table& t, int64_t now, const std::string& what);
// For how many seconds it goes on to be valid there, at least one while it is.
int64_t seconds_left(const address_table& t, int64_t now);

// The signed text.
//   THARSIS_E_INVALID  a name, region, weight ... that no reader would take, or more of them than fit.
result<std::string> write_table(const address_table& t, const table_signer& by);

}  // namespace tharsis::dns
