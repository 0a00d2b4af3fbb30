// `tharsis new-plugin`: a folder with a plugin that builds, is tested and runs.
#pragma once
#include "runtime/command_line.h"

namespace tharsis::runtime {

int new_plugin_command(const command_line& line);

}  // namespace tharsis::runtime
