// The way from a question along the aliases of its answer, a name at a time: only records on it count, whatever else the message
// has. Pure.
#pragma once
#include <cstddef>
#include <cstdint>

#include "sdk/pure/dns_message.h"
#include "sdk/pure/dns_record_data.h"

namespace tharsis::dns {

// More aliases than this are a circle, or want to keep somebody busy.
inline constexpr size_t aliases_max = 8;

struct alias_step {
  bool broken = false;  // One of the records is not what its type says.
  bool found = false;   // The name itself has what was asked for.
  bool moved = false;   // It has not, but is an alias, and `at` is now what it leads to.
  size_t used = 0;      // Records.
};

// What the name `at` has of type `kind`: take(record, false); and its alias: take(record, true), also where it is not followed.
// False from `take`: the record is broken.
template <class Take>
alias_step step_along(const message& m, uint16_t kind, wire_name& at, Take take) {
  alias_step s;
  wire_name alias;
  auto all = m.answers();
  for (record r; all.next(r);) {
    if (r.group != class_internet || !(r.owner == at)) continue;
    if (r.kind == kind) {
      if (!take(r, false)) return {.broken = true};
      s.found = true;
    } else if (r.kind == type::cname && !s.moved) {
      if (!read_target(r, alias) || !take(r, true)) return {.broken = true};
      s.moved = true;
    } else {
      continue;
    }
    ++s.used;
  }
  if (s.found) s.moved = false;
  if (s.moved) at = alias;
  return s;
}

}  // namespace tharsis::dns
