// An answer on its way to the strand that asked.
#pragma once
#include "plugins/dns/core/answer.h"
#include "sdk/abi/dns.h"

namespace tharsis::dns {

struct delivery {
  tharsis_dns_done done;
  void* context;
  tharsis_handle id;
  answer what;
  instant now;  // When it left.

  // [caller's strand]
  void deliver() const;
};

}  // namespace tharsis::dns
