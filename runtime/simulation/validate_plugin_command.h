// `tharsis validate-plugin`: the torture bench for one plugin.
#pragma once
#include "runtime/command_line.h"

namespace tharsis::runtime {

int validate_plugin_command(const command_line& line);

}  // namespace tharsis::runtime
