// When a tick was: lines carry values of a counter.
#pragma once
#include <cstdint>

namespace tharsis::xlog {

struct clock_anchor {
  uint64_t tick = 0;
  int64_t wall = 0;              // Nanoseconds since 1970 UTC.
  double ticks_per_second = 0;

  bool operator==(const clock_anchor&) const = default;
};

}  // namespace tharsis::xlog
