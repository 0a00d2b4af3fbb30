// The system's clocks.
#pragma once
#include <cstdint>

namespace tharsis::runtime {

int64_t monotonic_now();  // Nanoseconds since some start, never going back.
int64_t wall_now();       // Nanoseconds since 1970-01-01 UTC.

}  // namespace tharsis::runtime
