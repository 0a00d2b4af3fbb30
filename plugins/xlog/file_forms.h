// Which form a log's files have.
#pragma once
#include <memory>
#include <vector>

#include "plugins/xlog/core/file_form.h"
#include "plugins/xlog/core/settings.h"
#include "sdk/abi/loop.h"

namespace tharsis::xlog {

// `process`: whose lines they are. `loop` may be null: then local time is UTC.
result<std::unique_ptr<file_form>> make_file_form(const settings& s, const std::vector<public_key>& recipients, const tharsis_random& random,
                                                  const tharsis_loop* loop, uint32_t process);

}  // namespace tharsis::xlog
