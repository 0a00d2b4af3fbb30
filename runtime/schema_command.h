// `tharsis schema`: a JSON Schema of the profile, for editors.
#pragma once
#include "runtime/command_line.h"

namespace tharsis::runtime {

int schema_command(const command_line& line);

}  // namespace tharsis::runtime
