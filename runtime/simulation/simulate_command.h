// `tharsis simulate`: a profile in a simulated world, once for each seed.
#pragma once
#include "runtime/command_line.h"

namespace tharsis::runtime {

int simulate_command(const command_line& line);

}  // namespace tharsis::runtime
