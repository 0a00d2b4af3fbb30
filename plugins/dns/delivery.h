// An answer on its way to the strand that asked.
#pragma once
#include <vector>

#include "plugins/dns/core/answer.h"
#include "sdk/abi/dns.h"
#include "sdk/pure/address_memory.h"

namespace tharsis::dns {

struct delivery {
  tharsis_dns_done done;
  void* context;
  tharsis_handle id;
  answer what;
  std::vector<known_address> known;  // Of each of its addresses.
  duration usual;
  instant now;  // When it left.

  // [caller's strand]
  void deliver() const;
};

}  // namespace tharsis::dns
