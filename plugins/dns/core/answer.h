// What is asked and what is answered.
#pragma once
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "plugins/dns/core/consensus.h"
#include "sdk/abi/dns.h"
#include "sdk/pure/time.h"

namespace tharsis::dns {

struct subject {
  std::string name;     // As canonical_name() writes it.
  uint32_t family = 0;  // 4, 6, or 0 for both.

  friend bool operator==(const subject&, const subject&) = default;
  friend bool operator<(const subject& a, const subject& b) {
    return std::tie(a.name, a.family) < std::tie(b.name, b.family);
  }
};

struct answer {
  tharsis_status status = THARSIS_OK;
  uint32_t source = THARSIS_DNS_SYSTEM;
  std::vector<tharsis_address> addresses;  // Empty unless OK.
  std::string reason;                      // One sentence unless OK.

  // What is known of each of the addresses, of those that are not used, and one word for all of it.
  std::vector<candidate> candidates{};
  std::vector<refusal> refused{};
  std::string verdict{};
  // How long it holds, as its source says; nothing: it does not.
  std::optional<duration> life{};
  instant learned{};
  bool trusted = false;  // A server that proved its name has said so, also that there is nothing.
  bool translated = false;  // As this network's translator reaches what servers gave: what was proven elsewhere is not reached so here.
  bool stale = false;    // It is older than it holds.
  std::optional<duration> stale_max{};  // For how long it may be used after its time; nothing: as cache.stale_max says. Not remembered.
  bool no_name = false;  // NOT_FOUND: there is no such name, of any type.
  bool unbelieved = false;  // As ruling has it.
};

// Of servers, in the terms of the service.
answer answer_of(ruling r);
// For a source that has one word for all its addresses.
void describe(answer& a, std::string_view source, bool proven, std::string_view why);

}  // namespace tharsis::dns
