// The receiver of logs, as settings name it.
#pragma once
#include "plugins/xlog/core/ship_settings.h"
#include "plugins/xlog/shipper.h"
#include "sdk/abi/files.h"

namespace tharsis::xlog {

// With what its files say: the token, and whom we trust. `ca_name`: where whoever reads a failure says whom we trust.
// THARSIS_E_INVALID, or why a file cannot be read. [may block]
result<ship_place> open_target(const tharsis_files* files, const ship_settings& s, const char* ca_name);

}  // namespace tharsis::xlog
