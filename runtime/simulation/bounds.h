// What a simulated runtime may take.
#pragma once
#include <cstddef>

#include "sdk/pure/time.h"

namespace tharsis::runtime {

// Virtual time.
constexpr duration settle_limit = 60s;  // Longer than any usual start deadline.
constexpr duration stop_limit = 120s;   // Withdraw, stop and destroy of a chain of plugins, each late.

constexpr size_t shipped_largest = 16 << 20;  // Bytes of a file beside a plugin's library that goes to its machine.

}  // namespace tharsis::runtime
