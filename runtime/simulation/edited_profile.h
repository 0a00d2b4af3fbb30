// What a person makes of a running profile with an editor: the profile that a simulated reload brings.
#pragma once
#include <cstdint>

#include "runtime/profile.h"

namespace tharsis::runtime {

// One change of one plugin, drawn from `chance`, that leaves the profile valid: a host's key, another thread, a
// longer duration among its settings, or the plugin is gone, and with it who requires it. Sometimes nothing.
profile edited(const profile& plan, uint64_t chance);

}  // namespace tharsis::runtime
