// Segments and threads as Linux has them. The only file of xlog that makes system calls.
#pragma once
#include <memory>

#include "plugins/xlog/segment.h"

namespace tharsis::xlog {

std::unique_ptr<segment_store> system_segments();

// THARSIS_E_UNSUPPORTED where the kernel has no barrier for all threads of a process (before Linux 4.14, and in some
// sandboxes): then there are no rings.
result<std::unique_ptr<ring_system>> system_threads();

}  // namespace tharsis::xlog
