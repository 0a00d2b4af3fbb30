// What a machine is like, besides its disk and its paths. Turn it on and off at any time.
#pragma once
#include "sdk/pure/time.h"

namespace tharsis::sim {

struct conditions {
  duration clock_ahead{};   // How wrong its wall clock is; negative: it is late.
  duration blocking_slow{};  // Work that may block takes so much longer: the disk is slow.
  int64_t (*ahead_of_utc)(int64_t wall) = nullptr;  // Its time zone, in nanoseconds; null: it lives by UTC.
  bool names_fail = false;  // Its resolver answers that it cannot reach anybody.
  duration names_slow{};    // Its resolver takes so much longer.
};

}  // namespace tharsis::sim
