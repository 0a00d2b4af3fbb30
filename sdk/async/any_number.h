// 64 bits of the host's chance: to begin a `dice` with, or for themselves.
#pragma once
#include <cstdint>

#include "sdk/abi/host_facts.h"

namespace tharsis {

inline uint64_t any_number(const tharsis_random& random) {
  uint64_t number = 0;
  random.fill(random.self, reinterpret_cast<uint8_t*>(&number), sizeof number);
  return number;
}

}  // namespace tharsis
