// Threads that log as fast as they may, for `tharsis xlog write`: a load that a test may kill at any moment.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "sdk/pure/error.h"

namespace tharsis::xlog {

struct line_load {
  uint32_t threads = 1;
  uint64_t lines = 1;   // Of each thread.
  double rate = 0;      // Lines a second and thread; 0: as fast as it goes.
  std::string acked;    // A file that holds for each thread, as a u64, how many calls have come back. Empty: none.
};

// Calls say(thread, number) for all of it, each thread's in its own thread, and comes back when all have ended; soon,
// once `stop` is true. [may block]
error carry_out(const line_load& l, const std::function<void(uint32_t, uint64_t)>& say, const std::atomic<bool>& stop);

}  // namespace tharsis::xlog
