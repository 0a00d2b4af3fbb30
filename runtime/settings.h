// Every number the runtime uses when a profile does not say otherwise, with its reason.
#pragma once
#include "sdk/pure/time.h"

namespace tharsis::runtime {

struct runtime_settings {
  // A start may open files and listen, not wait for a network; on a slow disk ten seconds are plenty.
  duration start_deadline = 10s;
  // Longer than a person waits before killing the application, and enough to flush a log.
  duration stop_deadline = 5s;
  // A deadline beyond an hour is no deadline but a hang that nobody notices.
  duration deadline_longest = 1h;
};

}  // namespace tharsis::runtime
