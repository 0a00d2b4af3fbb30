// Behind tharsis.log_reader/1.
#pragma once
#include "sdk/abi/files.h"
#include "sdk/abi/xlog.h"

namespace tharsis::xlog {

// See tharsis_log_reader.read. [any thread] [may block]
tharsis_status read_log(const tharsis_files* files, tharsis_text path, void (*on_line)(void*, const tharsis_log_record*), void* context,
                        tharsis_error* error);

}  // namespace tharsis::xlog
