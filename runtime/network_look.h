// One look at the system's network, judged: which way traffic takes, and what it is called.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sdk/abi/platform.h"

namespace tharsis::runtime {

struct network_look {
  uint32_t type = THARSIS_NETWORK_UNKNOWN;  // NONE: no way leads out.
  uint32_t families = 0;
  uint32_t mtu = 0;
  std::string interface;
  std::string id;   // Empty: not known, or not yet.
  std::string way;  // All by which traffic would take another way; only compared.
  std::vector<tharsis_address> sources;    // What traffic is sent with, one a family.
  std::vector<tharsis_address> addresses;  // All that the machine has.

  bool usable() const { return families != 0; }
};

// Traffic takes the same way, and it is called the same.
bool same_look(const network_look& a, const network_look& b);

// Can what was sent with the sources of `before` still be sent?
bool still_has_sources(const network_look& now, const network_look& before);

// A family counts that has a way and an address to send with. Null: the system does not say.
network_look look_at(const tharsis_observation* seen);

}  // namespace tharsis::runtime
