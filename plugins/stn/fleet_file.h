// The scenario of a fleet as the host has read it from a file: see command_files in plugin.yaml.
#pragma once
#include "plugins/stn/core/fleet_scenario.h"
#include "sdk/async/host.h"
#include "sdk/pure/error.h"

namespace tharsis::stn {

// THARSIS_E_INVALID: what the schema cannot say is wrong; the sentence begins with the place in the file.
result<fleet_scenario> read_fleet_scenario(const host& tables);

}  // namespace tharsis::stn
