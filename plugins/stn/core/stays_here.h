// Whether it is known without asking a resolver that an endpoint is no other machine.
#pragma once
#include "sdk/pure/address.h"

namespace tharsis::stn {

inline bool stays_here(const endpoint& e) {
  const auto ip = parse_ip(e.host);
  return e.host == "localhost" || (ip && is_loopback(*ip));
}

}  // namespace tharsis::stn
