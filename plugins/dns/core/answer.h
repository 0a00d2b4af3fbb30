// What is asked and what is answered.
#pragma once
#include <string>
#include <tuple>
#include <vector>

#include "sdk/abi/dns.h"

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
};

}  // namespace tharsis::dns
