// The line under load: how much goes up to a web server, or comes down from a page of one's own, and what becomes of round trips meanwhile.
#pragma once
#include "plugins/sdt/bench.h"
#include "sdk/async/task.h"

namespace tharsis::sdt {

struct load_of {
  probe_role role = probe_role::target;
  way_direction way = way_direction::up;
  tharsis_address to{};
  url page;  // Its host is who is asked; what comes down is its body, again and again.
};

// Fills the line with some connections at once, until `most` is over, all has been carried, or the budget is spent. Up go the bodies of
// requests that nobody needs.
task<void> load_line(bench& b, load_of what, duration most);

}  // namespace tharsis::sdt
