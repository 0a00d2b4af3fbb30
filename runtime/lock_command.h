// `tharsis lock`: writes down which files a pinned profile may load.
#pragma once
#include "runtime/command_line.h"

namespace tharsis::runtime {

int lock_command(const command_line& line);

}  // namespace tharsis::runtime
