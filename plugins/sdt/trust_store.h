// Reads who may vouch for servers.
#pragma once
#include "plugins/sdt/bench.h"
#include "plugins/sdt/core/settings.h"
#include "sdk/async/task.h"

namespace tharsis::sdt {

// On a thread that may block; wait for blocking_over() when stopping.
task<trust> read_trust(strand& place, const host& tables, settings::tls_settings from);

}  // namespace tharsis::sdt
