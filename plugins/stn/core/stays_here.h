// Whether it is known without asking a resolver that a host is no other machine.
#pragma once
#include <string>

#include "sdk/pure/address.h"

namespace tharsis::stn {

inline bool stays_here(const std::string& host) {
  const auto ip = parse_ip(host);
  return host == "localhost" || (ip && is_loopback(*ip));
}

}  // namespace tharsis::stn
