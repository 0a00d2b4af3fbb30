// The system's resolver as one more server that proves nothing: what it says of one name and one family.
#pragma once
#include <string>

#include "plugins/dns/core/findings.h"
#include "sdk/async/host.h"
#include "sdk/async/strand.h"
#include "sdk/async/task.h"

namespace tharsis::dns {

// Type A or AAAA only; it does not say how long its answers hold. Destroying the task gives the question up.
task<findings> ask_system(const host& tables, strand& place, std::string name, uint16_t kind, instant deadline);

}  // namespace tharsis::dns
