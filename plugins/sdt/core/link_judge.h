// Turns evidence into one verdict. Pure, total: whatever was found, there is a verdict.
//
// What was found now goes before what stn met earlier, and what lies nearer to us before what lies
// behind it: no network, then a name without an address, then the way to the server, then what the server does.
#pragma once
#include "plugins/sdt/core/evidence.h"

namespace tharsis::sdt {

link_verdict judge(const evidence& e);

// The link is up again after a verdict that was not FINE.
link_verdict recovered(const endpoint& server, duration gap);

}  // namespace tharsis::sdt
