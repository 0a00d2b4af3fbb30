// How much memory this process has taken for objects; the one place that asks the allocator.
#pragma once
#include <cstdint>

namespace tharsis::runtime {

// Bytes that are allocated now; 0: this system does not say.
uint64_t allocated_bytes();

}  // namespace tharsis::runtime
