// What xlog stands on: mapped files and threads of a real machine, or, where there is none, memory. And what the dead
// left behind.
#pragma once
#include <memory>
#include <vector>

#include "plugins/xlog/core/settings.h"
#include "plugins/xlog/core/tick_clock.h"
#include "plugins/xlog/segment.h"
#include "sdk/async/host.h"

namespace tharsis::xlog {

struct machinery {
  bool real = false;
  std::unique_ptr<segment_store> segments;
  std::unique_ptr<ring_system> threads;
  std::unique_ptr<tick_clock> clock;
};

// [may block]
result<machinery> make_machinery(const host& h);

// A later look at the clocks.
void refine(const machinery& m, const tharsis_loop* loop);

}  // namespace tharsis::xlog
