// `tharsis status`, `stop`, `reload`, `tail`, `tell` and `why`: what a person asks a `tharsis run` that is at work, over the
// control socket in its state folder.
#pragma once
#include <string>

#include "runtime/command_line.h"

namespace tharsis::runtime {

// Each answers the program's exit code: 1 when nothing runs there.
int status_command(const command_line& line);  // [PROFILE]
int stop_command(const command_line& line);    // [PROFILE]
int reload_command(const command_line& line);  // [PROFILE]
int tail_command(const command_line& line);    // PATTERN [PROFILE]
int tell_command(const command_line& line);    // [PROFILE] KEY=VALUE...
int why_command(const command_line& line);     // [PROFILE] PLUGIN

}  // namespace tharsis::runtime
