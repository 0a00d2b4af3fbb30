// That an address has shown a certificate for a name, as it is kept for the next start.
#pragma once
#include <string>

#include "sdk/abi/net.h"
#include "sdk/pure/time.h"

namespace tharsis::dns {

struct tls_proof {
  std::string network;  // Its id.
  std::string name;
  tharsis_address at{};
  instant until{};
  instant certificate_until = never;  // When what it has shown ends; never: nobody has said.
};

}  // namespace tharsis::dns
