// Behind tharsis_log_reader.files.
#pragma once
#include <string>
#include <vector>

#include "sdk/abi/files.h"
#include "sdk/abi/xlog.h"

namespace tharsis::xlog {

// `current`: the file that this runtime writes. [any thread] [may block]
tharsis_status tell_files(const tharsis_files* files, const std::vector<std::string>& folders, const std::string& current,
                          const tharsis_log_span* span, void (*on_file)(void*, const tharsis_log_file*), void* context,
                          tharsis_error* error);

}  // namespace tharsis::xlog
