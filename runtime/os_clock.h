// The system's clocks.
#pragma once
#include <cstdint>

namespace tharsis::runtime {

int64_t monotonic_now();  // Nanoseconds since some start, never going back.
int64_t wall_now();       // Nanoseconds since 1970-01-01 UTC.
int64_t ahead_of_utc(int64_t wall);  // Local time then, in nanoseconds. May read the zone's rules from the disk.

// How long the machine has slept since it was started, while monotonic_now() stood still.
int64_t time_asleep();

}  // namespace tharsis::runtime
