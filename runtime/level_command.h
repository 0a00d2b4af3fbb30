// `tharsis level`: which lines of log a `tharsis run` keeps, and other ones from now on.
#pragma once
#include "runtime/command_line.h"

namespace tharsis::runtime {

int level_command(const command_line& line);  // [PLUGIN[/TAG][=LEVEL|=default]]... [PROFILE]

}  // namespace tharsis::runtime
