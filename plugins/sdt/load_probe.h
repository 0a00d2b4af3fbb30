// The line under load: how much goes up to a web server, and what becomes of round trips meanwhile.
#pragma once
#include "plugins/sdt/bench.h"
#include "sdk/async/task.h"

namespace tharsis::sdt {

// Sends the bodies of requests that nobody needs over some connections at once, to `to`, until `most` is over.
task<void> load_line(bench& b, probe_role role, tharsis_address to, std::string host, duration most);

}  // namespace tharsis::sdt
