// Reads who may vouch for servers.
#pragma once
#include "plugins/dns/ask.h"
#include "plugins/dns/core/settings.h"
#include "sdk/async/task.h"

namespace tharsis::dns {

// Fills in `into.bare` and `into.web`, or why there is none: `into.untrusted`. `into` outlives the task; where this is destroyed
// half-way, blocking_over() is to be waited for.
task<void> load_trust(means& into, settings::tls_settings from);

}  // namespace tharsis::dns
