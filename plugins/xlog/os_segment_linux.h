// Segments and threads as Linux has them. The only file of xlog that makes system calls.
#pragma once
#include <memory>

#include "plugins/xlog/segment.h"
#include "plugins/xlog/spare_blocks.h"

namespace tharsis::xlog {

std::unique_ptr<segment_store> system_segments();

// What the ring sets of this process have left to threads that live.
spare_blocks& left_by_ring_sets();

// THARSIS_E_UNSUPPORTED where the kernel has no barrier for all threads of a process (before Linux 4.14, and in some
// sandboxes): then there are no rings.
result<std::unique_ptr<ring_system>> system_threads(spare_blocks& left = left_by_ring_sets());

}  // namespace tharsis::xlog
