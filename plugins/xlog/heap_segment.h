// The simulated twin of os_segment_linux.h: rings in plain memory, that nobody finds after a death, and one thread.
//
// Memory here is not mapped twice; it is twice as long. A line that crosses the end stands behind it, and is read
// there; nothing reads across the end otherwise, because these rings are never sealed.
#pragma once
#include <memory>

#include "plugins/xlog/segment.h"

namespace tharsis::xlog {

std::unique_ptr<segment_store> heap_segments();
std::unique_ptr<ring_system> heap_threads();

}  // namespace tharsis::xlog
