// How far a connection has come: where neither number grows, nothing moves.
#pragma once
#include <cstdint>

#include "sdk/pure/time.h"

namespace tharsis {

struct wire_progress {
  uint64_t confirmed = 0;  // Bytes that the peer's system has taken,
  uint64_t received = 0;   // and that came from there, in order.
  duration round_trip{};   // Smoothed; 0: not known yet.
  uint64_t moved() const { return confirmed + received; }
};

}  // namespace tharsis
